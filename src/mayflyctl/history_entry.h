/*
 * An entry of a history: one of its texts, in the form of hits_text.h. Its counts are the hits of a
 * period; comments describe the period. Pure: no directory, no clock.
 *
 *   # history NAME              see below
 *   # period FIRST LAST         dates; FIRST is "-" if the period has no known begin
 *   # taken SECONDS             when the last snapshot of the period was taken, since 1970
 *   # folded DAY...             of a month: the days whose entries it contains
 *   # dropped COUNT TAB PATH    counts that were lost from the counter file, for example by a reset
 */
#ifndef MAYFLY_MAYFLYCTL_HISTORY_ENTRY_H
#define MAYFLY_MAYFLYCTL_HISTORY_ENTRY_H

#include "calendar.h"
#include "hits_text.h"
#include <limits.h>

/* The first date of a period without a known begin. It sorts before all dates. */
#define HISTORY_UNKNOWN INT_MIN

/* The entry of all hits without a known date. */
#define HISTORY_EARLIER "earlier"

struct history_period {
	int first, last; /* dates (calendar.h) */
	int64_t taken;   /* seconds since 1970; 0 if unknown */
};

struct history_entry {
	/* A date, "2026-11-28"; a month, "2026-11", which may contain days; or HISTORY_EARLIER. */
	char name[CALENDAR_NAME_SIZE];
	struct history_period period;
	uint32_t folded; /* of a month: bit 1 for the first day, and so on */
};

/* Whether a name is that of an entry. Sets the entry's name and the period that the name says. */
bool history_entry_named(struct history_entry *entry, struct view name);

bool history_entry_is_day(const struct history_entry *entry);
bool history_entry_is_month(const struct history_entry *entry);

/* Makes a period include another one. */
void history_period_include(struct history_period *period, const struct history_period *other);

/* What receives the counts of an entry. Either function may be NULL. */
struct history_sink {
	hits_text_each *hits, *dropped;
	void *hits_context, *dropped_context;
	const char *const *problem; /* reading ends when this is set; or NULL */
};

/*
 * Reads the text of an entry, up to its end marker. `entry` has the name, or an empty one: then the
 * text must have a name. Returns NULL, or the error in line *line.
 */
const char *history_entry_read(FILE *file, struct history_entry *entry,
                               const struct history_sink *sink, size_t *line);

/* Writes an entry, whose lists are combined. The caller checks ferror and the lists' problems. */
void history_entry_write(FILE *file, const struct history_entry *entry, struct counts *hits,
                         struct counts *dropped);

#endif
