/* Who is at the other end of the connection, in words for the log. */
#ifndef MAYFLY_PEER_H
#define MAYFLY_PEER_H

#include "base/ip_address.h"
#include <stdint.h>

struct peer {
	struct view address; /* "192.0.2.7", "2001:db8::7"; "-" where there is none */
	struct view port;
	char buffer[64]; /* what both point into where they do not point into the environment */
};

/*
 * Finds the peer: REMOTE_ADDR and REMOTE_PORT, which systemd sets (systemd.socket(5)); TCPREMOTEIP
 * and TCPREMOTEPORT, which tcpserver does; else getpeername(2) on descriptor 0. An IPv4 client of
 * an IPv6 socket is shown as IPv4.
 */
void peer_find(struct peer *peer);

/* Makes the peer one with this address and port. */
void peer_set(struct peer *peer, const struct ip_address *address, uint16_t port);

#endif
