/*
 * IP addresses and networks. Pure. An IPv4 address is the same however it is written:
 * ::ffff:192.0.2.7 (RFC 4291 2.5.5.2) is 192.0.2.7.
 */
#ifndef MAYFLY_BASE_IP_ADDRESS_H
#define MAYFLY_BASE_IP_ADDRESS_H

#include "view.h"

struct ip_address {
	unsigned char bytes[16]; /* in network order */
	size_t length;           /* 4 or 16 */
};

struct ip_network {
	struct ip_address address;
	unsigned prefix; /* number of leading bits that all its addresses share */
};

/* The address from 4 or 16 bytes in network order. */
/*@ requires \valid_read((const char *)bytes + (0 .. length - 1)) && (length == 4 || length == 16);
    assigns \nothing; */
struct ip_address ip_address_of(const void *bytes, size_t length);

enum { IP_ADDRESS_SIZE = 46 }; /* INET6_ADDRSTRLEN: the longest text, and its terminator */

/* Parses an address in the notation of inet_pton(3). Returns false for anything else. */
/*@ requires readable(text) && \valid(address);
    assigns *address; */
bool ip_address_parse(struct view text, struct ip_address *address);

/* Writes an address as text, IPv6 in the form of RFC 5952. */
void ip_address_format(const struct ip_address *address, char text[static IP_ADDRESS_SIZE]);

/* Returns the first address of the network of so many bits, 0 to 32 or 128, that holds this one. */
struct ip_address ip_address_mask(const struct ip_address *address, unsigned prefix);

/*
 * Parses "192.0.2.0/24", "2001:db8::/32", or a single address (CIDR, RFC 4632 3.1). Returns false
 * for anything else, and if bits after the prefix are set, which is probably a mistake.
 */
bool ip_network_parse(struct view text, struct ip_network *network);

/* Whether the address belongs to the network. ::/0 contains no IPv4 address. */
bool ip_network_has(const struct ip_network *network, const struct ip_address *address);

#endif
