/*
 * The request line and header section (RFC 9112 2 to 5), together called the head: finds its end
 * and parses it into views of the same bytes. Pure. target.h interprets the target; other files
 * interpret single fields.
 */
#ifndef MAYFLY_HTTP_REQUEST_H
#define MAYFLY_HTTP_REQUEST_H

#include "base/view.h"
#include "field.h"
#include "status.h"
#include <stdint.h>

enum {
	REQUEST_HEAD_MAX = 16384, /* bytes of a head including its empty line */
	REQUEST_LINE_MAX = 12288, /* bytes of a request line; RFC 9112 3 requires at least 8000 */
	REQUEST_FIELDS_MAX = 100,
};

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_OPTIONS,
	METHOD_OTHER, /* defined in RFC 9110 or RFC 5789, not supported: 405 */
	METHOD_UNKNOWN,
};

struct request {
	enum method method;
	struct view method_name;
	struct view target;   /* as received */
	int minor_version;    /* of HTTP/1: 0 or 1; higher ones become 1 (RFC 9110 2.5) */
	uint64_t body_length; /* length of the body in bytes, unless it is chunked */
	bool body_chunked;
	size_t field_count;
	struct field fields[REQUEST_FIELDS_MAX];
};

/*@ predicate fields_are_readable(struct request *r) = r->field_count <= REQUEST_FIELDS_MAX &&
      \forall integer i; 0 <= i < r->field_count ==>
        readable(r->fields[i].name) && readable(r->fields[i].value) && r->fields[i].value.length < INT64_MAX;
    // The position of a field; -1 for NULL.
    logic integer field_index(struct request *r, struct field *f) = f == \null ? -1 : f - &r->fields[0];
    predicate is_field_or_null(struct request *r, struct field *f) =
      f == \null || (0 <= field_index(r, f) < r->field_count && f == &r->fields[field_index(r, f)]); */

/*
 * The length of the head in bytes, including its empty line; 0 while it is incomplete. Lines end in
 * CRLF or in a bare LF (RFC 9112 2.2). `seen` is the number of bytes that an earlier call searched.
 */
/*@ requires readable(received) && received.length < INT64_MAX;
    assigns \nothing;
    ensures \result <= received.length; */
size_t request_head_length(struct view received, size_t seen);

/* The number of bytes in empty lines before the request line, to be skipped (RFC 9112 2.2). */
/*@ requires readable(received) && received.length < INT64_MAX;
    assigns \nothing;
    ensures \result <= received.length; */
size_t request_leading_empty_lines(struct view received);

/*
 * Checks the beginning of a head that is still incomplete, so that a client of another protocol, which
 * waits for an answer, gets one at once: 400 "method-malformed" or "target-control-byte" as soon as
 * bytes have arrived that no request line contains, and, once the request line is complete, what
 * request_parse would refuse it with. `seen` is the number of bytes that an earlier call checked.
 */
/*@ requires readable(received) && received.length < INT64_MAX;
    assigns \nothing; */
struct refusal request_check_start(struct view received, size_t seen);

/*
 * Parses a complete head, including its empty line. Refuses what RFC 9112 forbids with 400, a
 * request line or fields above the limits with 414 or 431 (the caller enforces REQUEST_HEAD_MAX),
 * an unknown method with 501, and another major version with 505. After a refusal method,
 * method_name and target hold what could be parsed, for the log.
 */
/*@ requires readable(head) && head.length < INT64_MAX && \valid(request);
    assigns *request;
    ensures fields_are_readable(request);
    ensures readable(request->method_name) && readable(request->target);
    ensures \result.status == 0 ==> request->method != METHOD_UNKNOWN && request->target.length > 0;
    ensures \result.status == 0 ==> 0 <= request->minor_version <= 1 && request->body_length <= INT64_MAX; */
struct refusal request_parse(struct view head, struct request *request);

/*
 * The next field with this name (case-insensitive) after `previous`, or the first one if `previous`
 * is NULL; NULL if there is none.
 */
/*@ requires \valid_read(request) && fields_are_readable(request) && readable(name);
    requires is_field_or_null(request, previous);
    assigns \nothing;
    ensures is_field_or_null(request, \result);
    ensures \result != \null ==> field_index(request, \result) > field_index(request, previous);
    ensures \result != \null ==> \valid_read(\result) && readable(\result->name) && readable(\result->value) &&
      \result->value.length < INT64_MAX; */
const struct field *request_field(const struct request *request, struct view name,
                                  const struct field *previous);

/* The value of the first field with this name; empty if there is none. */
/*@ requires \valid_read(request) && fields_are_readable(request) && readable(name);
    assigns \nothing;
    ensures readable(\result) && \result.length < INT64_MAX; */
struct view request_field_value(const struct request *request, struct view name);

/* Whether any line of a comma-separated field contains the token (case-insensitive). */
/*@ requires \valid_read(request) && fields_are_readable(request) && readable(name) && readable(token);
    assigns \nothing; */
bool request_field_has_token(const struct request *request, struct view name, struct view token);

/* Whether the request has a body (RFC 9112 6.3). */
/*@ requires \valid_read(request);
    assigns \nothing; */
bool request_has_body(const struct request *request);

/* Whether the client wants to keep the connection open (RFC 9112 9.3). */
/*@ requires \valid_read(request) && fields_are_readable(request);
    assigns \nothing; */
bool request_wants_persistence(const struct request *request);

#endif
