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

/* Initialize to {0}. After report_history_finish, it has the figures of all sites that were added. */
struct report_history {
	const char *error;                         /* why there are no figures; else NULL */
	struct history_rows months;                /* all of the history */
	struct report_trend trends[REPORT_TRENDS]; /* most hits now first */
	size_t trend_count, resources;             /* shown, and with hits in the period */
	/* Each history with hits reaches back to the beginning of the period before. */
	bool has_before;

	/* Of the sites that were added: hits by resource, in the period and in the one before. */
	struct counts now, earlier;
	bool is_short; /* a history begins later than the period before */
};

/*
 * Adds the history of a counter file, unless there was an error. `site` precedes its paths, or is
 * empty. `since` and `until` are the period, `until` excluded.
 */
void report_history_add(struct report_history *history, const char *site, const char *counter_file,
                        time_t since, time_t until);

/* Ranks the trends. */
void report_history_finish(struct report_history *history);

#endif
