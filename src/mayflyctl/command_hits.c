/* `mayflyctl hits`: shows the hits of each resource, for people and for other programs. */
#include "bar.h"
#include "bus.h"
#include "command.h"
#include "hits_by.h"
#include "hits_figures.h"
#include "hits_file.h"
#include "output.h"
#include "site_list.h"
#include "when.h"
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

enum {
	GAP = 2,
	SHARE_WIDTH = 6, /* "100.0%" */
	PATH_MIN = 16,   /* with a smaller column for paths there is no bar */
};

#define NOT_GIVEN INT64_MIN

enum hits_format { HITS_TABLE, HITS_JSON, HITS_TSV, HITS_OPENMETRICS };

static struct hits_list_options {
	const char *site;   /* NULL: all */
	const char *file;   /* NULL: that of the site */
	const char *output; /* NULL: standard output */
	uint64_t top;
	int order;  /* enum counts_order */
	int format; /* enum hits_format */
	bool by_host, robots;
	bool by_period;      /* of --by */
	int unit;            /* enum calendar_unit, of --by */
	time_t since, until; /* NOT_GIVEN */
} options = {.top = SIZE_MAX, .since = NOT_GIVEN, .until = NOT_GIVEN};

/* The counts to show, in order, and figures of the whole file. */
struct hits_listing {
	const char *site; /* NULL: unknown */
	const char *file;
	struct counts counts;
	uint64_t total;           /* hits of the file: a share of 1 */
	uint64_t resources;       /* of the file */
	uint64_t damaged;         /* parts of the file that were skipped */
	struct history_rows rows; /* of --by, instead of the counts */
};

/* The figures of the sites that are shown. */
static struct hits_figures figures[SITES_MAX];
static size_t figure_count;

/* What a count belongs to: the name of its column, and of its member and label. */
static const char *key_name(void)
{
	return options.by_host ? "host" : "path";
}

static const char *metric_name(void)
{
	if (options.robots)
		return options.by_host ? "mayfly_robot_host_hits_total"
		                       : "mayfly_robot_resource_hits_total";
	return options.by_host ? "mayfly_host_hits_total" : "mayfly_hits_total";
}

/* 0 to 1. */
static double share_of(const struct hits_listing *listing, const struct count *count)
{
	return listing->total > 0 ? (double)count->count / (double)listing->total : 0;
}

/*
 * Reads the figures of the site that the list is of. With --robots, the list is all there is. Returns
 * EXIT_DONE, or EXIT_FAILED after an error message.
 */
static enum exit_status add_figures(const struct hits_listing *listing)
{
	enum exit_status status = EXIT_DONE;
	struct hits_figures *added = &figures[figure_count++];
	if (listing->site != NULL)
		(void)snprintf(added->site, sizeof added->site, "%s", listing->site);
	added->hits = listing->total;
	if (!options.robots)
		status = hits_figures_read_robots(added, options.file, listing->site);
	if (!options.robots && options.format == HITS_OPENMETRICS)
		hits_figures_read_lost(added, listing->site);
	return status;
}

/* The figures of the list that is printed. */
static const struct hits_figures *last_figures(void)
{
	return &figures[figure_count - 1];
}

/* --- The table on a terminal. --- */

struct table {
	size_t count, path; /* widths of the columns */
	struct bar bar;     /* if its width is 0, there are no bars */
};

static size_t digits_of(uint64_t number)
{
	size_t digits = 1;
	for (; number >= 10; number /= 10)
		digits++;
	return digits;
}

/* Gives paths the width that they need, and bars the rest. */
static struct table table_measure(struct hits_listing *listing, size_t columns)
{
	struct table table = {.count = strlen("HITS"),
	                      .bar = {.utf8 = output_has_utf8(), .coloured = output_has_colour()}};
	size_t longest = 0;
	struct count count;
	counts_rewind(&listing->counts);
	while (counts_next(&listing->counts, &count)) {
		size_t length = strlen(counts_shown(count.path, count.path_length)),
		       digits = digits_of(count.count);
		longest = length > longest ? length : longest;
		table.count = digits > table.count ? digits : table.count;
		table.bar.max = count.count > table.bar.max ? count.count : table.bar.max;
	}
	size_t fixed = table.count + GAP + SHARE_WIDTH + GAP;
	size_t room = columns > fixed + PATH_MIN ? columns - fixed : PATH_MIN;
	table.path = room;
	if (room < PATH_MIN + GAP + BAR_WIDTH_MIN)
		return table;
	size_t width = room > longest + GAP ? room - longest - GAP : 0;
	width = width < BAR_WIDTH_MIN ? BAR_WIDTH_MIN : width;
	table.bar.width = width > BAR_WIDTH_MAX ? BAR_WIDTH_MAX : width;
	table.path = room - table.bar.width - GAP;
	return table;
}

static void print_path(const struct table *table, const char *path)
{
	if (strlen(path) <= table->path)
		printf("%s\n", path);
	else
		printf("%.*s...\n", (int)table->path - 3, path);
}

static void print_table(struct hits_listing *listing, size_t columns)
{
	const struct table table = table_measure(listing, columns);
	struct count count;
	printf("%*s%*s%*s%s\n", (int)table.count, "HITS", SHARE_WIDTH + GAP, "SHARE",
	       (int)(table.bar.width > 0 ? GAP + table.bar.width + GAP : GAP), "",
	       options.by_host ? "HOST" : "PATH");
	counts_rewind(&listing->counts);
	while (counts_next(&listing->counts, &count)) {
		printf("%*" PRIu64 "%*.1f%%%*s", (int)table.count, count.count,
		       SHARE_WIDTH + GAP - 1, 100 * share_of(listing, &count), GAP, "");
		if (table.bar.width > 0) {
			size_t drawn = bar_print(&table.bar, count.count);
			printf("%*s", (int)(table.bar.width - drawn + GAP), "");
		}
		print_path(&table, counts_shown(count.path, count.path_length));
	}
	(void)fputs(counts_summary(listing->total, listing->resources), stdout);
	if (!options.by_host && listing->counts.size < listing->resources)
		printf(", %zu of them shown", listing->counts.size);
	if (last_figures()->has_robots)
		printf("; %" PRIu64 " of robots", last_figures()->robots);
	puts("");
}

/* --- Lines for other programs. --- */

/* The table if standard output is not a terminal. */
static void print_tabs(struct hits_listing *listing, bool has_site)
{
	struct count count;
	counts_rewind(&listing->counts);
	while (counts_next(&listing->counts, &count)) {
		printf("%" PRIu64 "\t%.1f%%\t%s", count.count, 100 * share_of(listing, &count),
		       counts_shown(count.path, count.path_length));
		printf("%s%s\n", has_site ? "\t" : "", has_site ? listing->site : "");
	}
}

/* text/tab-separated-values, after a line with the names of the columns. */
static void print_tsv(struct hits_listing *listing, bool has_site)
{
	struct count count;
	counts_rewind(&listing->counts);
	while (counts_next(&listing->counts, &count))
		printf("%" PRIu64 "\t%s%s%s\n", count.count,
		       counts_shown(count.path, count.path_length), has_site ? "\t" : "",
		       has_site ? listing->site : "");
}

/*
 * There is no TYPE line: in OpenMetrics it names the family, mayfly_hits, but in the text format
 * that node_exporter reads it names the sample, mayfly_hits_total; each rejects the other. Paths as
 * in a URL need no escapes in a label.
 */
static void print_openmetrics(struct hits_listing *listing)
{
	struct count count;
	counts_rewind(&listing->counts);
	while (counts_next(&listing->counts, &count)) {
		printf("%s{", metric_name());
		if (listing->site != NULL)
			printf("site=\"%s\",", counts_shown(listing->site, strlen(listing->site)));
		printf("%s=\"%s\"} %" PRIu64 "\n", key_name(),
		       counts_shown(count.path, count.path_length), count.count);
	}
}

/* One line per resource. A path as in a URL needs no escapes in a string. */
static void print_json(struct hits_listing *listing)
{
	struct count count;
	const char *separator = "";
	printf("{\n");
	if (listing->site != NULL) {
		printf("  \"site\": ");
		output_json_compact(json_object_new_string(listing->site));
		printf(",\n");
	}
	printf("  \"file\": ");
	output_json_compact(json_object_new_string(listing->file));
	printf(",\n  \"total\": %" PRIu64 ",\n  \"resources\": %" PRIu64
	       ",\n  \"damaged\": %" PRIu64,
	       listing->total, listing->resources, listing->damaged);
	if (last_figures()->has_robots)
		printf(",\n  \"robots\": %" PRIu64, last_figures()->robots);
	printf(",\n  \"counts\": [");
	counts_rewind(&listing->counts);
	for (; counts_next(&listing->counts, &count); separator = ",")
		printf("%s\n    {\"%s\": \"%s\", \"hits\": %" PRIu64 ", \"share\": %.6f}",
		       separator, key_name(), counts_shown(count.path, count.path_length),
		       count.count, share_of(listing, &count));
	printf("%s]\n}", *separator != '\0' ? "\n  " : "");
}

/* --- The list of one site, and those of several. --- */

static void print_begin(bool has_several)
{
	if (options.format == HITS_JSON && has_several)
		puts("{\"sites\": [");
	if (options.format == HITS_TSV && options.by_period)
		hits_by_print_tsv_names(has_several);
	else if (options.format == HITS_TSV)
		printf("hits\t%s%s\n", key_name(), has_several ? "\tsite" : "");
	if (options.format == HITS_OPENMETRICS)
		printf("# HELP %s Hits of a %s.\n", metric_name(),
		       options.by_host ? "host" : "resource");
}

static void print_end(bool has_several)
{
	if (options.format == HITS_JSON && !options.by_period)
		puts(has_several ? "\n]}" : "");
	else if (options.format == HITS_JSON && has_several)
		puts("]}");
	if (options.format == HITS_OPENMETRICS && !options.robots)
		hits_figures_print_openmetrics(figures, figure_count);
	if (options.format == HITS_OPENMETRICS)
		puts("# EOF");
}

static void print_table_of(struct hits_listing *listing, bool has_several)
{
	size_t columns = output_columns();
	if (columns == 0) {
		print_tabs(listing, has_several);
		return;
	}
	if (has_several)
		printf("Site %s\n", output_escaped(listing->site));
	if (listing->counts.size > 0)
		print_table(listing, columns);
	if (has_several && listing->counts.size == 0)
		puts("No hits.");
}

static void print_periods(const struct hits_listing *listing, bool has_several)
{
	const struct history_rows *rows = &listing->rows;
	const char *site = has_several ? listing->site : NULL;
	if (options.format == HITS_JSON)
		hits_by_print_json(rows, listing->site, listing->file);
	else if (options.format == HITS_TSV || output_columns() == 0)
		hits_by_print_tsv(rows, site);
	else
		hits_by_print_table(rows, site);
}

/* `position`: of the list among those of several sites. */
static void print_listing(struct hits_listing *listing, bool has_several, size_t position)
{
	bool is_table = options.format == HITS_TABLE && output_columns() > 0;
	if (position > 0 && (is_table || options.format == HITS_JSON))
		(void)fputs(is_table ? "\n" : ",\n", stdout);
	if (options.by_period) {
		print_periods(listing, has_several);
		return;
	}
	switch ((enum hits_format)options.format) {
	case HITS_JSON:
		print_json(listing);
		return;
	case HITS_TSV:
		print_tsv(listing, has_several);
		return;
	case HITS_OPENMETRICS:
		print_openmetrics(listing);
		return;
	case HITS_TABLE:
		print_table_of(listing, has_several);
	}
}

/* --- Reading the counts. --- */

/* Replaces the counts by the sum of each host: paths of --vhosts begin with two slashes and it. */
static void sum_by_host(struct counts *counts, const char *glob)
{
	struct counts hosts = {0};
	struct count count;
	counts_rewind(counts);
	while (counts_next(counts, &count)) {
		bool has_host = strncmp(count.path, "//", 2) == 0;
		const char *host = has_host ? count.path + 2 : "-";
		if (glob == NULL || counts_match(glob, count.path))
			counts_add(&hosts, host, strcspn(host, "/"), count.count);
	}
	if (hosts.problem == NULL)
		hosts.problem = counts->problem;
	(void)counts_combine(&hosts);
	counts_free(counts);
	*counts = hosts;
}

/* Reads the history and the file, which may be missing. Returns NULL or an error. */
static const char *load_periods(struct hits_listing *listing, const char *glob)
{
	struct history_query query = HISTORY_QUERY((enum calendar_unit)options.unit, time(NULL));
	query.glob = glob;
	if (options.since != NOT_GIVEN)
		query.since = calendar_date(options.since);
	if (options.until != NOT_GIVEN)
		query.until = calendar_date(options.until - 1);
	const char *problem = history_rows_read(&listing->rows, listing->file, &query);
	listing->damaged = listing->rows.damaged;
	errno = 0;
	return problem;
}

/* Reads the file. Returns NULL or an error; errno is as after hits_file_load. */
static const char *load_listing(struct hits_listing *listing, const char *glob)
{
	if (options.by_period)
		return load_periods(listing, glob);
	const char *problem = hits_file_load(listing->file, &listing->counts, &listing->damaged);
	int error = errno;
	listing->total = listing->counts.total;
	listing->resources = listing->counts.size;
	if (options.by_host)
		sum_by_host(&listing->counts, glob);
	counts_select(&listing->counts, options.by_host ? NULL : glob,
	              (enum counts_order)options.order, options.top);
	errno = error;
	return problem;
}

/* --- The command. --- */

/* To standard error, because other programs read standard output. */
static void report_empty(const struct hits_listing *listing)
{
	if (options.by_period) {
		if (!listing->rows.has_history)
			(void)fputs("No snapshot was taken yet; mayfly-history.timer takes one "
			            "every night.\n",
			            stderr);
		else if (listing->rows.count == 0)
			(void)fputs("The history has no such period.\n", stderr);
	} else if (listing->counts.size > 0) {
		return;
	} else if (listing->resources > 0)
		(void)fputs("No resource with hits matches.\n", stderr);
	else if (last_figures()->robots > 0)
		(void)fprintf(
		    stderr,
		    "No hit of a person has been counted yet; \"mayflyctl hits --robots\" "
		    "shows %" PRIu64 " of robots.\n",
		    last_figures()->robots);
	else
		(void)fputs("Nothing has been counted yet.\n", stderr);
}

static enum exit_status report_damage(const struct hits_listing *listing)
{
	if (listing->damaged == 0)
		return EXIT_DONE;
	return command_error("%s: damaged; counts may be missing; run \"mayflyctl hits "
	                     "verify --hits %s\"",
	                     output_escaped(listing->file), output_quoted(listing->file));
}

static enum exit_status write_listing(struct hits_listing *listing)
{
	struct output output;
	enum exit_status status = EXIT_DONE, figures_status = add_figures(listing);
	if (options.output != NULL)
		status = figures_status == EXIT_DONE
		             ? output_begin(&output, options.output, listing->file)
		             : figures_status;
	if (status != EXIT_DONE)
		return status;
	print_begin(false);
	print_listing(listing, false, 0);
	print_end(false);
	const char *problem = listing->counts.problem;
	if (options.output != NULL)
		return problem != NULL ? output_discard(&output, problem) : output_end(&output);
	if (problem != NULL)
		return command_error("%s", problem);
	report_empty(listing);
	return figures_status;
}

static enum exit_status list_site(const char *site, const char *glob)
{
	char file[PATH_MAX];
	struct hits_listing listing = {.site = site, .file = file};
	enum exit_status status = options.robots ? hits_file_find_robots(options.file, site, file)
	                                         : hits_file_find(options.file, site, file);
	const char *problem = status == EXIT_DONE ? load_listing(&listing, glob) : NULL;
	if (problem != NULL)
		status = command_error("%s: %s", output_escaped(file), problem);
	if (status == EXIT_DONE)
		status = write_listing(&listing);
	counts_free(&listing.counts);
	history_rows_free(&listing.rows);
	return status == EXIT_DONE ? report_damage(&listing) : status;
}

/*
 * Prints the list of one of several sites, or reports why it cannot. A file that does not exist yet
 * has no counts.
 */
static enum exit_status print_site(const struct site *site, const char *file, const char *glob,
                                   size_t position)
{
	struct hits_listing listing = {.site = site->name, .file = file};
	enum exit_status status = EXIT_DONE;
	int comparison = options.output != NULL ? file_compare(options.output, file) : 0;
	if (comparison > 0)
		return command_error("%s: this is a counter file", output_escaped(file));
	if (comparison < 0)
		return file_compare_error(options.output, file);
	const char *problem = load_listing(&listing, glob);
	if (problem != NULL && errno != ENOENT) {
		status = command_error("%s: %s", output_escaped(file), problem);
	} else {
		status = add_figures(&listing);
		print_listing(&listing, true, position);
	}
	if (listing.counts.problem != NULL && status == EXIT_DONE)
		status = command_error("%s", listing.counts.problem);
	counts_free(&listing.counts);
	history_rows_free(&listing.rows);
	return status == EXIT_DONE ? report_damage(&listing) : status;
}

static enum exit_status print_sites(const struct site_list *sites, sd_bus *bus, const char *glob)
{
	static struct unit_config config;
	enum exit_status status = EXIT_DONE;
	size_t position = 0;
	print_begin(true);
	for (size_t i = 0; i < sites->count; i++) {
		int error = site_read_config(&sites->all[i], bus, &config);
		unit_config_free(&config);
		const char *file = options.robots ? config.robots : config.hits;
		if (error < 0 || *file == '\0') /* check and bus_close report the first */
			continue;
		if (print_site(&sites->all[i], file, glob, position++) != EXIT_DONE)
			status = EXIT_FAILED;
	}
	print_end(true);
	return status;
}

static enum exit_status write_sites(const struct site_list *sites, sd_bus *bus, const char *glob)
{
	struct output output;
	if (options.output == NULL)
		return print_sites(sites, bus, glob);
	enum exit_status status = output_begin(&output, options.output, DEFAULT_HITS);
	if (status != EXIT_DONE)
		return status;
	status = print_sites(sites, bus, glob);
	const char *missing = bus_find_missing();
	if (missing != NULL)
		return output_discard(&output, missing);
	if (status != EXIT_DONE)
		return output_discard(&output, "not all sites could be read");
	return output_end(&output);
}

static const char *parse_period(const struct command_option *option, const char *value)
{
	options.by_period = true;
	return option_choice(option, value);
}

/* The end of the current second: --until now includes hits of this second. */
static const char *parse_time(const struct command_option *option, const char *value)
{
	return when_parse(value, time(NULL) + 1, option->destination) ? NULL : WHEN_PROBLEM;
}

/* Refuses options that do not apply to a list of periods, or only to it. */
static enum exit_status check_options(void)
{
	bool has_limits = options.since != NOT_GIVEN || options.until != NOT_GIVEN;
	if (!options.by_period && has_limits)
		return command_usage_error("--since and --until require --by");
	if (!options.by_period)
		return EXIT_DONE;
	if (options.by_host || options.top != SIZE_MAX || options.order != COUNTS_BY_HITS ||
	    options.format == HITS_OPENMETRICS)
		return command_usage_error("--by excludes --by-host, --top, --sort and --format "
		                           "openmetrics");
	if (options.since != NOT_GIVEN && options.until != NOT_GIVEN &&
	    options.since >= options.until)
		return command_usage_error("--since is not earlier than --until");
	return EXIT_DONE;
}

static enum exit_status list_hits(char **operands, int count)
{
	static struct site_list sites;
	const char *glob = count > 0 ? operands[0] : NULL;
	sd_bus *bus;
	if (glob != NULL && !counts_can_match(glob))
		return command_unknown_subcommand(glob);
	if (check_options() != EXIT_DONE)
		return EXIT_USAGE;
	if (options.file != NULL || options.site != NULL)
		return list_site(options.site, glob);
	const char *problem = bus_open(&bus);
	if (problem != NULL)
		return bus_is_absent(errno) ? list_site(NULL, glob) : command_error("%s", problem);
	site_list_find(&sites, bus);
	enum exit_status status =
	    sites.count > 1 ? write_sites(&sites, bus, glob) : list_site(SITE_MAIN, glob);
	problem = bus_close(bus);
	return problem == NULL || status != EXIT_DONE ? status : command_error("%s", problem);
}

static const struct command_option OPTIONS[] = {
    {.row = HITS_FILE_ROW, .parse = option_file, .destination = &options.file},
    {.row = HITS_ROBOTS_ROW, .parse = option_flag, .destination = &options.robots},
    {.row = SITE_ROW, .parse = option_text, .destination = &options.site},
    {.row = {0, "by-host", "", "show the hits of each host (mayfly --vhosts)"},
     .parse = option_flag,
     .destination = &options.by_host},
    {.row = {0, "by", "UNIT", "show the hits of each"},
     .parse = parse_period,
     .destination = &options.unit,
     .choices = "day|week|month|year",
     .has_no_default = true},
    {.row = {0, "since", "WHEN", "with --by, show periods from the day of WHEN on"},
     .parse = parse_time,
     .destination = &options.since},
    {.row = {0, "until", "WHEN", "with --by, show periods that begin before WHEN"},
     .parse = parse_time,
     .destination = &options.until},
    {.row = {0, "top", "N", "show only the first N"},
     .parse = option_number,
     .destination = &options.top,
     .max = 999999999},
    {.row = {0, "sort", "KEY", "sort by"},
     .parse = option_choice,
     .destination = &options.order,
     .choices = "hits|path"},
    {.row = {0, "format", "FORMAT", "print as"},
     .parse = option_choice,
     .destination = &options.format,
     .choices = "table|json|tsv|openmetrics"},
    {.row = {0, "json", "", "the same as --format json"},
     .parse = option_set,
     .destination = &options.format,
     .value = HITS_JSON},
    {.row = {0, "output", "FILE", "write to FILE; replace it only when complete"},
     .parse = option_file,
     .destination = &options.output},
    {.row = {0}},
};

static const struct command *const SUBCOMMANDS[] = {&command_hits_export,
                                                    &command_hits_import,
                                                    &command_hits_merge,
                                                    &command_hits_reset,
                                                    &command_hits_snapshot,
                                                    &command_hits_verify,
                                                    NULL};

const struct command command_hits = {
    .name = "hits",
    .operands = "[GLOB]",
    .operands_max = 1,
    .summary = "show the hits of each resource, and manage the counts",
    .description = "Show the hits of each resource, most hits first, or only of paths that match\n"
                   "GLOB, for example '/downloads/*'. If there are several sites, show a list for\n"
                   "each. Subcommands may run while the site is served.\n",
    .notes = "Exits with 1 if the counter file cannot be read completely, or is damaged.\n",
    .options = OPTIONS,
    .subcommands = SUBCOMMANDS,
    .run = list_hits,
};
