/* `mayflyctl hits snapshot`: records in the history what was counted since the last snapshot. */
#include "command.h"
#include "history_snapshot.h"
#include "hits_file.h"
#include "output.h"
#include "site_list.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static struct snapshot_options {
	const char *file; /* NULL: that of the site */
	const char *site; /* NULL: the main one */
	bool robots;
} options;

/* Prints the period of an entry, "2026-11-28" or "2026-11-28 to 2026-11-30". */
static void print_period(const struct history_period *period)
{
	char name[CALENDAR_NAME_SIZE];
	if (period->first == HISTORY_UNKNOWN)
		(void)fputs("all days up to ", stdout);
	else if (period->first < period->last)
		printf("%s to ", calendar_name(period->first, CALENDAR_DAY, name));
	(void)fputs(calendar_name(period->last, CALENDAR_DAY, name), stdout);
}

/* To standard error, so that the journal has it as a warning. */
static void report_losses(const char *name, const struct history_difference *difference)
{
	if (difference->dropped_total > 0)
		(void)command_error(
		    "%s: reset, or replaced by an older copy: %s less than at the "
		    "last snapshot",
		    output_escaped(name),
		    counts_summary(difference->dropped_total, difference->dropped_resources));
	if (difference->impossible > 0)
		(void)command_error("%s: left out %" PRIu64 " impossible counts, above 10^15; "
		                    "reset them",
		                    output_escaped(name), difference->impossible);
}

static enum exit_status take_snapshot(const char *name)
{
	struct history_difference difference = {.impossible = 0};
	struct history history;
	const char *problem = history_open(&history, name, HISTORY_CREATE);
	if (problem == NULL && history.directory < 0)
		problem = "the counter file has no directory";
	if (problem == NULL)
		problem = history_snapshot(&history, name, time(NULL), &difference);
	history_close(&history);
	if (problem == NULL) {
		printf("Recorded %s for ",
		       counts_summary(difference.hits_total, difference.resources));
		print_period(&difference.entry.period);
		puts(".");
		report_losses(name, &difference);
	}
	history_difference_free(&difference);
	return problem == NULL ? EXIT_DONE : command_error("%s", problem);
}

/* Takes a snapshot of the file `robots` in the same directory, if there is one (mayfly(8)). */
static enum exit_status take_snapshot_of_robots(const char *name)
{
	char robots[PATH_MAX];
	if (!history_robots_name(name, robots) || (access(robots, F_OK) != 0 && errno == ENOENT))
		return EXIT_DONE;
	return take_snapshot(robots);
}

static enum exit_status run_snapshot(char **operands, int count)
{
	char name[PATH_MAX];
	(void)operands;
	(void)count;
	enum exit_status status = options.robots
	                              ? hits_file_find_robots(options.file, options.site, name)
	                              : hits_file_find(options.file, options.site, name);
	if (status == EXIT_DONE)
		status = take_snapshot(name);
	if (status == EXIT_DONE && !options.robots)
		status = take_snapshot_of_robots(name);
	return status;
}

static const struct command_option OPTIONS[] = {
    {.row = HITS_FILE_ROW, .parse = option_file, .destination = &options.file},
    {.row = HITS_ROBOTS_ROW, .parse = option_flag, .destination = &options.robots},
    {.row = SITE_ROW, .parse = option_text, .destination = &options.site},
    {.row = {0}},
};

const struct command command_hits_snapshot = {
    .name = "hits snapshot",
    .operands = "",
    .summary = "record the hits since the last snapshot",
    .description =
        "Record the hits since the last snapshot in the history, as the hits of the days\n"
        "since then. Record the hits of robots in a separate history.\n"
        "mayfly-history.timer does this at midnight.\n",
    .options = OPTIONS,
    .run = run_snapshot,
};
