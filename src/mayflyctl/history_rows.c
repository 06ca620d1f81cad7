/* A history as a list of periods; see history_rows.h. */
#include "history_rows.h"
#include "counter/layout.h"
#include "hits_file.h"
#include <errno.h>
#include <stdlib.h>

enum { ATTEMPTS = 5, ROWS_STEP = 64 };

struct rows_reader {
	struct history_rows *rows;
	const struct history_query *query;
	struct history_base base;
	uint64_t hits, dropped; /* of the present entry, of the paths that match */
	bool is_full;           /* out of memory */
};

/* Keeps the text of a problem. */
static const char *fail(struct history_rows *rows, const char *problem)
{
	(void)snprintf(rows->problem, sizeof rows->problem, "%s", problem);
	return rows->problem;
}

/* --- Rows. --- */

static uint64_t add_up(uint64_t a, uint64_t b)
{
	uint64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* The first date of a unit, which identifies it. */
static int unit_of(int date, enum calendar_unit unit)
{
	return date == HISTORY_UNKNOWN ? HISTORY_UNKNOWN : calendar_begin(date, unit);
}

static bool is_same_unit(const struct history_row *a, const struct history_row *b,
                         enum calendar_unit unit)
{
	return unit_of(a->first, unit) == unit_of(b->first, unit) &&
	       unit_of(a->last, unit) == unit_of(b->last, unit);
}

/* Returns a new row, or NULL if out of memory. */
static struct history_row *new_row(struct history_rows *rows)
{
	if (rows->count % ROWS_STEP == 0) {
		void *grown = reallocarray(rows->rows, rows->count + ROWS_STEP, sizeof *rows->rows);
		if (grown == NULL)
			return NULL;
		rows->rows = grown;
	}
	return &rows->rows[rows->count++];
}

/* Adds a row, or its figures to the row of the same unit. Returns false if out of memory. */
static bool add_row(struct history_rows *rows, const struct history_row *added)
{
	struct history_row *row = NULL;
	for (size_t i = 0; i < rows->count && row == NULL; i++)
		if (is_same_unit(&rows->rows[i], added, rows->unit))
			row = &rows->rows[i];
	rows->hits = add_up(rows->hits, added->hits);
	if (row == NULL) {
		row = new_row(rows);
		if (row != NULL)
			*row = *added;
		return row != NULL;
	}
	row->first = added->first < row->first ? added->first : row->first;
	row->last = added->last > row->last ? added->last : row->last;
	row->hits = add_up(row->hits, added->hits);
	row->dropped = add_up(row->dropped, added->dropped);
	row->is_open = row->is_open || added->is_open;
	return true;
}

/* Adds the sums of an entry, and begins with the next one. */
static void add_period(struct rows_reader *reader, const struct history_period *period,
                       bool is_open)
{
	const struct history_query *query = reader->query;
	const struct history_row added = {period->first, period->last, reader->hits,
	                                  reader->dropped, is_open};
	reader->hits = reader->dropped = 0;
	bool is_empty = added.first == HISTORY_UNKNOWN && added.hits == 0 && added.dropped == 0;
	if (period->last < query->since || period->first > query->until || is_empty)
		return;
	if (!add_row(reader->rows, &added))
		reader->is_full = true;
}

static int compare_rows(const void *left, const void *right)
{
	const struct history_row *a = left, *b = right;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return (a->last > b->last) - (a->last < b->last);
}

static void sort_rows(struct history_rows *rows)
{
	if (rows->count > 0)
		qsort(rows->rows, rows->count, sizeof *rows->rows, compare_rows);
}

/* --- Reading. --- */

static bool is_chosen(const struct rows_reader *reader, const char *path, size_t path_length)
{
	char terminated[COUNTER_PATH_MAX + 1];
	if (reader->query->glob == NULL)
		return true;
	memcpy(terminated, path, path_length);
	terminated[path_length] = '\0';
	return counts_match(reader->query->glob, terminated);
}

static void read_hits(void *context, const char *path, size_t path_length, uint64_t count)
{
	struct rows_reader *reader = context;
	history_base_add_hits(&reader->base, path, path_length, count);
	if (is_chosen(reader, path, path_length))
		reader->hits = add_up(reader->hits, count);
}

static void read_dropped(void *context, const char *path, size_t path_length, uint64_t count)
{
	struct rows_reader *reader = context;
	history_base_add_dropped(&reader->base, path, path_length, count);
	if (is_chosen(reader, path, path_length))
		reader->dropped = add_up(reader->dropped, count);
}

static void read_entry(void *context, const struct history_entry *entry)
{
	struct rows_reader *reader = context;
	history_base_add_entry(&reader->base, entry);
	add_period(reader, &entry->period, false);
}

static uint64_t sum_of(const struct rows_reader *reader, struct counts *counts)
{
	struct count count;
	uint64_t sum = 0;
	counts_rewind(counts);
	while (counts_next(counts, &count))
		if (is_chosen(reader, count.path, count.path_length))
			sum = add_up(sum, count.count);
	return sum;
}

/* Adds what was counted since the last snapshot. */
static const char *read_counter(struct rows_reader *reader, struct history_rows *rows,
                                const char *counter_file)
{
	struct history_difference difference = {.impossible = 0};
	struct counts totals = {0};
	const char *problem = hits_file_load(counter_file, &totals, &rows->damaged);
	bool is_missing = problem != NULL && errno == ENOENT;
	if (problem == NULL && rows->damaged == 0)
		problem = history_compare(&reader->base, &totals, &difference);
	if (problem == NULL && rows->damaged == 0) {
		reader->hits = sum_of(reader, &difference.hits);
		reader->dropped = sum_of(reader, &difference.dropped);
		add_period(reader, &difference.entry.period, true);
	}
	history_difference_free(&difference);
	counts_free(&totals);
	return problem == NULL || is_missing ? NULL : fail(rows, problem);
}

/* Sets *again if the history has changed meanwhile. */
static const char *read_once(struct rows_reader *reader, const char *counter_file, bool *again)
{
	struct history_rows *rows = reader->rows;
	struct history history;
	const struct history_visitor visitor = {
	    .sink = {.hits = read_hits,
	             .dropped = read_dropped,
	             .hits_context = reader,
	             .dropped_context = reader,
	             .problem = &reader->base.hits.problem},
	    .done = read_entry,
	    .context = reader,
	};
	const char *problem = history_open(&history, counter_file, HISTORY_READ);
	if (problem == NULL)
		problem = history_read(&history, &visitor);
	*again = history.has_changed;
	if (problem != NULL)
		problem = fail(rows, problem);
	history_close(&history);
	if (problem == NULL)
		problem = read_counter(reader, rows, counter_file);
	if (problem == NULL && reader->is_full)
		problem = fail(rows, "out of memory");
	rows->has_history = reader->base.has_entries;
	return problem;
}

const char *history_rows_read(struct history_rows *rows, const char *counter_file,
                              const struct history_query *query)
{
	const char *problem = NULL;
	bool again = true;
	for (int i = 0; i < ATTEMPTS && again; i++) {
		struct rows_reader reader = {
		    .rows = rows, .query = query, .base = {.now = query->now}};
		history_rows_free(rows);
		*rows = (struct history_rows){.unit = query->unit};
		problem = read_once(&reader, counter_file, &again);
		history_base_free(&reader.base);
	}
	sort_rows(rows);
	return problem;
}

const char *history_rows_add(struct history_rows *rows, const struct history_rows *others)
{
	rows->unit = others->unit;
	rows->has_history = rows->has_history || others->has_history;
	rows->damaged += others->damaged;
	for (size_t i = 0; i < others->count; i++)
		if (!add_row(rows, &others->rows[i]))
			return "out of memory";
	sort_rows(rows);
	return NULL;
}

void history_rows_free(struct history_rows *rows)
{
	free(rows->rows);
	rows->rows = NULL;
	rows->count = 0;
}

const char *history_row_name(const struct history_rows *rows, const struct history_row *row)
{
	static char name[2 * (size_t)CALENDAR_NAME_SIZE + sizeof " to "];
	char first[CALENDAR_NAME_SIZE], last[CALENDAR_NAME_SIZE];
	(void)calendar_name(row->last, rows->unit, last);
	if (row->first == HISTORY_UNKNOWN)
		(void)snprintf(name, sizeof name, "up to %s", last);
	else if (strcmp(calendar_name(row->first, rows->unit, first), last) == 0)
		(void)snprintf(name, sizeof name, "%s", last);
	else
		(void)snprintf(name, sizeof name, "%s to %s", first, last);
	return name;
}
