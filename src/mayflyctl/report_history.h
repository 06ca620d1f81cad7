/* What a report shows of the history of the counter file. */
#ifndef MAYFLY_MAYFLYCTL_REPORT_HISTORY_H
#define MAYFLY_MAYFLYCTL_REPORT_HISTORY_H

#include "history_rows.h"

/* The hits of a resource in the report's period, and in the period of the same length before. */
struct report_trend {
	char *path; /* as counts_shown returns it */
	uint64_t now, before;
};

enum { REPORT_TRENDS = 20 };

/* Initialize to {0}. */
struct report_history {
	const char *error;                         /* why there are no figures; else NULL */
	struct history_rows months;                /* all of the history */
	struct report_trend trends[REPORT_TRENDS]; /* most hits now first */
	size_t trend_count, resources;             /* shown, and with hits in the period */
	bool has_before; /* the history reaches back to the beginning of the period before */
};

/* Reads the history of a counter file. `since` and `until` are the period, `until` excluded. */
void report_history_gather(struct report_history *history, const char *counter_file, time_t since,
                           time_t until);

#endif
