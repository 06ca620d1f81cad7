/*
 * Conditional requests (RFC 9110 13): what the client makes its request depend on, held against
 * the validators of the representation that it would get. Pure: the request's fields in, a
 * decision out.
 */
#ifndef MAYFLY_HTTP_CONDITIONS_H
#define MAYFLY_HTTP_CONDITIONS_H

#include "request.h"
#include <stdint.h>

/* What the response would say in ETag and Last-Modified (RFC 9110 8.8). */
struct validators {
	struct view tag; /* entity_tag.h; empty for none */
	bool has_last_modified;
	int64_t last_modified; /* seconds since 1970 */
	bool date_is_shared;   /* by other codings of the resource */
};

enum conditions {
	CONDITIONS_PASS,         /* answer as if none had been named */
	CONDITIONS_NOT_MODIFIED, /* 304 */
	CONDITIONS_FAILED,       /* 412 */
};

/*
 * Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC
 * 9110 13.2.2; to be asked once the answer would be 200. `now` (seconds since 1970) is the
 * response's Date. A date that cannot be read, that stands in several lines, or that
 * If-Modified-Since has from the future is ignored. Methods other than GET and HEAD select no
 * representation here, and pass (RFC 9110 13.2.1).
 */
enum conditions conditions_evaluate(const struct request *request,
                                    const struct validators *validators, int64_t now);

/*
 * Whether the Range field is to be looked at, for which the method must be GET (RFC 9110 14.2) and
 * If-Range, where there is one, must hold (RFC 9110 13.1.5): by strong comparison of a tag, or by
 * exactly the date of Last-Modified, if that is at least one second old, and that of this
 * representation alone, and so strong (RFC 9110 8.8.2.2). *range is then its value. False without a
 * Range, and for one in several lines.
 */
bool range_applies(const struct request *request, const struct validators *validators, int64_t now,
                   struct view *range);

#endif
