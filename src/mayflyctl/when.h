/* Points in time as an owner types them, and as the local zone has them. Pure, but for the local
 * zone. */
#ifndef MAYFLY_MAYFLYCTL_WHEN_H
#define MAYFLY_MAYFLYCTL_WHEN_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * Reads a time as journalctl(1) takes it, local: "YYYY-MM-DD", "HH:MM", "HH:MM:SS", or a date and
 * one of these behind a space; "now", "today", "yesterday", "tomorrow"; "@" and seconds since 1970;
 * a span such as "-1h", "+30min", "-1h 30min" or "2 days ago", counted from now. A span is whole
 * numbers, each with a unit: s, m, h, d, w and what systemd.time(7) calls them besides. False where
 * it is none of these; *when is then not touched.
 */
bool when_parse(const char *text, time_t now, time_t *when);

/* A journal's time, microseconds since 1970, in the local zone. */
struct tm when_local(uint64_t time_us);

#endif
