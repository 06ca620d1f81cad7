/* The answer to a client that gets no handler. */
#ifndef MAYFLY_ACCEPT_REFUSAL_H
#define MAYFLY_ACCEPT_REFUSAL_H

/* Without content, it is correct for each method. */
#define REFUSAL_RESPONSE                                                                           \
	"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"                                   \
	"Content-Length: 0\r\nConnection: close\r\n\r\n"

/*
 * Sends 503 with Retry-After (RFC 9110 15.6.4, 10.2.3), as far as it can be sent without waiting.
 * The caller closes the connection.
 */
void refusal_send(int connection);

#endif
