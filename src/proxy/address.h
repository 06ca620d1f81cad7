/*
 * IP addresses and networks of them, pure: what a PROXY header speaks of, and whose word is taken
 * for it. An IPv4 address is one in whatever way it is written: ::ffff:192.0.2.7 (RFC 4291 2.5.5.2)
 * is 192.0.2.7.
 */
#ifndef MAYFLY_PROXY_ADDRESS_H
#define MAYFLY_PROXY_ADDRESS_H

#include "base/view.h"

struct ip_address {
	unsigned char bytes[16]; /* in network order */
	size_t length;           /* 4 or 16 */
};

struct ip_network {
	struct ip_address address;
	unsigned prefix; /* bits that all its addresses have in common */
};

/* The address that these bytes are, 4 or 16 of them in network order. */
struct ip_address ip_address_of(const void *bytes, size_t length);

/* Reads an address as inet_pton(3) knows it. Returns false for anything else. */
bool ip_address_parse(struct view text, struct ip_address *address);

/*
 * Reads "192.0.2.0/24", "2001:db8::/32", or an address for itself alone (CIDR, RFC 4632 3.1).
 * Returns false for anything else, and where bits behind the prefix are set: who wrote that meant
 * something else than it says.
 */
bool ip_network_parse(struct view text, struct ip_network *network);

/* Whether the address is one of the network's. ::/0 holds no IPv4 address. */
bool ip_network_has(const struct ip_network *network, const struct ip_address *address);

#endif
