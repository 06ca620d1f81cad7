/* `mayflyctl report`: the figures of a period as a page or as JSON. */
#include "bus.h"
#include "command.h"
#include "hits_file.h"
#include "output.h"
#include "report.h"
#include "report_page.h"
#include "when.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>

enum { WEEK = 7 * 86400 };

#define NOT_GIVEN INT64_MIN

static struct report_options {
	time_t since, until;
	const char *site;           /* NULL: all */
	const char *hits;           /* NULL: that of the site */
	const char *output;         /* NULL: standard output */
	struct journal_users users; /* of --user */
	bool json;
} options = {.since = NOT_GIVEN, .until = NOT_GIVEN};

static struct report report; /* too large for a stack */

/* The end of the current second: the period includes requests of this second. */
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

/* --- JSON. --- */

/* Adds a path or a target, and its site if there are several. */
static void add_place(struct json_object *row, const char *key, const char *text)
{
	int site_length = 0;
	const char *place = report.has_several_sites ? report_split(text, &site_length) : text;
	if (report.has_several_sites)
		json_object_object_add(row, "site", json_object_new_string_len(text, site_length));
	output_json_add_string(row, key, place);
}

static struct json_object *top_to_json(void)
{
	struct json_object *top = json_object_new_array();
	struct count count;
	counts_rewind(&report.top);
	while (counts_next(&report.top, &count)) {
		struct json_object *row = json_object_new_object();
		add_place(row, "path", counts_shown(count.path, count.path_length));
		output_json_add_number(row, "hits", count.count);
		json_object_array_add(top, row);
	}
	return top;
}

static struct json_object *months_to_json(void)
{
	struct json_object *months = json_object_new_array();
	for (size_t i = 0; i < report.history.months.count; i++) {
		const struct history_row *row = &report.history.months.rows[i];
		struct json_object *month = json_object_new_object();
		output_json_add_string(month, "period",
		                       history_row_name(&report.history.months, row));
		output_json_add_number(month, "hits", row->hits);
		json_object_array_add(months, month);
	}
	return months;
}

/* "before" is null if the history does not reach back that far. */
static struct json_object *trends_to_json(void)
{
	struct json_object *trends = json_object_new_array();
	for (size_t i = 0; i < report.history.trend_count; i++) {
		const struct report_trend *row = &report.history.trends[i];
		struct json_object *trend = json_object_new_object();
		add_place(trend, "path", row->path);
		output_json_add_number(trend, "hits", row->now);
		if (report.history.has_before)
			output_json_add_number(trend, "before", row->before);
		else
			json_object_object_add(trend, "before", NULL);
		json_object_array_add(trends, trend);
	}
	return trends;
}

/* NULL: nothing is counted. */
static struct json_object *hits_to_json(void)
{
	if (*report.hits_file == '\0')
		return NULL;
	struct json_object *hits = json_object_new_object();
	if (!report.has_several_sites || report.hits_error != NULL)
		output_json_add_string(hits, "file", report.hits_file);
	if (report.hits_error != NULL) {
		output_json_add_string(hits, "error", report.hits_error);
		return hits;
	}
	output_json_add_number(hits, "resources", report.resources);
	output_json_add_number(hits, "total", report.hits);
	output_json_add_number(hits, "damaged", report.damaged);
	json_object_object_add(hits, "top", top_to_json());
	if (report.has_robots)
		output_json_add_number(hits, "robots", report.robots_hits);
	if (report.robots_error != NULL)
		output_json_add_string(hits, "robots_error", report.robots_error);
	if (report.history.error != NULL)
		output_json_add_string(hits, "history_error", report.history.error);
	else {
		json_object_object_add(hits, "months", months_to_json());
		json_object_object_add(hits, "trends", trends_to_json());
	}
	return hits;
}

static struct json_object *statuses_to_json(void)
{
	struct json_object *statuses = json_object_new_object();
	char status[sizeof "599"];
	for (int code = REPORT_STATUS_MIN; code <= REPORT_STATUS_MAX; code++) {
		(void)snprintf(status, sizeof status, "%d", code);
		if (report.statuses[code] > 0)
			output_json_add_number(statuses, status, report.statuses[code]);
	}
	return statuses;
}

static struct json_object *buckets_to_json(void)
{
	struct json_object *buckets = json_object_new_array();
	for (size_t i = 0; i < report.bucket_count; i++) {
		struct json_object *bucket = json_object_new_object();
		output_json_add_number(bucket, "time", (uint64_t)report.buckets[i].start);
		output_json_add_number(bucket, "requests", report.buckets[i].requests);
		output_json_add_number(bucket, "bytes", report.buckets[i].bytes);
		json_object_array_add(buckets, bucket);
	}
	return buckets;
}

static struct json_object *slowest_to_json(void)
{
	struct json_object *slowest = json_object_new_array();
	for (size_t i = 0; i < report.slowest_count; i++) {
		struct json_object *row = json_object_new_object();
		output_json_add_number(row, "time", (uint64_t)report.slowest[i].time);
		add_place(row, "target", report.slowest[i].target);
		output_json_add_number(row, "status", report.slowest[i].status);
		output_json_add_number(row, "duration_usec", report.slowest[i].duration_us);
		json_object_array_add(slowest, row);
	}
	return slowest;
}

static struct json_object *missing_to_json(void)
{
	struct json_object *rows = json_object_new_array();
	for (size_t i = 0; i < report.missing_count; i++) {
		struct json_object *row = json_object_new_object();
		add_place(row, "target", report.missing[i].target);
		output_json_add_number(row, "requests", report.missing[i].count);
		output_json_add_string(row, "referer", report.missing[i].referer);
		json_object_array_add(rows, row);
	}
	return rows;
}

static struct json_object *tally_to_json(const struct tally *tally, const char *key,
                                         const char *number)
{
	struct json_object *rows = json_object_new_array();
	for (size_t i = 0; i < tally->count && i < REPORT_ROWS; i++) {
		struct json_object *row = json_object_new_object();
		output_json_add_string(row, key, tally->rows[i].text);
		output_json_add_number(row, number, tally->rows[i].count);
		json_object_array_add(rows, row);
	}
	return rows;
}

static struct json_object *requests_to_json(void)
{
	struct json_object *requests = json_object_new_object();
	if (report.journal_error != NULL) {
		output_json_add_string(requests, "error", report.journal_error);
		return requests;
	}
	output_json_add_number(requests, "total", report.requests);
	output_json_add_number(requests, "bytes", report.bytes);
	json_object_object_add(requests, "statuses", statuses_to_json());
	output_json_add_number(requests, "bucket_seconds", (uint64_t)report.bucket_seconds);
	json_object_object_add(requests, "buckets", buckets_to_json());
	json_object_object_add(requests, "slowest", slowest_to_json());
	json_object_object_add(requests, "missing", missing_to_json());
	json_object_object_add(requests, "referrers",
	                       tally_to_json(&report.sources.referrers, "host", "requests"));
	json_object_object_add(requests, "entry_pages",
	                       tally_to_json(&report.sources.entry_pages, "target", "requests"));
	json_object_object_add(requests, "subscribers",
	                       tally_to_json(&report.sources.subscribers, "feed", "subscribers"));
	return requests;
}

static void print_json(void)
{
	struct json_object *object = json_object_new_object();
	output_json_add_number(object, "since", (uint64_t)report.since);
	output_json_add_number(object, "until", (uint64_t)report.until);
	if (report.site != NULL)
		output_json_add_string(object, "site", report.site);
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

/* Gathers the hits of the site. If it counts nothing, the page says so. */
static enum exit_status gather_hits_of_site(bool is_known)
{
	static char file[PATH_MAX];
	if (hits_file_find(options.hits, options.site, file) != EXIT_DONE && !is_known)
		return EXIT_FAILED;
	/* The counter file of an installed site is created with the first hit. */
	report_gather_hits(&report, file, options.hits == NULL);
	return EXIT_DONE;
}

/* Gathers the hits of the site, or of all sites. */
static enum exit_status gather_hits(void)
{
	static struct site_list sites;
	sd_bus *bus;
	if (options.hits != NULL)
		return gather_hits_of_site(false);
	const char *problem = bus_open(&bus);
	if (problem != NULL)
		return bus_is_absent(errno) ? gather_hits_of_site(options.site == NULL)
		                            : command_error("%s", problem);
	site_list_find(&sites, bus);
	report.has_several_sites = options.site == NULL && sites.count > 1;
	if (report.has_several_sites)
		report_gather_hits_of_sites(&report, &sites, bus);
	problem = bus_close(bus);
	if (problem != NULL)
		return command_error("%s", problem);
	if (options.site != NULL && site_list_get(&sites, options.site) == NULL)
		return site_unknown(options.site);
	return report.has_several_sites ? EXIT_DONE : gather_hits_of_site(true);
}

static enum exit_status run_report(char **operands, int count)
{
	(void)operands;
	(void)count;
	report.until = options.until != NOT_GIVEN ? options.until : now();
	report.since = options.since != NOT_GIVEN ? options.since : now() - WEEK;
	report.site = options.site;
	if (report.since < 0 || report.since >= report.until)
		return command_usage_error("--since is not earlier than --until");
	enum exit_status status = gather_hits();
	if (status != EXIT_DONE)
		return status;
	report_gather_requests(&report, &options.users);
	return print_report(report.hits_file);
}

static const struct command_option OPTIONS[] = {
    {.row = {0, "since", "WHEN", "report from WHEN on, as for log (default -7d)"},
     .parse = parse_time,
     .destination = &options.since},
    {.row = {0, "until", "WHEN", "report up to WHEN (default now)"},
     .parse = parse_time,
     .destination = &options.until},
    {.row = SITE_ROW, .parse = option_text, .destination = &options.site},
    {.row = HITS_FILE_ROW, .parse = option_file, .destination = &options.hits},
    {.row = {0, "output", "FILE", "write to FILE; replace it only when complete"},
     .parse = option_file,
     .destination = &options.output},
    {.row = {0, "user", "USER", "also trust entries of this user's handlers; repeatable"},
     .parse = option_user,
     .destination = &options.users},
    {.row = {0, "json", "", "print JSON"}, .parse = option_flag, .destination = &options.json},
    {.row = {0}},
};

const struct command command_report = {
    .name = "report",
    .operands = "",
    .summary = "write an HTML page about what was served",
    .description =
        "Write an HTML page to standard output: hits by resource and month, requests over\n"
        "time, sites that link here, status codes, missing pages, slowest requests.\n"
        "If the counter file or the journal cannot be read, the page says so.\n",
    .options = OPTIONS,
    .run = run_report,
};
