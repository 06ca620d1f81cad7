/* The other end of the connection, as text for the log: a client, or a front end. */
#ifndef MAYFLY_PEER_H
#define MAYFLY_PEER_H

#include "base/ip_address.h"
#include <stdint.h>

struct peer {
	struct view address; /* "192.0.2.7" or "2001:db8::7"; "-" if unknown */
	struct view port;    /* "51034"; "-" if unknown */
	bool is_unix;        /* the connection is on a Unix socket, which has no address */
	char buffer[64];     /* holds both unless they are in the environment */
};

/*
 * Finds the peer: in TCPREMOTEIP and TCPREMOTEPORT, which tcpserver and tlswrapper set, or in
 * REMOTE_ADDR and REMOTE_PORT, which systemd sets (systemd.socket(5)), or else with getpeername(2) on
 * descriptor 0. If there are both, tlswrapper was started by systemd, and may have read a PROXY header.
 * An IPv4-mapped IPv6 address becomes IPv4. mayfly-accept sets "-" and "-" if there is no address.
 */
void peer_find(struct peer *peer);

/* Sets the peer's address and port. */
void peer_set(struct peer *peer, const struct ip_address *address, uint16_t port);

#endif
