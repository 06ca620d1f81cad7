/*
 * `mayflyctl report`: what the counter file and the journal hold of a period, as a page or
 * as JSON.
 */
#include "command.h"
#include "hits_file.h"
#include "journal.h"
#include "output.h"
#include "report_page.h"
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

#define NOT_GIVEN INT64_MIN

static struct report_options {
	time_t since, until;
	const char *hits;           /* NULL: that of the installed site */
	const char *output;         /* NULL: standard output */
	struct journal_users users; /* whose entries count in addition to the installed units' */
	bool json;
} options = {.since = NOT_GIVEN, .until = NOT_GIVEN};

/* The figures, and the entry at the journal's position: too large for a stack. */
static struct report report;
static struct report_missing missing[MISSING_MAX];
static size_t missing_count;
static struct entry entry;

/* The end of this second, so that its requests are in the period. */
static time_t now(void)
{
	static time_t end;
	if (end == 0)
		end = time(NULL) + 1;
	return end;
}

static const char *parse_time(const struct command_option *option, const char *value)
{
	return when_parse(value, now(), option->destination) ? NULL : WHEN_PROBLEM;
}

/* --- The counter file. --- */

static void gather_hits(const char *file)
{
	struct counts counts = {0};
	report.hits_file = file;
	if (*file == '\0')
		return;
	const char *problem = hits_file_load(file, &counts, &report.damaged);
	/* The installed site's is created with the first hit. */
	if (problem != NULL && (options.hits != NULL || errno != ENOENT)) {
		report.hits_error = problem;
		counts_free(&counts);
		return;
	}
	report.resources = counts.size;
	report.hits = counts.total;
	counts_select(&counts, NULL, COUNTS_BY_HITS, REPORT_ROWS);
	report.top = counts;
	if (counts.problem != NULL)
		report.hits_error = counts.problem;
}

/* --- The journal. --- */

/* A field as a string, to be freed. */
static char *copy_field(enum entry_field field)
{
	struct view value = entry.fields[field];
	char *copy = strndup(value.length > 0 ? value.data : "", value.length);
	if (copy == NULL)
		exit(command_error("out of memory"));
	return copy;
}

static void count_in_bucket(void)
{
	uint64_t since_us = entry.time_us - (uint64_t)report.since * SECOND_US;
	size_t i = since_us / ((uint64_t)report.bucket_seconds * SECOND_US);
	if (i >= report.bucket_count)
		return;
	report.buckets[i].requests++;
	report.buckets[i].bytes += entry_number(&entry, ENTRY_BYTES);
}

/* Inserts the current entry if it is among the slowest. */
static void rank_slowest(void)
{
	struct report_slow *rows = report.slowest;
	uint64_t duration_us = entry_number(&entry, ENTRY_DURATION);
	size_t i = report.slowest_count;
	while (i > 0 && rows[i - 1].duration_us < duration_us)
		i--;
	if (i == REPORT_ROWS)
		return;
	if (report.slowest_count == REPORT_ROWS)
		free(rows[--report.slowest_count].target);
	memmove(rows + i + 1, rows + i, (report.slowest_count - i) * sizeof *rows);
	rows[i] = (struct report_slow){
	    .time = (time_t)(entry.time_us / SECOND_US),
	    .target = copy_field(ENTRY_TARGET),
	    .status = entry_number(&entry, ENTRY_STATUS),
	    .duration_us = duration_us,
	};
	report.slowest_count++;
}

/* The index of a target in `missing`, which is sorted by target; or where it belongs. */
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

/* The first referer that is known stays: one page that links to it is enough. */
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

static void count_entry(void)
{
	uint64_t status = entry_number(&entry, ENTRY_STATUS);
	report.requests++;
	report.bytes += entry_number(&entry, ENTRY_BYTES);
	if (status >= REPORT_STATUS_MIN && status <= REPORT_STATUS_MAX)
		report.statuses[status]++;
	count_in_bucket();
	rank_slowest();
	if (status == NOT_FOUND)
		count_missing();
}

/* Hours for up to three days, then days, then as many weeks as it takes. */
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

static void make_buckets(void)
{
	report.bucket_seconds = bucket_seconds(report.until - report.since);
	for (time_t start = report.since;
	     start < report.until && report.bucket_count < REPORT_BUCKETS_MAX;
	     start += report.bucket_seconds)
		report.buckets[report.bucket_count++].start = start;
}

/* Returns 0 or a negative errno. */
static int read_journal(sd_journal *journal)
{
	int moved;
	int error = journal_match_requests(journal);
	if (error >= 0)
		error = sd_journal_seek_realtime_usec(journal, (uint64_t)report.since * SECOND_US);
	if (error < 0)
		return error;
	while ((moved = sd_journal_next(journal)) > 0) {
		error = journal_read(journal, &entry);
		if (error < 0)
			return error;
		if (entry.time_us >= (uint64_t)report.until * SECOND_US)
			return 0;
		count_entry();
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

static void gather_requests(void)
{
	sd_journal *journal;
	make_buckets();
	report.journal_error = journal_open(&journal, &options.users);
	if (report.journal_error != NULL)
		return;
	int error = read_journal(journal);
	sd_journal_close(journal);
	if (error < 0)
		report.journal_error = strerror(-error);
	qsort(missing, missing_count, sizeof *missing, compare_missing);
	report.missing = missing;
	report.missing_count = missing_count < REPORT_ROWS ? missing_count : REPORT_ROWS;
}

/* --- JSON. --- */

static void add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

static void add_string(struct json_object *object, const char *key, const char *string)
{
	json_object_object_add(object, key, json_object_new_string(string));
}

static struct json_object *top_to_json(void)
{
	struct json_object *top = json_object_new_array();
	struct count count;
	counts_rewind(&report.top);
	while (counts_next(&report.top, &count)) {
		struct json_object *row = json_object_new_object();
		add_string(row, "path", counts_shown(count.path, count.path_length));
		add_number(row, "count", count.count);
		json_object_array_add(top, row);
	}
	return top;
}

/* NULL: nothing is counted. */
static struct json_object *hits_to_json(void)
{
	if (*report.hits_file == '\0')
		return NULL;
	struct json_object *hits = json_object_new_object();
	add_string(hits, "file", report.hits_file);
	if (report.hits_error != NULL) {
		add_string(hits, "error", report.hits_error);
		return hits;
	}
	add_number(hits, "resources", report.resources);
	add_number(hits, "total", report.hits);
	add_number(hits, "damaged", report.damaged);
	json_object_object_add(hits, "top", top_to_json());
	return hits;
}

static struct json_object *statuses_to_json(void)
{
	struct json_object *statuses = json_object_new_object();
	char status[sizeof "599"];
	for (int code = REPORT_STATUS_MIN; code <= REPORT_STATUS_MAX; code++) {
		(void)snprintf(status, sizeof status, "%d", code);
		if (report.statuses[code] > 0)
			add_number(statuses, status, report.statuses[code]);
	}
	return statuses;
}

static struct json_object *buckets_to_json(void)
{
	struct json_object *buckets = json_object_new_array();
	for (size_t i = 0; i < report.bucket_count; i++) {
		struct json_object *bucket = json_object_new_object();
		add_number(bucket, "time", (uint64_t)report.buckets[i].start);
		add_number(bucket, "requests", report.buckets[i].requests);
		add_number(bucket, "bytes", report.buckets[i].bytes);
		json_object_array_add(buckets, bucket);
	}
	return buckets;
}

static struct json_object *slowest_to_json(void)
{
	struct json_object *slowest = json_object_new_array();
	for (size_t i = 0; i < report.slowest_count; i++) {
		struct json_object *row = json_object_new_object();
		add_number(row, "time", (uint64_t)report.slowest[i].time);
		add_string(row, "target", report.slowest[i].target);
		add_number(row, "status", report.slowest[i].status);
		add_number(row, "duration_us", report.slowest[i].duration_us);
		json_object_array_add(slowest, row);
	}
	return slowest;
}

static struct json_object *missing_to_json(void)
{
	struct json_object *rows = json_object_new_array();
	for (size_t i = 0; i < report.missing_count; i++) {
		struct json_object *row = json_object_new_object();
		add_string(row, "target", report.missing[i].target);
		add_number(row, "count", report.missing[i].count);
		add_string(row, "referer", report.missing[i].referer);
		json_object_array_add(rows, row);
	}
	return rows;
}

static struct json_object *requests_to_json(void)
{
	struct json_object *requests = json_object_new_object();
	if (report.journal_error != NULL) {
		add_string(requests, "error", report.journal_error);
		return requests;
	}
	add_number(requests, "total", report.requests);
	add_number(requests, "bytes", report.bytes);
	json_object_object_add(requests, "statuses", statuses_to_json());
	add_number(requests, "bucket_seconds", (uint64_t)report.bucket_seconds);
	json_object_object_add(requests, "buckets", buckets_to_json());
	json_object_object_add(requests, "slowest", slowest_to_json());
	json_object_object_add(requests, "missing", missing_to_json());
	return requests;
}

static void print_json(void)
{
	struct json_object *object = json_object_new_object();
	add_number(object, "since", (uint64_t)report.since);
	add_number(object, "until", (uint64_t)report.until);
	json_object_object_add(object, "hits", hits_to_json());
	json_object_object_add(object, "requests", requests_to_json());
	output_json(object);
}

/* --- The command. --- */

static enum exit_status print_report(const char *hits_file)
{
	struct output output;
	enum exit_status status = EXIT_DONE;
	if (options.output != NULL)
		status = output_begin(&output, options.output, hits_file);
	if (status != EXIT_DONE)
		return status;
	if (options.json)
		print_json();
	else
		report_page_print(&report);
	return options.output != NULL ? output_end(&output) : EXIT_DONE;
}

static enum exit_status run_report(char **operands, int count)
{
	static char hits_file[PATH_MAX];
	(void)operands;
	(void)count;
	report.until = options.until != NOT_GIVEN ? options.until : now();
	report.since = options.since != NOT_GIVEN ? options.since : now() - WEEK;
	if (report.since < 0 || report.since >= report.until)
		return command_usage_error("--since is not earlier than --until");
	/* If nothing is counted, the page says so. */
	if (hits_file_find(options.hits, hits_file) != EXIT_DONE && options.hits != NULL)
		return EXIT_FAILED;
	gather_hits(hits_file);
	gather_requests();
	return print_report(hits_file);
}

static const struct command_option OPTIONS[] = {
    {.row = {0, "since", "WHEN", "report from WHEN on, as for log (default -7d)"},
     .parse = parse_time,
     .destination = &options.since},
    {.row = {0, "until", "WHEN", "report up to WHEN (default now)"},
     .parse = parse_time,
     .destination = &options.until},
    {.row = HITS_FILE_ROW, .parse = option_file, .destination = &options.hits},
    {.row = {0, "output", "FILE", "replace FILE at once when all is written"},
     .parse = option_file,
     .destination = &options.output},
    {.row = {0, "user", "NAME", "trust also entries of this user's handlers; repeatable"},
     .parse = option_user,
     .destination = &options.users},
    {.row = {0, "json", "", "print JSON"}, .parse = option_flag, .destination = &options.json},
    {.row = {0}},
};

const struct command command_report = {
    .name = "report",
    .operands = "",
    .summary = "write an HTML page about what was served",
    .description = "Write an HTML page to standard output: hits by resource, requests over time,\n"
                   "status codes, missing pages, slowest requests. If the counter file or the\n"
                   "journal cannot be read, the page says so.\n",
    .options = OPTIONS,
    .run = run_report,
};
