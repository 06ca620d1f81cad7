/* The address of a socket, as accept4(2) and getpeername(2) return it. Pure. */
#ifndef MAYFLY_BASE_SOCKET_ADDRESS_H
#define MAYFLY_BASE_SOCKET_ADDRESS_H

#include "ip_address.h"
#include <netinet/in.h>
#include <stdint.h>

union socket_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

/* Gets the IP address and the port. Returns false for a socket that has none, such as a Unix socket. */
bool socket_address_read(const union socket_address *socket, struct ip_address *address,
                         uint16_t *port);

#endif
