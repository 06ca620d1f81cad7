/* Points in time as users type them, and in the local zone. Pure except for the local zone. */
#ifndef MAYFLY_MAYFLYCTL_WHEN_H
#define MAYFLY_MAYFLYCTL_WHEN_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * Parses a local time in the forms of journalctl(1): "YYYY-MM-DD", "HH:MM" or "HH:MM:SS", or a
 * date, a space and a time; "now", "today", "yesterday", "tomorrow"; "@" and seconds since 1970; a
 * span from now such as "-1h", "+30min", "-1h 30min" or "2 days ago". A span is whole numbers, each
 * with a unit: s, m, h, d, w, or a longer name of systemd.time(7). Returns false, with *when
 * unchanged, for any other text; the error is WHEN_PROBLEM.
 */
#define WHEN_PROBLEM "is not a time such as '2026-11-23 08:00:00', yesterday or -1h"
bool when_parse(const char *text, time_t now, time_t *when);

/* Returns a time of the journal, microseconds since 1970, in the local zone. */
struct tm when_local(uint64_t time_us);

#endif
