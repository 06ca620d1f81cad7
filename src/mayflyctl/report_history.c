/* What a report shows of the history; see report_history.h. */
#include "report_history.h"
#include "counter/layout.h"
#include "hits_file.h"
#include "memory.h"
#include <errno.h>
#include <stdlib.h>

struct trend_reader {
	struct report_history *history;
	const char *site;
	int first, last; /* dates of the period */
	int before;      /* first date of the period before */
	int earliest;    /* first date of the history */
	struct counts entry;
	struct history_base base;
};

static void read_hits(void *context, const char *path, size_t path_length, uint64_t count)
{
	struct trend_reader *reader = context;
	history_base_add_hits(&reader->base, path, path_length, count);
	counts_add(&reader->entry, path, path_length, count);
}

static void read_dropped(void *context, const char *path, size_t path_length, uint64_t count)
{
	history_base_add_dropped(&((struct trend_reader *)context)->base, path, path_length, count);
}

/* Adds hits to the period in which their last day is. Hits of unknown days are in none. */
static void add_hits(struct trend_reader *reader, const struct history_period *period,
                     struct counts *hits)
{
	int last = period->last;
	if (period->first == HISTORY_UNKNOWN)
		return;
	(void)counts_combine(hits);
	if (last >= reader->first && last <= reader->last)
		counts_add_all(&reader->history->now, reader->site, hits);
	else if (last >= reader->before && last < reader->first)
		counts_add_all(&reader->history->earlier, reader->site, hits);
	if (period->first < reader->earliest)
		reader->earliest = period->first;
}

static void read_entry(void *context, const struct history_entry *entry)
{
	struct trend_reader *reader = context;
	history_base_add_entry(&reader->base, entry);
	add_hits(reader, &entry->period, &reader->entry);
	counts_free(&reader->entry);
}

/* Adds what was counted since the last snapshot. */
static const char *read_counter(struct trend_reader *reader, const char *counter_file)
{
	struct history_difference difference = {.impossible = 0};
	struct counts totals = {0};
	uint64_t damaged = 0;
	const char *problem = hits_file_load(counter_file, &totals, &damaged);
	bool is_missing = problem != NULL && errno == ENOENT;
	if (reader->history->months.damaged == 0)
		reader->history->months.damaged = damaged;
	if (problem == NULL && damaged == 0)
		problem = history_compare(&reader->base, &totals, &difference);
	if (problem == NULL && damaged == 0)
		add_hits(reader, &difference.entry.period, &difference.hits);
	history_difference_free(&difference);
	counts_free(&totals);
	return is_missing ? NULL : problem;
}

static const char *read_history(struct trend_reader *reader, const char *counter_file)
{
	static struct history history;
	const struct history_visitor visitor = {.sink = {.hits = read_hits,
	                                                 .dropped = read_dropped,
	                                                 .hits_context = reader,
	                                                 .dropped_context = reader},
	                                        .done = read_entry,
	                                        .context = reader};
	const char *problem = history_open(&history, counter_file, HISTORY_READ);
	if (problem == NULL)
		problem = history_read(&history, &visitor);
	if (problem == NULL)
		problem = read_counter(reader, counter_file);
	history_close(&history);
	return problem;
}

static uint64_t count_of(struct counts *counts, const struct count *wanted)
{
	struct count count;
	counts_rewind(counts);
	while (counts_next(counts, &count))
		if (count.path_length == wanted->path_length &&
		    memcmp(count.path, wanted->path, count.path_length) == 0)
			return count.count;
	return 0;
}

/* Reads the months of a site, and adds them. Returns NULL or an error. */
static const char *add_months(struct report_history *history, const char *counter_file)
{
	static struct history_rows months; /* keeps the text of an error */
	const struct history_query query = HISTORY_QUERY(CALENDAR_MONTH, time(NULL));
	const char *error = history_rows_read(&months, counter_file, &query);
	if (error == NULL)
		error = history_rows_add(&history->months, &months);
	history_rows_free(&months);
	return error;
}

static const char *add_trends(struct report_history *history, struct trend_reader *reader,
                              const char *counter_file)
{
	const char *error = read_history(reader, counter_file);
	if (reader->earliest != INT_MAX && reader->earliest > reader->before)
		history->is_short = true;
	else if (reader->earliest != INT_MAX)
		history->has_before = true;
	history_base_free(&reader->base);
	counts_free(&reader->entry);
	return error;
}

void report_history_add(struct report_history *history, const char *site, const char *counter_file,
                        time_t since, time_t until)
{
	struct trend_reader reader = {.history = history,
	                              .site = site,
	                              .first = calendar_date(since),
	                              .last = calendar_date(until - 1),
	                              .earliest = INT_MAX,
	                              .base = {.now = time(NULL)}};
	reader.before = reader.first - (reader.last - reader.first + 1);
	if (history->error == NULL)
		history->error = add_months(history, counter_file);
	if (history->error == NULL)
		history->error = add_trends(history, &reader, counter_file);
}

static void rank_trends(struct report_history *history)
{
	struct count count;
	(void)counts_combine(&history->now);
	(void)counts_combine(&history->earlier);
	history->resources = history->now.size;
	counts_select(&history->now, NULL, COUNTS_BY_HITS, REPORT_TRENDS);
	counts_rewind(&history->now);
	while (counts_next(&history->now, &count)) {
		char *path = memory_copy(view_of(counts_shown(count.path, count.path_length)));
		history->trends[history->trend_count++] =
		    (struct report_trend){path, count.count, count_of(&history->earlier, &count)};
	}
	history->error =
	    history->now.problem != NULL ? history->now.problem : history->earlier.problem;
}

void report_history_finish(struct report_history *history)
{
	history->has_before = history->has_before && !history->is_short;
	if (history->error == NULL)
		rank_trends(history);
	counts_free(&history->now);
	counts_free(&history->earlier);
}
