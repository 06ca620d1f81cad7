/*
 * The head of a request (RFC 9112 2 to 5): where it ends, and what it says. Pure: bytes in, views
 * into the same bytes out. The meaning of the target is target.h's, that of single fields their own
 * files'.
 */
#ifndef MAYFLY_HTTP_REQUEST_H
#define MAYFLY_HTTP_REQUEST_H

#include "base/view.h"
#include "field.h"
#include "status.h"
#include <stdint.h>

enum {
	REQUEST_HEAD_MAX = 16384, /* bytes of a head, its last empty line included */
	REQUEST_LINE_MAX = 12288, /* bytes of a request line; RFC 9112 3 asks for 8000 at least */
	REQUEST_FIELDS_MAX = 100,
};

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_OPTIONS,
	METHOD_OTHER, /* known to RFC 9110 or RFC 5789, not served: 405 */
	METHOD_UNKNOWN,
};

struct request {
	enum method method;
	struct view method_name;
	struct view target;   /* as it was sent */
	int minor_version;    /* of HTTP/1: 0 or 1, higher ones read as 1 (RFC 9110 2.5) */
	uint64_t body_length; /* bytes of the body, unless it is chunked */
	bool body_chunked;
	size_t field_count;
	struct field fields[REQUEST_FIELDS_MAX];
};

/*
 * Where the head ends: the offset just behind its empty line, or 0 while it is incomplete. Lines
 * end in CRLF or in a bare LF (RFC 9112 2.2); `seen` is how many bytes an earlier call has looked
 * at.
 */
size_t request_head_length(struct view received, size_t seen);

/* How many bytes of empty lines stand before the request line, to be skipped (RFC 9112 2.2). */
size_t request_leading_empty_lines(struct view received);

/*
 * Reads a whole head, its empty line included. Refusals: 400 for what RFC 9112 forbids, 414 and 431
 * for a line and for fields beyond the limits above (that of the whole head is its reader's), 501
 * for an unknown method, 505 for another major version. Even when it refuses, method, method_name
 * and target hold what could be read, for the log.
 */
struct refusal request_parse(struct view head, struct request *request);

/*
 * The next field of that name, in any case, after `previous` (NULL: the first); NULL if there is
 * none.
 */
const struct field *request_field(const struct request *request, struct view name,
                                  const struct field *previous);

/* Whether a comma-separated list field holds the token, in any case, in any of its lines. */
bool request_field_has_token(const struct request *request, struct view name, struct view token);

/* Whether the request announces a body (RFC 9112 6.3). */
bool request_has_body(const struct request *request);

/* Whether the client would keep the connection (RFC 9112 9.3). */
bool request_wants_persistence(const struct request *request);

#endif
