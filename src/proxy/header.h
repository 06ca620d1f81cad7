/*
 * The PROXY protocol, with which a front end tells, before the first byte of HTTP, whose connection
 * it passes on: HAProxy's proxy-protocol.txt, versions 1 (2.1, a line) and 2 (2.2, binary). Pure,
 * as src/http is; it stands beside that because HTTP knows nothing of it.
 */
#ifndef MAYFLY_PROXY_HEADER_H
#define MAYFLY_PROXY_HEADER_H

#include "base/ip_address.h"
#include <stdint.h>

enum {
	PROXY_LINE_MAX = 107,   /* bytes of a header of version 1, its CRLF included (2.1) */
	PROXY_HEADER_MAX = 8192 /* bytes of one of version 2 that is taken: with a certificate */
};

enum proxy_outcome {
	PROXY_INCOMPLETE, /* as far as it goes it may be a header */
	PROXY_MISSING,    /* it is something else: no version begins so */
	PROXY_MALFORMED,  /* it begins like a header, and is none, or of a kind that is not known */
	PROXY_READ,
};

struct proxy_header {
	size_t length; /* of the header, in bytes */
	/*
	 * Whether it tells of a client. Otherwise the front end speaks for itself, to see whether
	 * the server lives (LOCAL), or does not know (UNKNOWN, AF_UNSPEC).
	 */
	bool has_client;
	struct ip_address client;
	uint16_t port;
};

/*
 * Reads the header at the front of what has been received; *header is set with PROXY_READ. However
 * many bytes of a connection it is shown, and whatever follows the header, the next_action is
 * PROXY_INCOMPLETE or always the same. TCP over IPv4 and IPv6 is known; datagrams and Unix sockets
 * are PROXY_MALFORMED. What follows the addresses of version 2 (TLV, 2.2) is stepped over.
 */
enum proxy_outcome proxy_header_parse(struct view received, struct proxy_header *header);

#endif
