/* Gathering the figures of a report; see report.h. */
#include "report.h"
#include "hits_file.h"
#include <errno.h>
#include <stdlib.h>

enum {
	MISSING_MAX = 4000, /* different targets that are counted: scanners request anything */
	HOUR = 3600,
	DAY = 24 * HOUR,
	THREE_DAYS = 3 * DAY,
	WEEK = 7 * DAY,
	SECOND_US = 1000000,
	NOT_FOUND = 404,
};

/* The missing targets, sorted, and the current entry of the journal: too large for a stack. */
static struct report_missing missing[MISSING_MAX];
static size_t missing_count;
static struct entry entry;

/* --- The counter file. --- */

void report_gather_hits(struct report *report, const char *file, bool may_be_missing)
{
	struct counts counts = {0};
	report->hits_file = file;
	if (*file == '\0')
		return;
	const char *problem = hits_file_load(file, &counts, &report->damaged);
	if (problem != NULL && (!may_be_missing || errno != ENOENT)) {
		report->hits_error = problem;
		counts_free(&counts);
		return;
	}
	report->resources = counts.size;
	report->hits = counts.total;
	counts_select(&counts, NULL, COUNTS_BY_HITS, REPORT_ROWS);
	report->top = counts;
	if (counts.problem != NULL)
		report->hits_error = counts.problem;
}

/* --- The journal. --- */

/* Returns a field as a string, which the caller frees. */
static char *copy_field(enum entry_field field)
{
	struct view value = entry.fields[field];
	char *copy = strndup(value.length > 0 ? value.data : "", value.length);
	if (copy == NULL)
		exit(command_error("out of memory"));
	return copy;
}

static void count_in_bucket(struct report *report)
{
	uint64_t since_us = entry.time_us - (uint64_t)report->since * SECOND_US;
	size_t i = since_us / ((uint64_t)report->bucket_seconds * SECOND_US);
	if (i >= report->bucket_count)
		return;
	report->buckets[i].requests++;
	report->buckets[i].bytes += entry_number(&entry, ENTRY_BYTES);
}

/* Inserts the current entry if it is among the slowest. */
static void rank_slowest(struct report *report)
{
	struct report_slow *rows = report->slowest;
	uint64_t duration_us = entry_number(&entry, ENTRY_DURATION);
	size_t i = report->slowest_count;
	while (i > 0 && rows[i - 1].duration_us < duration_us)
		i--;
	if (i == REPORT_ROWS)
		return;
	if (report->slowest_count == REPORT_ROWS)
		free(rows[--report->slowest_count].target);
	memmove(rows + i + 1, rows + i, (report->slowest_count - i) * sizeof *rows);
	rows[i] = (struct report_slow){
	    .time = (time_t)(entry.time_us / SECOND_US),
	    .target = copy_field(ENTRY_TARGET),
	    .status = entry_number(&entry, ENTRY_STATUS),
	    .duration_us = duration_us,
	};
	report->slowest_count++;
}

/* Returns the index of a target in `missing`, or where to insert it. */
static size_t find_missing(const char *target)
{
	size_t first = 0, end = missing_count;
	while (first < end) {
		size_t middle = (first + end) / 2;
		if (strcmp(missing[middle].target, target) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

/* Counts a missing target, and keeps the first known referer. */
static void count_missing(void)
{
	char *target = copy_field(ENTRY_TARGET);
	size_t i = find_missing(target);
	bool is_known = i < missing_count && strcmp(missing[i].target, target) == 0;
	if (is_known || missing_count == MISSING_MAX) {
		free(target);
	} else {
		memmove(missing + i + 1, missing + i, (missing_count - i) * sizeof *missing);
		missing[i] = (struct report_missing){target, copy_field(ENTRY_REFERER), 0};
		missing_count++;
		is_known = true;
	}
	if (!is_known)
		return;
	missing[i].count++;
	if (*missing[i].referer == '\0') {
		free(missing[i].referer);
		missing[i].referer = copy_field(ENTRY_REFERER);
	}
}

static void count_entry(struct report *report)
{
	uint64_t status = entry_number(&entry, ENTRY_STATUS);
	report->requests++;
	report->bytes += entry_number(&entry, ENTRY_BYTES);
	if (status >= REPORT_STATUS_MIN && status <= REPORT_STATUS_MAX)
		report->statuses[status]++;
	count_in_bucket(report);
	rank_slowest(report);
	if (status == NOT_FOUND)
		count_missing();
}

/* An hour for periods of up to three days, else a day, else as many weeks as necessary. */
static time_t bucket_seconds(time_t period)
{
	if (period <= THREE_DAYS)
		return HOUR;
	if (period / DAY < REPORT_BUCKETS_MAX)
		return DAY;
	time_t weeks = 1;
	while (period / (weeks * WEEK) >= REPORT_BUCKETS_MAX)
		weeks++;
	return weeks * WEEK;
}

static void make_buckets(struct report *report)
{
	report->bucket_seconds = bucket_seconds(report->until - report->since);
	for (time_t start = report->since;
	     start < report->until && report->bucket_count < REPORT_BUCKETS_MAX;
	     start += report->bucket_seconds)
		report->buckets[report->bucket_count++].start = start;
}

/* Returns 0 or a negative errno. */
static int read_journal(struct report *report, sd_journal *journal)
{
	int moved;
	int error = journal_match_requests(journal);
	if (error >= 0)
		error = sd_journal_seek_realtime_usec(journal, (uint64_t)report->since * SECOND_US);
	if (error < 0)
		return error;
	while ((moved = sd_journal_next(journal)) > 0) {
		error = journal_read(journal, &entry);
		if (error < 0)
			return error;
		if (entry.time_us >= (uint64_t)report->until * SECOND_US)
			return 0;
		count_entry(report);
	}
	return moved;
}

static int compare_missing(const void *left, const void *right)
{
	const struct report_missing *a = left, *b = right;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->target, b->target);
}

void report_gather_requests(struct report *report, const struct journal_users *others)
{
	sd_journal *journal;
	make_buckets(report);
	report->journal_error = journal_open(&journal, others);
	if (report->journal_error != NULL)
		return;
	int error = read_journal(report, journal);
	sd_journal_close(journal);
	if (error < 0)
		report->journal_error = strerror(-error);
	qsort(missing, missing_count, sizeof *missing, compare_missing);
	report->missing = missing;
	report->missing_count = missing_count < REPORT_ROWS ? missing_count : REPORT_ROWS;
}
