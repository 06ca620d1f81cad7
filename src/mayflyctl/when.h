/* Points in time as users type them, and in the local zone. Pure except for the local zone. */
#ifndef MAYFLY_MAYFLYCTL_WHEN_H
#define MAYFLY_MAYFLYCTL_WHEN_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * Parses a point in time in the forms of systemd.time(7):
 * - "YYYY-MM-DD", "HH:MM" or "HH:MM:SS", or a date, a space or "T", and a time. A weekday and a space
 *   may precede the date, which must fall on that day; a year of two digits is one of 1969 to 2068.
 * - "now", "today", "yesterday", "tomorrow".
 * - "@" and seconds since 1970.
 * - A span from now: "-1h", "+30min", "-1week", "-1h 30min", "2 hours ago", "3 days left". Its units
 *   are those of systemd.time(7); a number without one means seconds.
 * Seconds may have a fraction, which is rounded down. Times are local, unless "UTC" or the name of a
 * time zone follows after a space, or "Z" after a time. Returns false, with *when unchanged, for any
 * other text; the error is WHEN_PROBLEM.
 */
#define WHEN_PROBLEM "is not a time such as '2026-11-23 08:00:00', yesterday or -1h"
bool when_parse(const char *text, time_t now, time_t *when);

/* Writes a local time with its zone for people, "2026-11-23 08:15:43 CET". Returns `text`. */
enum { WHEN_TEXT_SIZE = 64 };
const char *when_format(time_t when, char text[static WHEN_TEXT_SIZE]);

/*
 * Returns the next full hour of local time after `when`, or with `days` the local midnight that many
 * days after the one at which the day of `when` begins. Days have 23 to 25 hours.
 */
time_t when_next_hour(time_t when);
time_t when_next_midnight(time_t when, int days);

/* Returns a time of the journal, microseconds since 1970, in the local zone. */
struct tm when_local(uint64_t time_us);

#endif
