/*
 * The PROXY protocol, with which a front end sends the client's address before the first byte of
 * HTTP: HAProxy's proxy-protocol.txt, versions 1 (section 2.1, a line) and 2 (section 2.2, binary).
 * Pure. It is not part of HTTP, so it is not in src/http.
 */
#ifndef MAYFLY_PROXY_HEADER_H
#define MAYFLY_PROXY_HEADER_H

#include "base/ip_address.h"
#include <stdint.h>

enum {
	PROXY_LINE_MAX = 107,   /* bytes of a version 1 header including CRLF (2.1) */
	PROXY_HEADER_MAX = 8192 /* bytes of an accepted version 2 header */
};

enum proxy_outcome {
	PROXY_INCOMPLETE, /* the bytes so far may begin a header */
	PROXY_MISSING,    /* no header begins with these bytes */
	PROXY_MALFORMED,  /* begins like a header, but is invalid or not supported */
	PROXY_READ,
};

struct proxy_header {
	size_t length; /* of the header, in bytes */
	/*
	 * Whether it names a client. Otherwise the front end connects for itself, for example for a
	 * health check (LOCAL), or does not know the client (UNKNOWN, AF_UNSPEC).
	 */
	bool has_client;
	struct ip_address client;
	uint16_t port;
};

/*
 * Parses the header at the beginning of the received bytes; sets *header with PROXY_READ. More
 * bytes change the result only from PROXY_INCOMPLETE to another one, and bytes after the header do
 * not matter. Supports TCP over IPv4 and IPv6; datagrams and Unix sockets are PROXY_MALFORMED.
 * Skips the extensions after the addresses of version 2 (TLV, 2.2).
 */
/*@ requires readable(received) && \valid(header);
    assigns *header;
    ensures \result == PROXY_READ ==> 0 < header->length <= received.length && header->length <= PROXY_HEADER_MAX; */
enum proxy_outcome proxy_header_parse(struct view received, struct proxy_header *header);

#endif
