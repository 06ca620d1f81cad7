/* Sending the refusal; see refusal.h. */
#include "refusal.h"
#include <sys/socket.h>

/* Without content, the answer is correct for each method. What the client has sent is read first:
 * the kernel resets a connection that is closed with bytes unread, and the answer is lost. */
void refusal_send(int connection)
{
	static const char ANSWER[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
	                             "Content-Length: 0\r\nConnection: close\r\n\r\n";
	static char discarded[16384];
	(void)recv(connection, discarded, sizeof discarded, MSG_DONTWAIT);
	(void)send(connection, ANSWER, sizeof ANSWER - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(connection, SHUT_WR);
}
