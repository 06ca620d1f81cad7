/* Dates as HTTP writes them (RFC 9110 5.6.7), in seconds since 1970, leap seconds not counted. */
#ifndef MAYFLY_HTTP_DATE_H
#define MAYFLY_HTTP_DATE_H

#include "base/buffer.h"

/* Whether a time lies in the years 0000 to 9999: no form can hold another one. */
bool date_is_writable(int64_t seconds);

/*
 * Appends a time as an IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT". Returns false, and appends
 * nothing, for a time that is not writable.
 */
bool date_format(struct buffer *text, int64_t seconds);

/*
 * Appends a time to the minute, as ISO 8601 has it: "1994-11-06 08:49", in UTC; `between` is what
 * stands between date and time. Returns false as above.
 */
bool date_format_iso(struct buffer *text, int64_t seconds, char between);

/*
 * Reads an HTTP-date in any of its three forms: IMF-fixdate, RFC 850's, asctime's. A year of two
 * digits is the latest that is not more than 50 years after `now`. The form must be met to the
 * byte, the day must exist in its month and the second 60 only at 23:59; the name of the day must
 * be one, but need not be the right one. Returns false for anything else; *seconds is then not
 * touched.
 */
bool date_parse(struct view value, int64_t now, int64_t *seconds);

#endif
