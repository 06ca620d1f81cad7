/* A client: its address as text, and the network by which its connections are counted. Pure. */
#ifndef MAYFLY_ACCEPT_CLIENT_H
#define MAYFLY_ACCEPT_CLIENT_H

#include "base/socket_address.h"

struct client {
	uint64_t network; /* equal for clients that are counted together */
	char address[IP_ADDRESS_SIZE];
	char port[sizeof "65535"];
};

/*
 * Reads the address that accept(2) returned. Clients are counted together if they have the same
 * IPv4 address, also as an IPv6 socket shows it (RFC 4291 2.5.5.2); if they share the /64 of their
 * IPv6 addresses, all of which one client can have (RFC 4291 2.5.4); or if they have no address.
 * Address and port are then "-".
 */
void client_read(struct client *client, const union socket_address *address);

#endif
