/* Reading the address of a socket; see socket_address.h. */
#include "socket_address.h"

bool socket_address_read(const union socket_address *socket, struct ip_address *address,
                         uint16_t *port)
{
	switch (socket->any.sa_family) {
	case AF_INET:
		*address = ip_address_of(&socket->in.sin_addr, sizeof socket->in.sin_addr);
		*port = ntohs(socket->in.sin_port);
		return true;
	case AF_INET6:
		*address = ip_address_of(&socket->in6.sin6_addr, sizeof socket->in6.sin6_addr);
		*port = ntohs(socket->in6.sin6_port);
		return true;
	default:
		return false;
	}
}
