/* Taking snapshots; see history_snapshot.h. */
#include "history_snapshot.h"
#include "counter/layout.h"
#include "hits_file.h"
#include "output.h"
#include "safe_path.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* How far from midnight a snapshot may be taken for the day to begin or end with it. */
enum { GRACE = 3600 };

/* --- The base. --- */

void history_base_add_hits(void *base, const char *path, size_t path_length, uint64_t count)
{
	counts_add(&((struct history_base *)base)->hits, path, path_length, count);
}

void history_base_add_dropped(void *base, const char *path, size_t path_length, uint64_t count)
{
	counts_add(&((struct history_base *)base)->dropped, path, path_length, count);
}

void history_base_add_entry(void *context, const struct history_entry *entry)
{
	struct history_base *base = context;
	int64_t taken = entry->period.taken;
	base->has_entries = true;
	if (taken <= base->now && taken > base->taken)
		base->taken = taken;
}

void history_base_free(struct history_base *base)
{
	counts_free(&base->hits);
	counts_free(&base->dropped);
}

static const char *base_read(struct history *history, struct history_base *base)
{
	const struct history_visitor visitor = {
	    .sink = {.hits = history_base_add_hits,
	             .dropped = history_base_add_dropped,
	             .hits_context = base,
	             .dropped_context = base,
	             .problem = &base->hits.problem},
	    .done = history_base_add_entry,
	    .context = base,
	};
	return history_read(history, &visitor);
}

/* --- The period. --- */

/* The days since the last snapshot. A snapshot that is taken at midnight ends a day. */
static struct history_period period_since(int64_t taken, time_t now)
{
	struct history_period period = {HISTORY_UNKNOWN, calendar_date(now - GRACE), now};
	if (taken == 0)
		return period;
	period.first = calendar_date((time_t)taken + GRACE);
	if (period.last < period.first)
		period.first = period.last = calendar_date((time_t)taken + (now - taken) / 2);
	return period;
}

static void name_entry(struct history_entry *entry, const struct history_base *base)
{
	char name[CALENDAR_NAME_SIZE] = HISTORY_EARLIER;
	/* The clock was set back to before all snapshots: the hits are known to be new. */
	int64_t taken = base->taken == 0 && base->has_entries ? base->now : base->taken;
	struct history_period period = period_since(taken, base->now);
	if (period.first != HISTORY_UNKNOWN)
		(void)calendar_name(period.first, CALENDAR_DAY, name);
	(void)history_entry_named(entry, view_of(name));
	entry->period = period;
}

/* --- Comparing. --- */

/* A list that is read in the order of its paths. */
struct cursor {
	struct counts *counts;
	struct count count;
	bool has_count;
};

static void cursor_next(struct cursor *cursor)
{
	cursor->has_count = counts_next(cursor->counts, &cursor->count);
}

static struct cursor cursor_begin(struct counts *counts)
{
	struct cursor cursor = {.counts = counts};
	counts_rewind(counts);
	cursor_next(&cursor);
	return cursor;
}

/* All that is known about resources, one by one in the order of their paths. */
struct comparison {
	struct cursor totals, hits, dropped;
	char path[COUNTER_PATH_MAX + 1];
	size_t path_length;
	uint64_t before, now; /* counts of the path */
};

static struct comparison comparison_begin(struct history_base *base, struct counts *totals)
{
	return (struct comparison){.totals = cursor_begin(totals),
	                           .hits = cursor_begin(&base->hits),
	                           .dropped = cursor_begin(&base->dropped)};
}

/* Returns the count of the present path, if it is the cursor's next one, or 0. */
static uint64_t take_count(struct comparison *comparison, struct cursor *cursor)
{
	struct count present = {comparison->path, comparison->path_length, 0};
	if (!cursor->has_count || count_compare_paths(&cursor->count, &present) != 0)
		return 0;
	uint64_t count = cursor->count.count;
	cursor_next(cursor);
	return count;
}

/* Finds the next path. Returns false after the last. */
static bool comparison_next(struct comparison *comparison)
{
	struct cursor *cursors[] = {&comparison->totals, &comparison->hits, &comparison->dropped};
	const struct count *first = NULL;
	for (size_t i = 0; i < 3; i++)
		if (cursors[i]->has_count &&
		    (first == NULL || count_compare_paths(&cursors[i]->count, first) < 0))
			first = &cursors[i]->count;
	if (first == NULL)
		return false;
	comparison->path_length = first->path_length;
	memcpy(comparison->path, first->path, first->path_length + 1);
	comparison->now = take_count(comparison, &comparison->totals);
	uint64_t hits = take_count(comparison, &comparison->hits);
	uint64_t dropped = take_count(comparison, &comparison->dropped);
	comparison->before = hits > dropped ? hits - dropped : 0;
	return true;
}

/* Whether less than half of the hits that are known are in the counter file. */
static bool is_new_file(struct history_base *base, struct counts *totals)
{
	struct comparison comparison = comparison_begin(base, totals);
	double before = 0, kept = 0;
	while (comparison_next(&comparison)) {
		uint64_t both =
		    comparison.now < comparison.before ? comparison.now : comparison.before;
		before += (double)comparison.before;
		kept += (double)both;
	}
	return kept < before / 2;
}

static const char *lists_problem(const struct history_base *base, const struct counts *totals,
                                 const struct history_difference *difference)
{
	const char *problems[] = {totals->problem, base->hits.problem, base->dropped.problem,
	                          difference->hits.problem, difference->dropped.problem};
	for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++)
		if (problems[i] != NULL)
			return problems[i];
	return NULL;
}

/* Adds what has changed for one resource. */
static void add_difference(struct history_difference *difference, const struct comparison *resource,
                           bool new_file)
{
	uint64_t hits = 0, dropped = 0;
	if (resource->now > HISTORY_COUNT_MAX) {
		difference->impossible++;
		return;
	}
	if (new_file) {
		hits = resource->now;
		dropped = resource->before;
	} else if (resource->now >= resource->before) {
		hits = resource->now - resource->before;
	} else {
		dropped = resource->before - resource->now;
	}
	if (hits > 0)
		counts_add(&difference->hits, resource->path, resource->path_length, hits);
	if (dropped > 0)
		counts_add(&difference->dropped, resource->path, resource->path_length, dropped);
}

static void compare_all(struct history_base *base, struct counts *totals,
                        struct history_difference *difference)
{
	bool new_file = !base->is_same_file && is_new_file(base, totals);
	struct comparison comparison = comparison_begin(base, totals);
	while (comparison_next(&comparison))
		add_difference(difference, &comparison, new_file);
	(void)counts_combine(&difference->hits);
	(void)counts_combine(&difference->dropped);
	difference->hits_total = difference->hits.total;
	difference->resources = difference->hits.size;
	difference->dropped_total = difference->dropped.total;
	difference->dropped_resources = difference->dropped.size;
}

const char *history_compare(struct history_base *base, struct counts *totals,
                            struct history_difference *difference)
{
	*difference = (struct history_difference){.impossible = 0};
	name_entry(&difference->entry, base);
	if (totals == NULL)
		return NULL;
	(void)counts_combine(&base->hits);
	(void)counts_combine(&base->dropped);
	compare_all(base, totals, difference);
	return lists_problem(base, totals, difference);
}

void history_difference_free(struct history_difference *difference)
{
	counts_free(&difference->hits);
	counts_free(&difference->dropped);
}

/* --- The snapshot. --- */

/*
 * Waits until the counts that were read are on disk: after a power failure the counter file must
 * not be older than the snapshot.
 */
static const char *sync_counter(const char *counter_file)
{
	int file = safe_path_open(counter_file, O_RDONLY);
	if (file < 0)
		return safe_path_problem(errno);
	const char *problem = fsync(file) == 0 ? NULL : strerror(errno);
	(void)close(file);
	return problem;
}

static const char *damaged_problem(const char *counter_file)
{
	static char problem[2 * PATH_MAX];
	(void)snprintf(problem, sizeof problem, "damaged; run \"mayflyctl hits verify --hits %s\"",
	               output_quoted(counter_file));
	return problem;
}

/* Compares the counter file with the history. The error is printed after the file's name. */
static const char *compare_file(struct history_base *base, const char *counter_file,
                                struct history_difference *difference)
{
	struct counts totals = {0};
	uint64_t damaged = 0;
	const char *problem = hits_file_load(counter_file, &totals, &damaged);
	bool is_missing = problem != NULL && errno == ENOENT;
	if (is_missing)
		problem = NULL;
	else if (problem == NULL && damaged > 0)
		problem = damaged_problem(counter_file);
	else if (problem == NULL)
		problem = sync_counter(counter_file);
	if (problem == NULL)
		problem = history_compare(base, is_missing ? NULL : &totals, difference);
	counts_free(&totals);
	return problem;
}

/* Takes a snapshot. *base is without entries. */
static const char *take_snapshot(struct history *history, struct history_base *base,
                                 const char *counter_file, struct history_difference *difference)
{
	*difference = (struct history_difference){.impossible = 0};
	const char *problem = base_read(history, base);
	if (problem == NULL) {
		problem = compare_file(base, counter_file, difference);
		if (problem != NULL)
			(void)snprintf(history->problem, sizeof history->problem, "%s: %s",
			               output_escaped(counter_file), problem);
		problem = problem != NULL ? history->problem : NULL;
	}
	history_base_free(base);
	if (problem == NULL)
		problem = history_add(history, &difference->entry, &difference->hits,
		                      &difference->dropped);
	return problem == NULL ? history_fold(history) : problem;
}

const char *history_snapshot(struct history *history, const char *counter_file, time_t now,
                             struct history_difference *difference)
{
	struct history_base base = {.now = now};
	return take_snapshot(history, &base, counter_file, difference);
}

const char *history_snapshot_same_file(struct history *history, const char *counter_file,
                                       time_t now, struct history_difference *difference)
{
	struct history_base base = {.now = now, .is_same_file = true};
	return take_snapshot(history, &base, counter_file, difference);
}
