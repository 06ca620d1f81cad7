/* HTTP dates (RFC 9110 5.6.7). Times are seconds since 1970 without leap seconds. Pure. */
#ifndef MAYFLY_HTTP_DATE_H
#define MAYFLY_HTTP_DATE_H

#include "base/buffer.h"
#include <time.h>

/* Whether a time is in the years 0000 to 9999, the only ones that HTTP dates can express. */
/*@ assigns \nothing;
    ensures \result <==> -62167219200 <= seconds <= 253402300799; */
bool date_is_writable(int64_t seconds);

/*
 * Whether the modification time of a file says when it was modified. Reproducible builds and package
 * managers set constants instead, which stay the same when the content changes: 0 (OSTree, Bazel), 1 (Nix,
 * Guix), 1980-01-01 and days after it (zip), 1985-10-26 (npm), and 2000-01-01 (Bazel). No site is older
 * than 1990.
 */
/*@ assigns \nothing;
    ensures \result ==> modified.tv_sec >= 631152000; */
bool date_is_of_change(struct timespec modified);

/*
 * Appends a time as an IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT". Returns false and appends
 * nothing if the time is not writable.
 */
/*@ requires buffer_is_valid(text);
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures \result <==> -62167219200 <= seconds <= 253402300799;
    ensures buffer_is_valid(text);
    ensures buffer_grows{Pre, Post}(text);
    ensures !\result ==> text->length == \old(text->length);
    ensures text->length <= \old(text->length) + 29; */
bool date_format(struct buffer *text, int64_t seconds);

/*
 * Appends a time in UTC to the minute, as in ISO 8601: "1994-11-06 08:49"; `between` separates date
 * and time. Returns false and appends nothing if the time is not writable.
 */
/*@ requires buffer_is_valid(text) && ' ' <= between <= '~';
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures \result <==> -62167219200 <= seconds <= 253402300799;
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text);
    ensures !\result ==> text->length == \old(text->length);
    ensures \forall integer i; \old(text->length) <= i < text->length ==> ' ' <= text->data[i] <= '~'; */
bool date_format_iso(struct buffer *text, int64_t seconds, char between);

/*
 * Parses an HTTP-date in one of its three forms: IMF-fixdate, RFC 850, asctime. A two-digit year is
 * the latest such year that is at most 50 years after `now` (seconds since 1970). The form must
 * match exactly, the day must exist in its month, and second 60 is allowed only at 23:59. The day
 * name must be a day name, but is not compared with the date. Returns false for anything else and
 * leaves *seconds unchanged.
 */
/*@ requires readable(value) && \valid(seconds);
    assigns *seconds;
    ensures \result ==> -62167219200 <= *seconds <= 253402300800;
    ensures !\result ==> *seconds == \old(*seconds); */
bool date_parse(struct view value, int64_t now, int64_t *seconds);

#endif
