/* The answer to a client that gets no handler. */
#ifndef MAYFLY_ACCEPT_REFUSAL_H
#define MAYFLY_ACCEPT_REFUSAL_H

/*
 * Sends 503 with Retry-After (RFC 9110 15.6.4, 10.2.3), as far as it can be sent without waiting.
 * The caller closes the connection.
 */
void refusal_send(int connection);

#endif
