/*
 * Snapshots: the difference between a counter file and its history, which becomes the newest part
 * of the history.
 */
#ifndef MAYFLY_MAYFLYCTL_HISTORY_SNAPSHOT_H
#define MAYFLY_MAYFLYCTL_HISTORY_SNAPSHOT_H

#include "history.h"

/*
 * The largest count that a history records: at 1,000,000 hits per second it takes 31 years. Larger
 * counts, which only a compromised handler writes, could make sums overflow.
 */
#define HISTORY_COUNT_MAX UINT64_C(1000000000000000)

/* What a history says about all its resources. Initialize to {.now = the present time}. */
struct history_base {
	time_t now;
	struct counts hits, dropped;
	bool has_entries;
	bool is_same_file; /* the counter file is known to be that of the last snapshot */
	int64_t taken;     /* the latest snapshot before `now`; 0: none */
};

/* Collect a base: history_read calls these. */
void history_base_add_hits(void *base, const char *path, size_t path_length, uint64_t count);
void history_base_add_dropped(void *base, const char *path, size_t path_length, uint64_t count);
void history_base_add_entry(void *context, const struct history_entry *entry);

void history_base_free(struct history_base *base);

/* What was counted since the last snapshot. */
struct history_difference {
	struct history_entry entry;  /* without counts: the name and the period */
	struct counts hits, dropped; /* history_snapshot adds what the entry already holds */
	uint64_t hits_total, resources, dropped_total, dropped_resources; /* without that */
	uint64_t impossible; /* resources with more than HISTORY_COUNT_MAX hits, left out */
};

/*
 * Compares counts with a base. `totals` is combined; NULL: there is no counter file, and nothing
 * has changed. A lower count than before is never a negative number: if more than half of all hits
 * are missing, the counter file is a new one, and its counts are new hits; else it is an older copy,
 * or was reset in part, and the difference is dropped. Returns NULL or an error.
 */
const char *history_compare(struct history_base *base, struct counts *totals,
                            struct history_difference *difference);

void history_difference_free(struct history_difference *difference);

/*
 * Records what was counted since the last snapshot, and folds old days. The history is locked. If
 * the counter file is damaged, nothing is recorded. *difference is to be freed also after an error.
 * Returns NULL, or an error that is printed as it is.
 */
const char *history_snapshot(struct history *history, const char *counter_file, time_t now,
                             struct history_difference *difference);

/*
 * The same after the caller has changed the counter file: it is the same file, even if more than half
 * of its hits are missing.
 */
const char *history_snapshot_same_file(struct history *history, const char *counter_file,
                                       time_t now, struct history_difference *difference);

#endif
