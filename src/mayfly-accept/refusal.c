/* Sending the refusal; see refusal.h. */
#include "refusal.h"
#include <sys/socket.h>

/*
 * The response has no content, so it is correct for each method. The request is read first: the kernel
 * resets a connection that is closed with unread bytes, and the response would be lost.
 */
void refusal_send(int connection)
{
	static const char ANSWER[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
	                             "Content-Length: 0\r\nConnection: close\r\n\r\n";
	static char discarded[16384];
	(void)recv(connection, discarded, sizeof discarded, MSG_DONTWAIT);
	(void)send(connection, ANSWER, sizeof ANSWER - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(connection, SHUT_WR);
}
