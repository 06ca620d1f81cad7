/*
 * A history as a list of periods: days, weeks, months or years, and what was counted since the last
 * snapshot.
 */
#ifndef MAYFLY_MAYFLYCTL_HISTORY_ROWS_H
#define MAYFLY_MAYFLYCTL_HISTORY_ROWS_H

#include "history_snapshot.h"

struct history_query {
	enum calendar_unit unit;
	int since, until; /* show periods that have one of these dates */
	const char *glob; /* count only paths that match; NULL: all */
	time_t now;
};

/* The query for everything. */
#define HISTORY_QUERY(shown_unit, time_now)                                                        \
	((struct history_query){                                                                   \
	    .unit = (shown_unit), .since = INT_MIN, .until = INT_MAX, .now = (time_now)})

/* The sum of all entries that begin in the same unit and end in the same unit. */
struct history_row {
	int first, last; /* dates; first: HISTORY_UNKNOWN if there is no known begin */
	uint64_t hits, dropped;
	bool is_open; /* has hits since the last snapshot */
};

/* Initialize to {0}. */
struct history_rows {
	enum calendar_unit unit;
	struct history_row *rows; /* sorted by date */
	size_t count;
	uint64_t hits;    /* of all rows; UINT64_MAX if it is more */
	bool has_history; /* a snapshot was taken */
	uint64_t damaged; /* parts of the counter file that were skipped: nothing is open */
	char problem[3 * PATH_MAX];
};

/*
 * Reads the history of a counter file, and the counter file, which may be missing. Returns NULL, or
 * an error that is printed after the counter file's name.
 */
const char *history_rows_read(struct history_rows *rows, const char *counter_file,
                              const struct history_query *query);

/*
 * Adds the rows of another history in the same unit, and sorts. Returns NULL, or "out of memory".
 * Initialize `rows` to {0}.
 */
const char *history_rows_add(struct history_rows *rows, const struct history_rows *others);

void history_rows_free(struct history_rows *rows);

/* Returns a row's period, "2026-W48" or "2026-W48 to 2026-W50". Valid until the next call. */
const char *history_row_name(const struct history_rows *rows, const struct history_row *row);

#endif
