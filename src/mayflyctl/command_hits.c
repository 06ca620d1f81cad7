/* `mayflyctl hits`: shows the hits of each resource, for people and for other programs. */
#include "command.h"
#include "hits_file.h"
#include "output.h"
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

enum {
	GAP = 2,
	SHARE_WIDTH = 6, /* "100.0%" */
	BAR_MIN = 8,
	BAR_MAX = 32,
	PATH_MIN = 16, /* with a smaller column for paths there is no bar */
	EIGHTHS = 8,
};

enum hits_format { HITS_TABLE, HITS_JSON, HITS_TSV, HITS_OPENMETRICS };

static struct hits_list_options {
	const char *file;   /* NULL: that of the installed site */
	const char *output; /* NULL: standard output */
	uint64_t top;
	int order;  /* enum counts_order */
	int format; /* enum hits_format */
} options = {.top = SIZE_MAX};

/* The counts to show, in order, and figures of the whole file. */
struct hits_listing {
	const char *file;
	struct counts counts;
	uint64_t total;     /* hits of the file: a share of 1 */
	uint64_t resources; /* of the file */
	uint64_t damaged;   /* parts of the file that were skipped */
};

/* 0 to 1. */
static double share_of(const struct hits_listing *listing, const struct count *count)
{
	return listing->total > 0 ? (double)count->count / (double)listing->total : 0;
}

/* --- The table on a terminal. --- */

struct table {
	size_t count, bar, path; /* widths of the columns; if bar is 0, there are no bars */
	uint64_t max;            /* the count of the longest bar */
	bool utf8, coloured;
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
	struct table table = {
	    .count = strlen("HITS"), .utf8 = output_has_utf8(), .coloured = output_has_colour()};
	size_t longest = 0;
	struct count count;
	counts_rewind(&listing->counts);
	while (counts_next(&listing->counts, &count)) {
		size_t length = strlen(counts_shown(count.path, count.path_length)),
		       digits = digits_of(count.count);
		longest = length > longest ? length : longest;
		table.count = digits > table.count ? digits : table.count;
		table.max = count.count > table.max ? count.count : table.max;
	}
	size_t fixed = table.count + GAP + SHARE_WIDTH + GAP;
	size_t room = columns > fixed + PATH_MIN ? columns - fixed : PATH_MIN;
	table.path = room;
	if (room < PATH_MIN + GAP + BAR_MIN)
		return table;
	table.bar = room > longest + GAP ? room - longest - GAP : 0;
	table.bar = table.bar < BAR_MIN ? BAR_MIN : table.bar;
	table.bar = table.bar > BAR_MAX ? BAR_MAX : table.bar;
	table.path = room - table.bar - GAP;
	return table;
}

/* Prints a bar, in eighths of a column if the terminal has UTF-8; never an empty one. */
static void print_bar(const struct table *table, uint64_t count)
{
	static const char *const PARTS[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double length = (double)count / (double)table->max * (double)table->bar;
	size_t eighths = (size_t)(length * EIGHTHS + 0.5);
	if (!table->utf8)
		eighths = (size_t)(length + 0.5) * EIGHTHS;
	if (eighths == 0)
		eighths = table->utf8 ? 1 : EIGHTHS;
	(void)fputs(table->coloured ? OUTPUT_GREEN : "", stdout);
	for (size_t i = 0; i < eighths / EIGHTHS; i++)
		(void)fputs(table->utf8 ? "█" : "#", stdout);
	(void)fputs(PARTS[eighths % EIGHTHS], stdout);
	(void)fputs(table->coloured ? OUTPUT_PLAIN : "", stdout);
	size_t drawn = (eighths + EIGHTHS - 1) / EIGHTHS;
	printf("%*s", (int)(table->bar - drawn + GAP), "");
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
	       (int)(table.bar > 0 ? GAP + table.bar + GAP : GAP), "", "PATH");
	counts_rewind(&listing->counts);
	while (counts_next(&listing->counts, &count)) {
		printf("%*" PRIu64 "%*.1f%%%*s", (int)table.count, count.count,
		       SHARE_WIDTH + GAP - 1, 100 * share_of(listing, &count), GAP, "");
		if (table.bar > 0)
			print_bar(&table, count.count);
		print_path(&table, counts_shown(count.path, count.path_length));
	}
	(void)fputs(counts_summary(listing->total, listing->resources), stdout);
	if (listing->counts.size < listing->resources)
		printf(", %zu of them shown", listing->counts.size);
	puts("");
}

/* --- Lines for other programs. --- */

/* The table if standard output is not a terminal. */
static void print_tabs(struct hits_listing *listing)
{
	struct count count;
	counts_rewind(&listing->counts);
	while (counts_next(&listing->counts, &count))
		printf("%" PRIu64 "\t%.1f%%\t%s\n", count.count, 100 * share_of(listing, &count),
		       counts_shown(count.path, count.path_length));
}

/* text/tab-separated-values: the first line names the columns. */
static void print_tsv(struct hits_listing *listing)
{
	struct count count;
	puts("hits\tpath");
	counts_rewind(&listing->counts);
	while (counts_next(&listing->counts, &count))
		printf("%" PRIu64 "\t%s\n", count.count,
		       counts_shown(count.path, count.path_length));
}

/*
 * There is no TYPE line: in OpenMetrics it names the family, mayfly_hits, but in the text format
 * that node_exporter reads it names the sample, mayfly_hits_total; each rejects the other. Paths as
 * in a URL need no escapes in a label.
 */
static void print_openmetrics(struct hits_listing *listing)
{
	struct count count;
	puts("# HELP mayfly_hits_total Hits of a resource.");
	counts_rewind(&listing->counts);
	while (counts_next(&listing->counts, &count))
		printf("mayfly_hits_total{path=\"%s\"} %" PRIu64 "\n",
		       counts_shown(count.path, count.path_length), count.count);
	puts("# EOF");
}

/* One line per resource. A path as in a URL needs no escapes in a string. */
static void print_json(struct hits_listing *listing)
{
	struct count count;
	const char *separator = "";
	printf("{\n  \"file\": ");
	output_json_compact(json_object_new_string(listing->file));
	printf(",\n  \"total\": %" PRIu64 ",\n  \"resources\": %" PRIu64
	       ",\n  \"damaged\": %" PRIu64 ",\n  \"counts\": [",
	       listing->total, listing->resources, listing->damaged);
	counts_rewind(&listing->counts);
	for (; counts_next(&listing->counts, &count); separator = ",")
		printf("%s\n    {\"path\": \"%s\", \"hits\": %" PRIu64 ", \"share\": %.6f}",
		       separator, counts_shown(count.path, count.path_length), count.count,
		       share_of(listing, &count));
	printf("%s]\n}\n", *separator != '\0' ? "\n  " : "");
}

/* --- The command. --- */

static enum exit_status load_listing(struct hits_listing *listing, const char *glob)
{
	enum exit_status status =
	    hits_file_read(listing->file, &listing->counts, &listing->damaged);
	listing->total = listing->counts.total;
	listing->resources = listing->counts.size;
	counts_select(&listing->counts, glob, (enum counts_order)options.order, options.top);
	return status;
}

static void print_listing(struct hits_listing *listing)
{
	size_t columns = output_columns();
	switch ((enum hits_format)options.format) {
	case HITS_JSON:
		print_json(listing);
		return;
	case HITS_TSV:
		print_tsv(listing);
		return;
	case HITS_OPENMETRICS:
		print_openmetrics(listing);
		return;
	case HITS_TABLE:
		if (columns > 0 && listing->counts.size > 0)
			print_table(listing, columns);
		else
			print_tabs(listing);
	}
}

/* To standard error, because other programs read standard output. */
static void report_empty(const struct hits_listing *listing)
{
	if (listing->resources > 0)
		(void)fputs("No resource with hits matches.\n", stderr);
	else
		(void)fputs("Nothing has been counted yet.\n", stderr);
}

static enum exit_status write_listing(struct hits_listing *listing)
{
	struct output output;
	if (options.output == NULL) {
		print_listing(listing);
		if (listing->counts.problem != NULL)
			return command_error("%s", listing->counts.problem);
		if (listing->counts.size == 0)
			report_empty(listing);
		return EXIT_DONE;
	}
	enum exit_status status = output_begin(&output, options.output, listing->file);
	if (status != EXIT_DONE)
		return status;
	print_listing(listing);
	if (listing->counts.problem != NULL)
		return output_discard(&output, listing->counts.problem);
	return output_end(&output);
}

static enum exit_status list_hits(char **operands, int count)
{
	char file[PATH_MAX];
	struct hits_listing listing = {.file = file};
	const char *glob = count > 0 ? operands[0] : NULL;
	if (glob != NULL && !counts_can_match(glob))
		return command_unknown_subcommand(glob);
	enum exit_status status = hits_file_find(options.file, file);
	if (status == EXIT_DONE)
		status = load_listing(&listing, glob);
	if (status == EXIT_DONE)
		status = write_listing(&listing);
	counts_free(&listing.counts);
	if (status == EXIT_DONE && listing.damaged > 0)
		return command_error("%s: damaged; counts may be missing; run \"mayflyctl hits "
		                     "verify\"",
		                     output_escaped(file));
	return status;
}

static const struct command_option OPTIONS[] = {
    {.row = HITS_FILE_ROW, .parse = option_file, .destination = &options.file},
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
    {.row = {0, "output", "FILE", "replace FILE at once when all is written"},
     .parse = option_file,
     .destination = &options.output},
    {.row = {0}},
};

static const struct command *const SUBCOMMANDS[] = {&command_hits_export, &command_hits_import,
                                                    &command_hits_merge,  &command_hits_reset,
                                                    &command_hits_verify, NULL};

const struct command command_hits = {
    .name = "hits",
    .operands = "[GLOB]",
    .operands_max = 1,
    .summary = "show the hits of each resource, and manage the counts",
    .description =
        "Show the hits of each resource, most hits first, or only of paths that match\n"
        "GLOB, for example '/downloads/*'. Subcommands may run while the site is served.\n",
    .notes = "Exits with 1 if the counter file cannot be read completely, or is damaged.\n",
    .options = OPTIONS,
    .subcommands = SUBCOMMANDS,
    .run = list_hits,
};
