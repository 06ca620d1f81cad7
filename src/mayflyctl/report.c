/* Gathering the figures of a report; see report.h. */
#include "report.h"
#include "counter/layout.h"
#include "hits_file.h"
#include "memory.h"
#include "when.h"
#include <errno.h>
#include <stdio.h>
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

/* --- The counter files. --- */

const char *report_split(const char *text, int *site_length)
{
	*site_length = (int)strcspn(text, "/ ");
	const char *rest = text + *site_length;
	return *rest == ' ' ? rest + 1 : rest;
}

/* Loads the counts of a file and adds its figures. Returns NULL or an error (hits_file_load). */
static const char *load_hits(struct report *report, const char *file, bool may_be_missing,
                             struct counts *counts)
{
	uint64_t damaged = 0;
	const char *problem = hits_file_load(file, counts, &damaged);
	if (problem != NULL && (!may_be_missing || errno != ENOENT))
		return problem;
	report->resources += counts->size;
	report->hits += counts->total;
	report->damaged += damaged;
	return NULL;
}

/* Selects the resources with the most hits. */
static void rank_hits(struct report *report, struct counts *counts)
{
	counts_select(counts, NULL, COUNTS_BY_HITS, REPORT_ROWS);
	report->top = *counts;
	if (counts->problem != NULL)
		report->hits_error = counts->problem;
}

/* Adds the file `robots` in the directory of the counter file, if there is one. Sites may share it. */
static void gather_robots(struct report *report, const char *file)
{
	static struct tally added;
	static char failed[PATH_MAX];
	char name[PATH_MAX];
	struct counts counts = {0};
	uint64_t damaged = 0;
	if (!history_robots_name(file, name) || tally_get(&added, view_of(name)) > 0)
		return;
	tally_add(&added, view_of(name), 1);
	const char *problem = hits_file_load(name, &counts, &damaged);
	if (problem == NULL) {
		report->has_robots = true;
		report->robots_hits += counts.total;
	}
	if (problem == NULL && damaged > 0)
		problem = hits_file_problem("hits-damaged");
	if (problem != NULL && hits_file_misses_counts(problem)) {
		memcpy(failed, name, sizeof failed);
		report->robots_file = failed;
		report->robots_error = problem;
	}
	counts_free(&counts);
}

static void gather_history_and_robots(struct report *report, const char *site, const char *file)
{
	report_history_add(&report->history, site, file, report->since, report->until);
	gather_robots(report, file);
}

/* The history reads the counter files again: it may be the first that cannot read all parts. */
static void finish_history(struct report *report)
{
	report_history_finish(&report->history);
	if (report->damaged == 0)
		report->damaged = report->history.months.damaged;
}

void report_gather_hits(struct report *report, const char *file, bool may_be_missing)
{
	struct counts counts = {0};
	report->hits_file = file;
	if (*file == '\0')
		return;
	report->hits_error = load_hits(report, file, may_be_missing, &counts);
	if (report->hits_error != NULL) {
		counts_free(&counts);
		return;
	}
	rank_hits(report, &counts);
	gather_history_and_robots(report, "", file);
	finish_history(report);
}

void report_gather_hits_of_sites(struct report *report, const struct site_list *sites, sd_bus *bus)
{
	static struct unit_config config;
	static char file[PATH_MAX];
	struct counts all = {0};
	report->hits_file = file;
	for (size_t i = 0; i < sites->count && report->hits_error == NULL; i++) {
		struct counts counts = {0};
		int error = site_read_config(&sites->all[i], bus, &config);
		unit_config_free(&config);
		if (error < 0 || *config.hits == '\0')
			continue;
		memcpy(file, config.hits, sizeof file);
		report->hits_error = load_hits(report, file, true, &counts);
		if (report->hits_error == NULL)
			counts_add_all(&all, sites->all[i].name, &counts);
		counts_free(&counts);
		if (report->hits_error == NULL)
			gather_history_and_robots(report, sites->all[i].name, file);
	}
	(void)counts_combine(&all);
	rank_hits(report, &all);
	finish_history(report);
}

/* --- The journal. --- */

/* Returns a field as a string, which the caller frees. */
static char *copy_field(enum entry_field field)
{
	return memory_copy(entry.fields[field]);
}

/* Returns the target of the current entry, after its site if there are several. */
static char *copy_target(const struct report *report)
{
	struct view site = entry.fields[ENTRY_SITE], target = entry.fields[ENTRY_TARGET];
	if (!report->has_several_sites)
		return copy_field(ENTRY_TARGET);
	if (site.length == 0)
		site = VIEW("?");
	bool is_path = target.length > 0 && target.data[0] == '/';
	return memory_print("%.*s%s%.*s", (int)site.length, site.data, is_path ? "" : " ",
	                    (int)target.length, target.length > 0 ? target.data : "");
}

/* Counts the current entry in the last part of the period that begins before it. */
static void count_in_bucket(struct report *report)
{
	time_t when = (time_t)(entry.time_us / SECOND_US);
	size_t first = 0, end = report->bucket_count;
	while (first < end) {
		size_t middle = (first + end) / 2;
		if (report->buckets[middle].start <= when)
			first = middle + 1;
		else
			end = middle;
	}
	if (first == 0)
		return;
	report->buckets[first - 1].requests++;
	report->buckets[first - 1].bytes += entry_number(&entry, ENTRY_BYTES);
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
	    .target = copy_target(report),
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
static void count_missing(const struct report *report)
{
	char *target = copy_target(report);
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
		count_missing(report);
	char *target = copy_target(report);
	report_sources_add(&report->sources, &entry, view_of(target));
	free(target);
}

/*
 * An hour for periods of up to three days, else a day, else as many weeks as necessary. The first and
 * the last part may be shorter.
 */
static time_t bucket_seconds(time_t period)
{
	if (period <= THREE_DAYS)
		return HOUR;
	if (period / DAY + 2 <= REPORT_BUCKETS_MAX)
		return DAY;
	time_t weeks = 1;
	while (period / (weeks * WEEK) + 2 > REPORT_BUCKETS_MAX)
		weeks++;
	return weeks * WEEK;
}

/* The parts begin at full hours or at midnight, in local time. */
static void make_buckets(struct report *report)
{
	report->bucket_seconds = bucket_seconds(report->until - report->since);
	int days = (int)(report->bucket_seconds / DAY);
	time_t start = report->since;
	while (start < report->until && report->bucket_count < REPORT_BUCKETS_MAX) {
		report->buckets[report->bucket_count++].start = start;
		start = days > 0 ? when_next_midnight(start, days) : when_next_hour(start);
	}
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
		if (journal_is_of_site(&entry, report->site))
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
	report->journal_error = journal_open(&journal, others, report->site);
	if (report->journal_error != NULL)
		return;
	if (report->site != NULL)
		journal_set_site_of_users(others, report->site);
	int error = read_journal(report, journal);
	sd_journal_close(journal);
	if (error < 0)
		report->journal_error = strerror(-error);
	qsort(missing, missing_count, sizeof *missing, compare_missing);
	report->missing = missing;
	report->missing_count = missing_count < REPORT_ROWS ? missing_count : REPORT_ROWS;
	report->missing_total = missing_count;
	report_sources_finish(&report->sources);
}
