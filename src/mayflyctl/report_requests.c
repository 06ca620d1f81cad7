/* The part of a report that the journal tells; see report.h. */
#include "journal.h"
#include "json.h"
#include "report.h"
#include <string.h>

enum {
	MISSING_MAX = 4000, /* different targets that are counted: scanners ask for anything */
	BUCKETS_MAX = 400,
	SECOND_US = 1000000,
	HOUR = 3600,
	DAY = 24 * HOUR,
	THREE_DAYS = 3 * DAY,
	WEEK = 7 * DAY,
	STATUS_NOT_FOUND = 404,
};

struct gathering {
	time_t since, until;
	struct json_object *requests; /* what has been gathered */
	struct json_object *missing;  /* {target: {target, count, referer}} */
};

/* Too large for a stack. */
static struct entry entry;

/* A field as a string; the journal's are ASCII (entry.h). */
static struct json_object *text_of(enum entry_field field)
{
	struct view value = entry.fields[field];
	return json_object_new_string_len(value.length > 0 ? value.data : "", (int)value.length);
}

static void count_status(struct json_object *statuses)
{
	struct json_object *status = text_of(ENTRY_STATUS);
	json_add(statuses, json_object_get_string(status), 1);
	json_object_put(status);
}

static void count_in_time(const struct gathering *gathering)
{
	uint64_t bucket_us = json_number(gathering->requests, "bucket_seconds") * SECOND_US;
	uint64_t at_us = entry.time_us - (uint64_t)gathering->since * SECOND_US;
	struct json_object *buckets = json_object_object_get(gathering->requests, "buckets");
	struct json_object *bucket = json_object_array_get_idx(buckets, at_us / bucket_us);
	if (bucket == NULL)
		return;
	json_add(bucket, "requests", 1);
	json_add(bucket, "bytes", entry_number(&entry, ENTRY_BYTES));
}

/* A page that links to it helps to mend it: the first that is known stays. */
static void count_missing(struct json_object *missing)
{
	struct json_object *target = text_of(ENTRY_TARGET);
	const char *name = json_object_get_string(target);
	struct json_object *row = json_object_object_get(missing, name);
	if (row == NULL && json_object_object_length(missing) < MISSING_MAX) {
		row = json_object_new_object();
		json_object_object_add(row, "target", json_object_get(target));
		json_object_object_add(missing, name, row);
	}
	json_object_put(target);
	if (row == NULL)
		return;
	json_add(row, "count", 1);
	if (json_object_get_string_len(json_object_object_get(row, "referer")) == 0)
		json_object_object_add(row, "referer", text_of(ENTRY_REFERER));
}

static struct json_object *slow_row(void)
{
	struct json_object *row = json_object_new_object();
	json_set_number(row, "time", entry.time_us / SECOND_US);
	json_object_object_add(row, "target", text_of(ENTRY_TARGET));
	json_set_number(row, "status", entry_number(&entry, ENTRY_STATUS));
	json_set_number(row, "duration_us", entry_number(&entry, ENTRY_DURATION));
	return row;
}

/* Keeps the slowest, slowest first. */
static void rank(struct json_object *slowest)
{
	uint64_t duration_us = entry_number(&entry, ENTRY_DURATION);
	size_t count = json_object_array_length(slowest);
	size_t at = count;
	while (at > 0 &&
	       json_number(json_object_array_get_idx(slowest, at - 1), "duration_us") < duration_us)
		at--;
	if (at == REPORT_ROWS)
		return;
	for (size_t i = count; i > at; i--)
		json_object_array_put_idx(
		    slowest, i, json_object_get(json_object_array_get_idx(slowest, i - 1)));
	json_object_array_put_idx(slowest, at, slow_row());
	if (json_object_array_length(slowest) > REPORT_ROWS)
		json_object_array_del_idx(slowest, REPORT_ROWS, 1);
}

static void take_entry(struct gathering *gathering)
{
	struct json_object *requests = gathering->requests;
	json_add(requests, "total", 1);
	json_add(requests, "bytes", entry_number(&entry, ENTRY_BYTES));
	count_status(json_object_object_get(requests, "statuses"));
	count_in_time(gathering);
	rank(json_object_object_get(requests, "slowest"));
	if (entry_number(&entry, ENTRY_STATUS) == STATUS_NOT_FOUND)
		count_missing(gathering->missing);
}

/* Hours for up to three days, then days, then as many weeks as it takes. */
static time_t bucket_seconds(time_t period)
{
	if (period <= THREE_DAYS)
		return HOUR;
	time_t weeks = 1;
	while (period / (weeks * WEEK) >= BUCKETS_MAX)
		weeks++;
	return period / DAY < BUCKETS_MAX ? DAY : weeks * WEEK;
}

static void make_buckets(const struct gathering *gathering)
{
	time_t seconds = bucket_seconds(gathering->until - gathering->since);
	struct json_object *buckets = json_object_new_array();
	for (time_t time = gathering->since; time < gathering->until; time += seconds) {
		struct json_object *bucket = json_object_new_object();
		json_set_number(bucket, "time", (uint64_t)time);
		json_set_number(bucket, "requests", 0);
		json_set_number(bucket, "bytes", 0);
		json_object_array_add(buckets, bucket);
	}
	json_set_number(gathering->requests, "bucket_seconds", (uint64_t)seconds);
	json_object_object_add(gathering->requests, "buckets", buckets);
}

static int read_journal(sd_journal *journal, struct gathering *gathering)
{
	int moved;
	int error = journal_match_requests(journal);
	if (error >= 0)
		error =
		    sd_journal_seek_realtime_usec(journal, (uint64_t)gathering->since * SECOND_US);
	if (error < 0)
		return error;
	while ((moved = sd_journal_next(journal)) > 0) {
		error = journal_read(journal, &entry);
		if (error < 0)
			return error;
		if (entry.time_us >= (uint64_t)gathering->until * SECOND_US)
			return 0;
		take_entry(gathering);
	}
	return moved;
}

static void add_missing(const struct gathering *gathering)
{
	struct json_object *rows = json_object_new_array();
	json_object_object_foreach(gathering->missing, target, row)
	{
		(void)target;
		json_object_array_add(rows, json_object_get(row));
	}
	json_object_object_add(gathering->requests, "missing", report_top(rows));
}

static struct json_object *without_journal(const char *why)
{
	struct json_object *requests = json_object_new_object();
	json_object_object_add(requests, "error", json_object_new_string(why));
	return requests;
}

struct json_object *report_requests(time_t since, time_t until, const struct journal_users *others)
{
	sd_journal *journal;
	const char *why = journal_open(&journal, others);
	if (why != NULL)
		return without_journal(why);
	struct gathering gathering = {since, until, json_object_new_object(),
	                              json_object_new_object()};
	json_set_number(gathering.requests, "total", 0);
	json_set_number(gathering.requests, "bytes", 0);
	json_object_object_add(gathering.requests, "statuses", json_object_new_object());
	json_object_object_add(gathering.requests, "slowest", json_object_new_array());
	make_buckets(&gathering);
	int error = read_journal(journal, &gathering);
	sd_journal_close(journal);
	add_missing(&gathering);
	json_object_put(gathering.missing);
	if (error >= 0)
		return gathering.requests;
	json_object_put(gathering.requests);
	return without_journal(strerror(-error));
}
