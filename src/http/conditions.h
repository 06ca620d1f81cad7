/*
 * Conditional requests (RFC 9110 13): compares the conditions in the request's fields with the
 * validators of the selected representation. Pure.
 */
#ifndef MAYFLY_HTTP_CONDITIONS_H
#define MAYFLY_HTTP_CONDITIONS_H

#include "request.h"
#include <stdint.h>

/* The values of ETag and Last-Modified in a 200 response (RFC 9110 8.8). */
struct validators {
	struct view tag; /* entity_tag.h; empty for none */
	bool has_last_modified;
	int64_t last_modified; /* seconds since 1970 */
	bool date_is_shared;   /* other codings of the resource have the same date */
};

enum conditions {
	CONDITIONS_PASS,         /* answer as if there were no condition */
	CONDITIONS_NOT_MODIFIED, /* 304 */
	CONDITIONS_FAILED,       /* 412 */
};

/*
 * Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC
 * 9110 13.2.2. Call it only if the response would be 200 without conditions. `now` (seconds since
 * 1970) is the response's Date. Ignores a date that is malformed or occurs in several lines, and a
 * future date in If-Modified-Since. Methods other than GET and HEAD always pass (RFC 9110 13.2.1).
 */
/*@ requires \valid_read(request) && fields_are_readable(request) && \valid_read(validators) && readable(validators->tag);
    assigns \nothing;
    ensures request->method != METHOD_GET && request->method != METHOD_HEAD ==> \result == CONDITIONS_PASS; */
enum conditions conditions_evaluate(const struct request *request,
                                    const struct validators *validators, int64_t now);

/*
 * Whether the Range field applies; *range is then its value. The method must be GET (RFC 9110
 * 14.2), and If-Range, if present, must match (RFC 9110 13.1.5): its tag by strong comparison, or
 * its date by equality with a strong Last-Modified, which is at least one second old and belongs
 * to this representation alone (RFC 9110 8.8.2.2). Returns false if there is no Range field or
 * more than one.
 */
/*@ requires \valid_read(request) && fields_are_readable(request) && \valid_read(validators) && readable(validators->tag);
    requires \valid(range) && \separated(range, request) && \separated(range, validators);
    assigns *range;
    ensures \result ==> readable(*range) && range->length < INT64_MAX && request->method == METHOD_GET; */
bool range_applies(const struct request *request, const struct validators *validators, int64_t now,
                   struct view *range);

#endif
