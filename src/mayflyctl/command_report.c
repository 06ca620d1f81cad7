/* `mayflyctl report`: one HTML file about what was served. report.h says of what it is made. */
#include "command.h"
#include "hits_file.h"
#include "json.h"
#include "report.h"
#include "when.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WEEK = 7 * 24 * 3600 };

static const char HELP[] =
    "Usage: mayflyctl report [OPTION]...\n"
    "Writes an HTML page about what was served, to standard output.\n"
    "\n"
    "  --since WHEN   from then on: '2026-11-23 08:00:00', 08:00, yesterday, today, -1h (-7d)\n"
    "  --until WHEN   up to then (now)\n"
    "  --hits FILE    the counter file (the installed site's)\n"
    "  --output FILE  write it there: whoever reads that sees the old page or the new one\n"
    "  --json         the same as JSON\n"
    "  --help         print this\n"
    "\n"
    "What cannot be read, the counter file or the journal, is told of in the page.\n";

struct report_options {
	time_t since, until;
	const char *hits; /* NULL: the installed site's */
	const char *output;
	bool json;
};

/* Takes an option; returns what its value should have been, or NULL. */
static const char *take(struct report_options *options, int code, char *value, time_t now)
{
	static const char TIME[] = "a time, '2026-11-23 08:00:00', yesterday or -1h say";
	switch (code) {
	case 's':
		return when_parse(value, now, &options->since) ? NULL : TIME;
	case 'u':
		return when_parse(value, now, &options->until) ? NULL : TIME;
	case 'h':
		options->hits = value;
		return NULL;
	case 'o':
		options->output = value;
		return NULL;
	default:
		options->json = true;
		return NULL;
	}
}

static enum exit_status parse(int argc, char **argv, struct report_options *options)
{
	static const struct option OPTIONS[] = {
	    {"since", required_argument, NULL, 's'}, {"until", required_argument, NULL, 'u'},
	    {"hits", required_argument, NULL, 'h'},  {"output", required_argument, NULL, 'o'},
	    {"json", no_argument, NULL, 'j'},        {NULL, 0, NULL, 0},
	};
	time_t now = time(NULL) + 1; /* the end of this second: what was asked for in it counts */
	int code;
	*options = (struct report_options){.since = now - WEEK, .until = now};
	opterr = 0;
	while ((code = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
		if (code == ':')
			return misuse("report: a value is missing behind %s", argv[optind - 1]);
		if (code == '?')
			return misuse("report has no option %s", argv[optind - 1]);
		const char *wanted = take(options, code, optarg, now);
		if (wanted != NULL)
			return misuse("report: %s is not %s", optarg, wanted);
	}
	if (optind < argc)
		return misuse("report takes no operand: %s", argv[optind]);
	if (options->since < 0 || options->since >= options->until)
		return misuse("--since is not before --until");
	return EXIT_DONE;
}

static struct json_object *gather(const struct report_options *options)
{
	char hits[PATH_MAX] = ""; /* where nothing is counted, the page says so */
	(void)hits_file_find(options->hits, hits);
	struct json_object *report = json_object_new_object();
	json_set_number(report, "since", (uint64_t)options->since);
	json_set_number(report, "until", (uint64_t)options->until);
	json_object_object_add(report, "hits", report_hits(hits));
	json_object_object_add(report, "requests", report_requests(options->since, options->until));
	return report;
}

static void write_report(FILE *file, struct json_object *report, bool json)
{
	if (json)
		(void)fprintf(
		    file, "%s\n",
		    json_object_to_json_string_ext(report, JSON_C_TO_STRING_PRETTY |
		                                               JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		report_write_page(file, report);
}

/* Makes a file beside `name`, with the permissions that a new file gets. */
static int make_aside(char *name)
{
	int descriptor = mkstemp(name);
	mode_t mask = umask(0);
	umask(mask);
	if (descriptor >= 0 && fchmod(descriptor, 0666 & ~mask) == 0)
		return descriptor;
	return -1;
}

static bool write_aside(char *name, struct json_object *report, bool json)
{
	int descriptor = make_aside(name);
	FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
	if (file == NULL)
		return false;
	write_report(file, report, json);
	bool written = fflush(file) == 0 && !ferror(file) && fsync(descriptor) == 0;
	return fclose(file) == 0 && written;
}

/* Whoever reads the file sees the old report or the new one, and what is no file stays as it is. */
static enum exit_status write_to(const char *output, struct json_object *report, bool json)
{
	struct stat there;
	char *aside;
	if (lstat(output, &there) == 0 && !S_ISREG(there.st_mode))
		return fail("%s is not a regular file", output);
	if (asprintf(&aside, "%s.XXXXXX", output) < 0)
		return fail("there is no memory left");
	bool written = write_aside(aside, report, json) && rename(aside, output) == 0;
	int error = errno;
	if (!written)
		(void)unlink(aside);
	free(aside);
	return written ? EXIT_DONE : fail("cannot write %s: %s", output, strerror(error));
}

static enum exit_status run(int argc, char **argv)
{
	struct report_options options;
	enum exit_status status = parse(argc, argv, &options);
	if (status != EXIT_DONE)
		return status;
	struct json_object *report = gather(&options);
	if (options.output != NULL)
		status = write_to(options.output, report, options.json);
	else
		write_report(stdout, report, options.json);
	json_object_put(report);
	return status;
}

const struct command command_report = {
    "report", "write a page about what was served, when, and what was missing", HELP, run};
