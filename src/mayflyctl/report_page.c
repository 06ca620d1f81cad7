/* Writing the report's page; see report.h. Pictures are SVG, and what they show is told in
 * words as well. */
#include "html.h"
#include "json.h"
#include "report.h"
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

enum { CHART_WIDTH = 720, CHART_HEIGHT = 160, DAY_SECONDS = 86400, WEEK_SECONDS = 7 * DAY_SECONDS };

static const char STYLE[] =
    ":root { color-scheme: light dark; --ink: #1d2733; --soft: #56616e; --line: #d5dbe2;\n"
    "  --paper: #fff; --ground: #f3f5f8; --bar: #2f6f9f; --bad: #a33327 }\n"
    "@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ef; --soft: #a3afbc;\n"
    "  --line: #36414d; --paper: #1b222a; --ground: #12171d; --bar: #6cb0df; --bad: #f08a7c } }\n"
    "body { margin: 0 auto; padding: 1rem; max-width: 50rem; background: var(--ground);\n"
    "  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }\n"
    "h1 { font-size: 1.5rem; margin: .5rem 0 0 } h2 { font-size: 1.1rem; margin: 0 0 .5rem }\n"
    "p { margin: .25rem 0 } .soft { color: var(--soft) } .bad { color: var(--bad) }\n"
    "section { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem;\n"
    "  padding: 1rem; margin: 1rem 0 }\n"
    "dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 1rem;\n"
    "  margin: 0 } dt { color: var(--soft) } dd { margin: 0; font-size: 1.5rem }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "th { text-align: left; font-weight: 600; color: var(--soft) }\n"
    "th, td { padding: .2rem .5rem .2rem 0; vertical-align: top }\n"
    "td { border-top: 1px solid var(--line); overflow-wrap: anywhere }\n"
    ".n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }\n"
    "svg { display: block; width: 100%; height: auto } td svg { min-width: 4rem; height: 1em }\n"
    "rect { fill: var(--bar) } line { stroke: var(--line) }\n";

static struct json_object *get(struct json_object *object, const char *key)
{
	return json_object_object_get(object, key);
}

static void begin_section(FILE *page, const char *heading)
{
	(void)fprintf(page, "<section>\n<h2>%s</h2>\n", heading);
}

static void end_section(FILE *page)
{
	(void)fputs("</section>\n", page);
}

static void write_fact(FILE *page, const char *name, uint64_t value)
{
	(void)fprintf(page, "<div><dt>%s</dt><dd>%" PRIu64 "</dd></div>\n", name, value);
}

static void write_trouble(FILE *page, const char *source, const char *trouble)
{
	(void)fputs("<p class=\"bad\">", page);
	html_text(page, source);
	html_text(page, trouble);
	(void)fputs(".</p>\n", page);
}

static void write_hits_trouble(FILE *page, struct json_object *hits)
{
	char source[PATH_MAX + 32];
	if (hits == NULL) {
		(void)fputs("<p>Nothing is counted: the handler has no --hits.</p>\n", page);
		return;
	}
	(void)snprintf(source, sizeof source,
	               "The counter file %s: ", json_object_get_string(get(hits, "file")));
	if (get(hits, "error") != NULL)
		write_trouble(page, source, json_object_get_string(get(hits, "error")));
	else if (json_number(hits, "damaged") > 0)
		write_trouble(page, source,
		              "damaged; counts may be missing; run \"mayflyctl hits verify\"");
}

static void write_facts(FILE *page, struct json_object *hits, struct json_object *requests)
{
	begin_section(page, "In short");
	(void)fputs("<dl>\n", page);
	if (get(hits, "top") != NULL) {
		write_fact(page, "hits since counting began", json_number(hits, "total"));
		write_fact(page, "resources", json_number(hits, "resources"));
	}
	if (get(requests, "error") == NULL) {
		write_fact(page, "requests in the period", json_number(requests, "total"));
		(void)fputs("<div><dt>sent in the period</dt><dd>", page);
		html_size(page, json_number(requests, "bytes"));
		(void)fputs("</dd></div>\n", page);
	}
	(void)fputs("</dl>\n", page);
	write_hits_trouble(page, hits);
	if (get(requests, "error") != NULL)
		write_trouble(page, "The journal cannot be read: ",
		              json_object_get_string(get(requests, "error")));
	end_section(page);
}

static uint64_t largest(struct json_object *rows, const char *key)
{
	uint64_t most = 0;
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		uint64_t value = json_number(json_object_array_get_idx(rows, i), key);
		if (value > most)
			most = value;
	}
	return most;
}

static void write_hits(FILE *page, struct json_object *hits)
{
	struct json_object *top = get(hits, "top");
	uint64_t most = largest(top, "count");
	begin_section(page, "Hits by resource");
	if (most == 0)
		(void)fputs("<p>Nothing has been counted yet.</p>\n", page);
	else
		(void)fputs("<table>\n<tr><th>resource</th><th class=\"n\">hits</th>"
		            "<th><span class=\"soft\">compared</span></th></tr>\n",
		            page);
	for (size_t i = 0; i < json_object_array_length(top); i++) {
		struct json_object *row = json_object_array_get_idx(top, i);
		(void)fputs("<tr>", page);
		html_cell(page, json_object_get_string(get(row, "path")));
		html_number_cell(page, json_number(row, "count"));
		html_bar_cell(page, json_number(row, "count"), most);
		(void)fputs("</tr>\n", page);
	}
	if (most > 0)
		(void)fputs("</table>\n", page);
	end_section(page);
}

static void write_chart_bar(FILE *page, struct json_object *bucket, double x, double width,
                            uint64_t most)
{
	uint64_t requests = json_number(bucket, "requests");
	double height = CHART_HEIGHT * (double)requests / (double)most;
	(void)fprintf(page, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"><title>", x,
	              CHART_HEIGHT - height, width * 0.85, height);
	html_time(page, json_number(bucket, "time"));
	(void)fprintf(page, ": %" PRIu64 " requests, ", requests);
	html_size(page, json_number(bucket, "bytes"));
	(void)fputs("</title></rect>\n", page);
}

/* What the bars of the chart stand for, "an hour" say. */
static const char *name_bucket(struct json_object *requests, char *name, size_t size)
{
	uint64_t weeks = json_number(requests, "bucket_seconds") / WEEK_SECONDS;
	if (weeks > 1)
		(void)snprintf(name, size, "in %" PRIu64 " weeks", weeks);
	else if (weeks == 1)
		(void)snprintf(name, size, "a week");
	else
		(void)snprintf(name, size, "%s",
		               json_number(requests, "bucket_seconds") < DAY_SECONDS ? "an hour"
		                                                                     : "a day");
	return name;
}

static void write_chart(FILE *page, struct json_object *requests)
{
	struct json_object *buckets = get(requests, "buckets");
	size_t count = json_object_array_length(buckets);
	uint64_t most = largest(buckets, "requests");
	char bucket[32], heading[64];
	(void)snprintf(heading, sizeof heading, "Requests %s",
	               name_bucket(requests, bucket, sizeof bucket));
	begin_section(page, heading);
	if (most == 0)
		(void)fputs("<p>There were no requests in the period.</p>\n", page);
	else
		(void)fprintf(page,
		              "<p class=\"soft\">At most %" PRIu64 ".</p>\n"
		              "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
		              "aria-label=\"Requests over time, at most %" PRIu64 " %s\">\n",
		              most, CHART_WIDTH, CHART_HEIGHT + 1, most, bucket);
	double width = (double)CHART_WIDTH / (double)count;
	for (size_t i = 0; i < count && most > 0; i++)
		write_chart_bar(page, json_object_array_get_idx(buckets, i), (double)i * width,
		                width, most);
	if (most > 0)
		(void)fprintf(page, "<line x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n</svg>\n",
		              CHART_WIDTH, CHART_HEIGHT, CHART_HEIGHT);
	end_section(page);
}

static void write_statuses(FILE *page, struct json_object *requests)
{
	struct json_object *statuses = get(requests, "statuses");
	if (json_object_object_length(statuses) == 0)
		return;
	begin_section(page, "Status codes");
	(void)fputs("<table>\n<tr><th>status</th><th class=\"n\">requests</th>"
	            "<th><span class=\"soft\">share</span></th></tr>\n",
	            page);
	for (int status = 100; status < 600; status++) {
		char key[12];
		(void)snprintf(key, sizeof key, "%d", status);
		if (get(statuses, key) == NULL)
			continue;
		(void)fputs("<tr>", page);
		html_cell(page, key);
		html_number_cell(page, json_number(statuses, key));
		html_bar_cell(page, json_number(statuses, key), json_number(requests, "total"));
		(void)fputs("</tr>\n", page);
	}
	(void)fputs("</table>\n", page);
	end_section(page);
}

static void write_slowest(FILE *page, struct json_object *slowest)
{
	if (json_object_array_length(slowest) == 0)
		return;
	begin_section(page, "Slowest requests");
	(void)fputs("<table>\n<tr><th>target</th><th>data</th><th class=\"n\">status</th>"
	            "<th class=\"n\">milliseconds</th></tr>\n",
	            page);
	for (size_t i = 0; i < json_object_array_length(slowest); i++) {
		struct json_object *row = json_object_array_get_idx(slowest, i);
		(void)fputs("<tr>", page);
		html_cell(page, json_object_get_string(get(row, "target")));
		(void)fputs("<td>", page);
		html_time(page, json_number(row, "time"));
		(void)fputs("</td>", page);
		html_number_cell(page, json_number(row, "status"));
		(void)fprintf(page, "<td class=\"n\">%.1f</td></tr>\n",
		              (double)json_number(row, "duration_us") / 1000);
	}
	(void)fputs("</table>\n", page);
	end_section(page);
}

static void write_missing(FILE *page, struct json_object *missing)
{
	if (json_object_array_length(missing) == 0)
		return;
	begin_section(page, "Missing pages");
	(void)fputs("<table>\n<tr><th>target</th><th class=\"n\">asked for</th>"
	            "<th>linked from</th></tr>\n",
	            page);
	for (size_t i = 0; i < json_object_array_length(missing); i++) {
		struct json_object *row = json_object_array_get_idx(missing, i);
		const char *referer = json_object_get_string(get(row, "referer"));
		(void)fputs("<tr>", page);
		html_cell(page, json_object_get_string(get(row, "target")));
		html_number_cell(page, json_number(row, "count"));
		html_cell(page, *referer != '\0' ? referer : "not told");
		(void)fputs("</tr>\n", page);
	}
	(void)fputs("</table>\n", page);
	end_section(page);
}

static void write_lists(FILE *page, struct json_object *requests)
{
	write_statuses(page, requests);
	write_missing(page, get(requests, "missing"));
	write_slowest(page, get(requests, "slowest"));
}

void report_write_page(FILE *page, struct json_object *report)
{
	struct json_object *hits = get(report, "hits");
	struct json_object *requests = get(report, "requests");
	(void)fprintf(page,
	              "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	              "<meta name=\"viewport\" content=\"width=device-width\">\n"
	              "<link rel=\"icon\" href=\"data:,\">\n<title>Mayfly: report</title>\n"
	              "<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>What Mayfly served</h1>\n"
	              "<p class=\"soft\">",
	              STYLE);
	html_time(page, json_number(report, "since"));
	(void)fputs(" to ", page);
	html_time(page, json_number(report, "until"));
	(void)fputs("</p>\n", page);
	write_facts(page, hits, requests);
	if (get(requests, "error") == NULL)
		write_chart(page, requests);
	if (get(hits, "top") != NULL)
		write_hits(page, hits);
	if (get(requests, "error") == NULL)
		write_lists(page, requests);
	(void)fputs("</main>\n</body>\n</html>\n", page);
}
