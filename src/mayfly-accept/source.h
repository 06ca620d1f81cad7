/* Who connects: the words for it, and what connections are counted by. Pure. */
#ifndef MAYFLY_ACCEPT_SOURCE_H
#define MAYFLY_ACCEPT_SOURCE_H

#include "base/ip_address.h"
#include <netinet/in.h>
#include <stdint.h>

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

struct source {
	uint64_t network; /* equal for those that are counted together */
	char address[IP_ADDRESS_SIZE];
	char port[sizeof "65535"];
};

/*
 * Reads the address of a client. Counted together are an address of IPv4, however an IPv6 socket
 * shows it (RFC 4291 2.5.5.2); the /64 of an IPv6 address, all of which one client can have (RFC
 * 4291 2.5.4); and those without an address, whose words are "-".
 */
void source_read(struct source *source, const union address *address);

#endif
