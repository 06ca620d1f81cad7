/* Sending the refusal; see refusal.h. */
#include "refusal.h"
#include <sys/socket.h>

/* The request is read first: the kernel resets a connection that is closed with unread bytes, and the response
 * would be lost. */
void refusal_send(int connection)
{
	static char discarded[16384];
	(void)recv(connection, discarded, sizeof discarded, MSG_DONTWAIT);
	(void)send(connection, REFUSAL_RESPONSE, sizeof REFUSAL_RESPONSE - 1,
	           MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(connection, SHUT_WR);
}
