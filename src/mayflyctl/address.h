/* Addresses of clients, as text. Pure. */
#ifndef MAYFLY_MAYFLYCTL_ADDRESS_H
#define MAYFLY_MAYFLYCTL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

enum { ADDRESS_SIZE = 46 }; /* INET6_ADDRSTRLEN */

/*
 * Writes an address as the log has it: IPv6 as RFC 5952 writes it, and an IPv4 client of an IPv6
 * socket as IPv4. False for what is no address of IPv4 or IPv6.
 */
bool address_normalize(const char *text, char normal[static ADDRESS_SIZE]);

/*
 * The network that an address is in, as its first address: /24 of IPv4, /48 of IPv6. "-" for what
 * is no address, so that nothing else gets by.
 */
void address_anonymize(const char *text, char network[static ADDRESS_SIZE]);

#endif
