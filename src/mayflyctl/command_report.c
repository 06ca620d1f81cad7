/* `mayflyctl report`: one HTML file about what was served. report.h says of what it is made. */
#include "hits_file.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "when.h"
#include <stdio.h>

enum { WEEK = 7 * 24 * 3600 };

static const char HELP[] =
    "Usage: mayflyctl report [OPTION]...\n"
    "Writes an HTML page about what was served, to standard output.\n"
    "\n"
    "  --since WHEN   from then on: '2026-11-23 08:00:00', 08:00, yesterday, today, -1h (-7d)\n"
    "  --until WHEN   up to then (now)\n"
    "  --hits FILE    the counter file (the installed site's)\n"
    "  --output FILE  write it there: whoever reads that sees the old page or the new one\n"
    "  --user NAME    include requests logged by this user's handlers; may be repeated\n"
    "  --json         the same as JSON\n"
    "  --help         print this\n"
    "\n"
    "What cannot be read, the counter file or the journal, is told of in the page.\n";

struct report_options {
	time_t since, until;
	const char *hits; /* NULL: the installed site's */
	const char *output;
	struct journal_users users; /* whose entries count besides the installed units' */
	bool json;
	time_t now; /* the end of this second: what was asked for in it counts */
};

enum option_code {
	OPTION_SINCE = 256,
	OPTION_UNTIL,
	OPTION_HITS,
	OPTION_OUTPUT,
	OPTION_USER,
	OPTION_JSON
};

/* options_read's; the context is the struct report_options. */
static const char *take(void *context, int code, const char *value)
{
	static const char TIME[] = "a time, '2026-11-23 08:00:00', yesterday or -1h say";
	struct report_options *options = context;
	switch (code) {
	case OPTION_SINCE:
		return when_parse(value, options->now, &options->since) ? NULL : TIME;
	case OPTION_UNTIL:
		return when_parse(value, options->now, &options->until) ? NULL : TIME;
	case OPTION_HITS:
		options->hits = value;
		return NULL;
	case OPTION_OUTPUT:
		options->output = value;
		return NULL;
	case OPTION_USER:
		return option_user(&(struct command_option){.destination = &options->users},
		                   value) == NULL
		           ? NULL
		           : "a user";
	default:
		options->json = true;
		return NULL;
	}
}

static enum exit_status parse(int argc, char **argv, struct report_options *options)
{
	static const struct option OPTIONS[] = {
	    {"since", required_argument, NULL, OPTION_SINCE},
	    {"until", required_argument, NULL, OPTION_UNTIL},
	    {"hits", required_argument, NULL, OPTION_HITS},
	    {"output", required_argument, NULL, OPTION_OUTPUT},
	    {"user", required_argument, NULL, OPTION_USER},
	    {"json", no_argument, NULL, OPTION_JSON},
	    {NULL, 0, NULL, 0},
	};
	time_t now = time(NULL) + 1;
	*options = (struct report_options){.since = now - WEEK, .until = now, .now = now};
	enum exit_status status = options_read(argc, argv, "", OPTIONS, take, options);
	if (status != EXIT_DONE)
		return status;
	if (optind < argc)
		return misuse("report takes no operand: %s", argv[optind]);
	if (options->since < 0 || options->since >= options->until)
		return misuse("--since is not before --until");
	return EXIT_DONE;
}

/* `hits_file` is empty where nothing is counted. */
static struct json_object *gather(const struct report_options *options, const char *hits_file)
{
	struct json_object *report = json_object_new_object();
	json_set_number(report, "since", (uint64_t)options->since);
	json_set_number(report, "until", (uint64_t)options->until);
	json_object_object_add(report, "hits",
	                       *hits_file != '\0' ? report_hits(hits_file, options->hits != NULL)
	                                          : NULL);
	json_object_object_add(report, "requests",
	                       report_requests(options->since, options->until, &options->users));
	return report;
}

static void write_report(struct json_object *report, bool json)
{
	if (json)
		puts(json_object_to_json_string_ext(report, JSON_C_TO_STRING_PRETTY |
		                                                JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		report_write_page(stdout, report);
}

static enum exit_status run(int argc, char **argv)
{
	struct report_options options;
	struct output output;
	enum exit_status status = parse(argc, argv, &options);
	if (status != EXIT_DONE)
		return status;
	char hits_file[PATH_MAX] = "";
	status = hits_file_find(options.hits, hits_file);
	if (status != EXIT_DONE && options.hits != NULL)
		return status;
	struct json_object *report = gather(&options, hits_file);
	status = EXIT_DONE; /* where nothing is counted, the page says so */
	if (options.output != NULL)
		status = output_begin(&output, options.output, hits_file);
	if (status == EXIT_DONE)
		write_report(report, options.json);
	if (status == EXIT_DONE && options.output != NULL)
		status = output_end(&output);
	json_object_put(report);
	return status;
}

const struct command command_report = {
    .name = "report",
    .summary = "write a page about what was served, when, and what was missing",
    .help = HELP,
    .run_words = run};
