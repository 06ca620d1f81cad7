/* Printing the page of a report; see report_page.h. Every chart has its figures as text as well. */
#include "report_page.h"
#include "base/html.h"
#include "entry.h"
#include "output.h"
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

enum { CHART_WIDTH = 720, CHART_HEIGHT = 160, DAY = 86400, WEEK = 7 * DAY, MONTHS = 60 };

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
    "td:first-child { min-width: 5rem } .b { width: 25%; min-width: 4rem }\n"
    ".n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }\n"
    "th.n { white-space: normal }\n"
    "svg { display: block; width: 100%; height: auto } td svg { min-width: 4rem; height: 1em }\n"
    "rect { fill: var(--bar) } line { stroke: var(--line) }\n"
    ".axis { display: flex; justify-content: space-between; color: var(--soft);\n"
    "  font-size: .85rem }\n";

/* --- Pieces of HTML. --- */

static void print_view(struct view text)
{
	(void)fwrite(text.data, 1, text.length, stdout);
}

/* Prints text, escaped for HTML. */
static void print_text(const char *text)
{
	static char array[HTML_CHARACTER_MAX * ENTRY_SIZE];
	struct buffer html = BUFFER(array);
	buffer_add_html(&html, view_of(text));
	print_view(buffer_view(&html));
}

static void print_text_cell(const char *text)
{
	(void)fputs("<td>", stdout);
	print_text(text);
	(void)fputs("</td>", stdout);
}

static void print_number_cell(uint64_t number)
{
	printf("<td class=\"n\">%" PRIu64 "</td>", number);
}

/* Prints a bar whose length is the value's share of the largest. */
static void print_bar_cell(uint64_t value, uint64_t largest)
{
	printf("<td class=\"b\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
	       "aria-hidden=\"true\"><rect width=\"%.1f\" height=\"10\"/></svg></td>",
	       largest == 0 ? 0.0 : 100.0 * (double)value / (double)largest);
}

/* Prints a local time. */
static void print_time(time_t time)
{
	struct tm date;
	char text[64];
	if (localtime_r(&time, &date) == NULL)
		return;
	(void)strftime(text, sizeof text, "%Y-%m-%d %H:%M", &date); /* cannot fail: the text fits */
	(void)fputs(text, stdout);
}

/* Prints a local time and its zone. */
static void print_time_and_zone(time_t time)
{
	struct tm date;
	char zone[32];
	print_time(time);
	if (localtime_r(&time, &date) != NULL && strftime(zone, sizeof zone, " %Z", &date) > 0)
		print_text(zone);
}

static void print_size(uint64_t bytes)
{
	char array[32];
	struct buffer size = BUFFER(array);
	buffer_add_size(&size, bytes, SIZE_DECIMAL);
	print_view(buffer_view(&size));
}

static void begin_section(const char *heading)
{
	printf("<section>\n<h2>%s</h2>\n", heading);
}

static void end_section(void)
{
	(void)fputs("</section>\n", stdout);
}

static void print_fact(const char *name, uint64_t value)
{
	printf("<div><dt>%s</dt><dd>%" PRIu64 "</dd></div>\n", name, value);
}

/* `file` is NULL for the journal. */
static void print_problem(const char *file, const char *problem)
{
	(void)fputs("<p class=\"bad\">", stdout);
	(void)fputs(file != NULL ? "The counter file " : "The journal cannot be read", stdout);
	print_text(file != NULL ? file : "");
	(void)fputs(": ", stdout);
	print_text(problem);
	(void)fputs(".</p>\n", stdout);
}

static void print_damage(const char *file)
{
	char problem[5 * PATH_MAX];
	(void)snprintf(problem, sizeof problem,
	               "damaged; counts may be missing; run \"mayflyctl hits verify --hits %s\"",
	               output_quoted(file));
	print_problem(file, problem);
}

/* Ends a table, and says how many rows it leaves out. */
static void end_table(size_t shown, size_t all)
{
	(void)fputs("</table>\n", stdout);
	if (shown < all)
		printf("<p class=\"soft\">and %zu more</p>\n", all - shown);
}

static void print_paragraph(const char *text)
{
	printf("<p>%s</p>\n", text);
}

/* --- The sections. --- */

static bool has_hits(const struct report *report)
{
	return *report->hits_file != '\0' && report->hits_error == NULL;
}

static void print_problems(const struct report *report)
{
	if (*report->hits_file == '\0')
		(void)fputs("<p>Nothing is counted: the handler has no --hits.</p>\n", stdout);
	else if (report->hits_error != NULL)
		print_problem(report->hits_file, report->hits_error);
	else if (report->damaged > 0)
		print_damage(report->hits_file);
	if (report->robots_error != NULL)
		print_problem(report->robots_file, report->robots_error);
	if (report->journal_error != NULL)
		print_problem(NULL, report->journal_error);
}

/* Hits of robots, and their share of all. */
static void print_robots(const struct report *report)
{
	double all = (double)report->hits + (double)report->robots_hits;
	printf("<div><dt>hits of robots</dt><dd>%" PRIu64 " (%.0f%%)</dd></div>\n",
	       report->robots_hits, all > 0 ? 100 * (double)report->robots_hits / all : 0.0);
}

static void print_summary(const struct report *report)
{
	begin_section("Summary");
	(void)fputs("<dl>\n", stdout);
	if (has_hits(report)) {
		print_fact("hits since counting began", report->hits);
		print_fact("resources", report->resources);
		if (report->has_robots)
			print_robots(report);
	}
	if (report->journal_error == NULL) {
		print_fact("requests in the period", report->requests);
		(void)fputs("<div><dt>sent in the period</dt><dd>", stdout);
		print_size(report->bytes);
		(void)fputs("</dd></div>\n", stdout);
	}
	(void)fputs("</dl>\n", stdout);
	print_problems(report);
	end_section();
}

/* What one bar of the chart stands for. */
static const char *bucket_name(const struct report *report, char *name, size_t size)
{
	time_t weeks = report->bucket_seconds / WEEK;
	if (weeks > 1)
		(void)snprintf(name, size, "per %jd weeks", (intmax_t)weeks);
	else
		(void)snprintf(name, size, "per %s",
		               weeks == 1                     ? "week"
		               : report->bucket_seconds < DAY ? "hour"
		                                              : "day");
	return name;
}

static void print_chart_bar(const struct report_bucket *bucket, double x, double width,
                            uint64_t largest)
{
	double height = CHART_HEIGHT * (double)bucket->requests / (double)largest;
	printf("<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"><title>", x,
	       CHART_HEIGHT - height, width * 0.85, height);
	print_time(bucket->start);
	printf(": %" PRIu64 " requests, ", bucket->requests);
	print_size(bucket->bytes);
	(void)fputs("</title></rect>\n", stdout);
}

/* The dates of the first, the middle and the last bar; the hours if bars are hours. */
static void print_axis(const struct report *report)
{
	bool has_hours = report->bucket_seconds < DAY;
	size_t last = report->bucket_count - 1, shown[] = {0, last / 2, last};
	(void)fputs("<div class=\"axis\">", stdout);
	for (size_t i = 0; i < 3; i++) {
		struct tm date;
		char text[64];
		if ((i > 0 && shown[i] == shown[i - 1]) ||
		    localtime_r(&report->buckets[shown[i]].start, &date) == NULL)
			continue;
		size_t length = has_hours ? strftime(text, sizeof text, "%Y-%m-%d %H:%M", &date)
		                          : strftime(text, sizeof text, "%Y-%m-%d", &date);
		printf("<span>%.*s</span>", (int)length, text);
	}
	(void)fputs("</div>\n", stdout);
}

static void print_chart(const struct report *report)
{
	uint64_t largest = 0;
	char name[32], heading[64];
	for (size_t i = 0; i < report->bucket_count; i++)
		if (report->buckets[i].requests > largest)
			largest = report->buckets[i].requests;
	(void)snprintf(heading, sizeof heading, "Requests %s",
	               bucket_name(report, name, sizeof name));
	begin_section(heading);
	if (largest == 0) {
		(void)fputs("<p>No requests in the period.</p>\n", stdout);
		end_section();
		return;
	}
	printf("<p class=\"soft\">At most %" PRIu64 ".</p>\n"
	       "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
	       "aria-label=\"Requests over time, at most %" PRIu64 " %s\">\n",
	       largest, CHART_WIDTH, CHART_HEIGHT + 1, largest, name);
	double width = (double)CHART_WIDTH / (double)report->bucket_count;
	for (size_t i = 0; i < report->bucket_count; i++)
		print_chart_bar(&report->buckets[i], (double)i * width, width, largest);
	printf("<line x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n</svg>\n", CHART_WIDTH,
	       CHART_HEIGHT, CHART_HEIGHT);
	print_axis(report);
	end_section();
}

static void print_hits(const struct report *report)
{
	struct counts top = report->top; /* a copy: reading moves its position */
	struct count count;
	uint64_t most = 0;
	begin_section("Hits by resource");
	if (top.size == 0) {
		(void)fputs("<p>Nothing has been counted yet.</p>\n", stdout);
		end_section();
		return;
	}
	(void)fputs("<table>\n<tr><th>resource</th><th class=\"n\">hits</th>"
	            "<th><span class=\"soft\">compared</span></th></tr>\n",
	            stdout);
	counts_rewind(&top);
	while (counts_next(&top, &count)) {
		most = count.count > most ? count.count : most;
		(void)fputs("<tr>", stdout);
		print_text_cell(counts_shown(count.path, count.path_length));
		print_number_cell(count.count);
		print_bar_cell(count.count, most);
		(void)fputs("</tr>\n", stdout);
	}
	end_table(top.size, report->resources);
	end_section();
}

/* --- The history. --- */

static void print_months(const struct report_history *history)
{
	uint64_t most = 0;
	begin_section("Hits by month");
	for (size_t i = 0; i < history->months.count; i++)
		if (history->months.rows[i].hits > most)
			most = history->months.rows[i].hits;
	if (!history->months.has_history) {
		print_paragraph("No snapshot was taken yet: mayfly-history.timer takes one every "
		                "night.");
		end_section();
		return;
	}
	if (history->months.count == 0)
		print_paragraph("No hits are recorded up to the end of the period.");
	(void)fputs("<table>\n<tr><th>month</th><th class=\"n\">hits</th>"
	            "<th><span class=\"soft\">compared</span></th></tr>\n",
	            stdout);
	size_t all = history->months.count, shown = all < MONTHS ? all : MONTHS;
	for (size_t i = all; i > all - shown; i--) {
		const struct history_row *row = &history->months.rows[i - 1];
		(void)fputs("<tr>", stdout);
		print_text_cell(history_row_name(&history->months, row));
		print_number_cell(row->hits);
		print_bar_cell(row->hits, most);
		(void)fputs("</tr>\n", stdout);
	}
	end_table(shown, all);
	end_section();
}

/* The change from the period before, in percent; "new" if there were no hits then. */
static void print_change(const struct report_trend *trend)
{
	double change = 0;
	if (trend->before == 0) {
		print_text_cell("new");
		return;
	}
	change = 100 * ((double)trend->now / (double)trend->before - 1);
	printf("<td class=\"n\">%+.0f%%</td>", change);
}

static void print_trends(const struct report_history *history)
{
	begin_section("Most read in the period");
	if (history->trend_count == 0) {
		print_paragraph("The history has no hits of these days.");
		end_section();
		return;
	}
	printf("<table>\n<tr><th>resource</th><th class=\"n\">hits</th>%s</tr>\n",
	       history->has_before ? "<th class=\"n\">period before</th><th class=\"n\">change</th>"
	                           : "");
	for (size_t i = 0; i < history->trend_count; i++) {
		const struct report_trend *row = &history->trends[i];
		(void)fputs("<tr>", stdout);
		print_text_cell(row->path);
		print_number_cell(row->now);
		if (history->has_before) {
			print_number_cell(row->before);
			print_change(row);
		}
		(void)fputs("</tr>\n", stdout);
	}
	end_table(history->trend_count, history->resources);
	if (!history->has_before)
		printf("<p class=\"soft\">There are no hits of the period before to compare "
		       "with.</p>\n");
	end_section();
}

static void print_history(const struct report_history *history)
{
	if (history->error == NULL) {
		print_trends(history);
		print_months(history);
		return;
	}
	begin_section("Hits by month");
	(void)fputs("<p class=\"bad\">The history cannot be read: ", stdout);
	print_text(history->error);
	(void)fputs(".</p>\n", stdout);
	end_section();
}

/* --- Where visitors came from. --- */

static void print_tally(const struct tally *tally, const char *heading, const char *column,
                        const char *number, const char *nothing)
{
	size_t shown = tally->count < REPORT_ROWS ? tally->count : REPORT_ROWS;
	begin_section(heading);
	if (shown == 0) {
		print_paragraph(nothing);
		end_section();
		return;
	}
	printf("<table>\n<tr><th>%s</th><th class=\"n\">%s</th>"
	       "<th><span class=\"soft\">compared</span></th></tr>\n",
	       column, number);
	for (size_t i = 0; i < shown; i++) {
		(void)fputs("<tr>", stdout);
		print_text_cell(tally->rows[i].text);
		print_number_cell(tally->rows[i].count);
		print_bar_cell(tally->rows[i].count, tally->rows[0].count);
		(void)fputs("</tr>\n", stdout);
	}
	end_table(shown, tally->count);
	end_section();
}

static void print_sources(const struct report_sources *sources)
{
	print_tally(&sources->referrers, "Sites that link here", "site", "requests",
	            "No request of the period came from another site.");
	print_tally(&sources->entry_pages, "Entry pages", "target", "requests",
	            "No page was requested in the period.");
	if (sources->subscribers.count > 0)
		print_tally(&sources->subscribers, "Subscribers of feeds", "feed and reader",
		            "subscribers", "");
}

static void print_statuses(const struct report *report)
{
	if (report->requests == 0)
		return;
	begin_section("Status codes");
	(void)fputs("<table>\n<tr><th>status</th><th class=\"n\">requests</th>"
	            "<th><span class=\"soft\">share</span></th></tr>\n",
	            stdout);
	for (int status = REPORT_STATUS_MIN; status <= REPORT_STATUS_MAX; status++) {
		if (report->statuses[status] == 0)
			continue;
		printf("<tr><td>%d</td>", status);
		print_number_cell(report->statuses[status]);
		print_bar_cell(report->statuses[status], report->requests);
		(void)fputs("</tr>\n", stdout);
	}
	(void)fputs("</table>\n", stdout);
	end_section();
}

static void print_missing(const struct report *report)
{
	if (report->missing_count == 0)
		return;
	begin_section("Missing pages");
	(void)fputs("<table>\n<tr><th>target</th><th class=\"n\">requests</th>"
	            "<th>linked from</th></tr>\n",
	            stdout);
	for (size_t i = 0; i < report->missing_count; i++) {
		const struct report_missing *row = &report->missing[i];
		(void)fputs("<tr>", stdout);
		print_text_cell(row->target);
		print_number_cell(row->count);
		print_text_cell(*row->referer != '\0' ? row->referer : "unknown");
		(void)fputs("</tr>\n", stdout);
	}
	end_table(report->missing_count, report->missing_total);
	end_section();
}

static void print_slowest(const struct report *report)
{
	if (report->slowest_count == 0)
		return;
	begin_section("Slowest requests");
	(void)fputs("<table>\n<tr><th>target</th><th>time</th><th class=\"n\">status</th>"
	            "<th class=\"n\">milliseconds</th></tr>\n",
	            stdout);
	for (size_t i = 0; i < report->slowest_count; i++) {
		const struct report_slow *row = &report->slowest[i];
		(void)fputs("<tr>", stdout);
		print_text_cell(row->target);
		(void)fputs("<td>", stdout);
		print_time(row->time);
		(void)fputs("</td>", stdout);
		print_number_cell(row->status);
		printf("<td class=\"n\">%.1f</td></tr>\n", (double)row->duration_us / 1000);
	}
	(void)fputs("</table>\n", stdout);
	end_section();
}

void report_page_print(const struct report *report)
{
	printf("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	       "<meta name=\"viewport\" content=\"width=device-width\">\n"
	       "<link rel=\"icon\" href=\"data:,\">\n<title>Mayfly report</title>\n"
	       "<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>Mayfly report</h1>\n"
	       "<p class=\"soft\">",
	       STYLE);
	print_time_and_zone(report->since);
	(void)fputs(" to ", stdout);
	print_time_and_zone(report->until);
	if (report->site != NULL) {
		(void)fputs(", site ", stdout);
		print_text(report->site);
	}
	(void)fputs("</p>\n", stdout);
	print_summary(report);
	if (report->journal_error == NULL)
		print_chart(report);
	if (has_hits(report))
		print_history(&report->history);
	if (has_hits(report))
		print_hits(report);
	if (report->journal_error == NULL) {
		print_sources(&report->sources);
		print_statuses(report);
		print_missing(report);
		print_slowest(report);
	}
	(void)fputs("</main>\n</body>\n</html>\n", stdout);
}
