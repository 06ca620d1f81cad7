/* `mayflyctl log`: shows the requests in the journal, as lines or for other programs. */
#include "base/ip_address.h"
#include "base/parse.h"
#include "command.h"
#include "journal.h"
#include "output.h"
#include "when.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum {
	FOLLOWED_LINES = 10,
	LINES_MAX = 999999999,
	ADDRESSES_MAX = 16,
	STATUS_MIN = 100,
	STATUS_MAX = 599,
	SECOND_US = 1000000,
};

/* LINES_DEFAULT: the last FOLLOWED_LINES with --follow and no --since, otherwise all. */
enum { LINES_DEFAULT = -1, LINES_ALL = -2 };

enum log_format { LOG_LINE, LOG_COMBINED, LOG_JSON };

static struct log_options {
	bool follow, anonymize, robots, no_robots;
	int format;                  /* enum log_format */
	int64_t lines;               /* the number of lines, or LINES_... */
	uint64_t since_us, until_us; /* since 1970, inclusive */
	const char *path;            /* a pattern; NULL: any */
	bool statuses[STATUS_MAX + 1], has_statuses;
	char addresses[ADDRESSES_MAX][IP_ADDRESS_SIZE];
	size_t address_count;
	struct journal_users users; /* of --user */
	const char *site;           /* NULL: all */
	const char *host;           /* NULL: any */
} options = {.lines = LINES_DEFAULT, .until_us = UINT64_MAX};

/* The entry at the journal's position; too large for a stack. */
static struct entry entry;
static bool has_colour, has_shown, shows_site;

/* --- Options. --- */

static const char *parse_lines(const struct command_option *option, const char *value)
{
	uint64_t lines;
	(void)option;
	options.lines = LINES_ALL;
	if (strcmp(value, "all") == 0)
		return NULL;
	if (!parse_number(view_of(value), 0, LINES_MAX, &lines))
		return "is neither in 0-999999999 nor all";
	options.lines = (int64_t)lines;
	return NULL;
}

/* A code such as 404, or a class such as 4xx. */
static const char *parse_status(const struct command_option *option, const char *value)
{
	uint64_t first, last;
	(void)option;
	if (strlen(value) == 3 && strcasecmp(value + 1, "xx") == 0 &&
	    parse_number((struct view){value, 1}, STATUS_MIN / 100, STATUS_MAX / 100, &first)) {
		first *= 100;
		last = first + 99;
	} else if (parse_number(view_of(value), STATUS_MIN, STATUS_MAX, &first)) {
		last = first;
	} else {
		return "is not a three-digit status code or a class such as 4xx";
	}
	for (uint64_t status = first; status <= last; status++)
		options.statuses[status] = true;
	options.has_statuses = true;
	return NULL;
}

static const char *parse_address(const struct command_option *option, const char *value)
{
	struct ip_address address;
	(void)option;
	if (!ip_address_parse(view_of(value), &address))
		return "is not an IP address";
	if (options.address_count == ADDRESSES_MAX)
		return "exceeds the limit of 16 addresses";
	ip_address_format(&address, options.addresses[options.address_count++]);
	return NULL;
}

static const char *parse_time(const struct command_option *option, const char *value)
{
	time_t when;
	if (!when_parse(value, time(NULL), &when) || when < 0)
		return WHEN_PROBLEM;
	*(uint64_t *)option->destination = (uint64_t)when * SECOND_US;
	return NULL;
}

static enum exit_status check_options(void)
{
	if (options.follow && options.until_us != UINT64_MAX)
		return command_usage_error("--follow and --until exclude each other");
	if (options.robots && options.no_robots)
		return command_usage_error("--robots and --no-robots exclude each other");
	if (options.since_us > options.until_us)
		return command_usage_error("--since is later than --until");
	if (options.lines == LINES_DEFAULT)
		options.lines =
		    options.follow && options.since_us == 0 ? FOLLOWED_LINES : LINES_ALL;
	return EXIT_DONE;
}

/* --- Showing an entry. --- */

static void show_json(void)
{
	output_json_compact(entry_to_json(&entry));
	puts("");
}

static const char *line_colour(void)
{
	if (!has_colour || options.format != LOG_LINE)
		return NULL;
	if (entry_is_warning(&entry))
		return OUTPUT_RED;
	return entry.fields[ENTRY_REASON].length > 0 ? OUTPUT_YELLOW : NULL;
}

static void show_text(void)
{
	static char line[ENTRY_LINE_SIZE];
	struct buffer text = BUFFER(line);
	const char *colour = line_colour();
	if (options.format == LOG_COMBINED)
		entry_add_combined(&text, &entry);
	else if (shows_site)
		entry_add_line_with_site(&text, &entry);
	else
		entry_add_line(&text, &entry);
	printf("%s%.*s%s\n", colour != NULL ? colour : "", (int)text.length, text.data,
	       colour != NULL ? OUTPUT_PLAIN : "");
}

static void show_entry(void)
{
	if (options.anonymize)
		entry_anonymize(&entry);
	if (options.format == LOG_JSON)
		show_json();
	else
		show_text();
	has_shown = true;
}

static bool is_selected(void)
{
	if (options.no_robots && entry.fields[ENTRY_ROBOT].length > 0)
		return false;
	return journal_is_of_site(&entry, options.site) &&
	       (options.path == NULL || entry_path_matches(&entry, options.path));
}

/* --- Walking through the journal. Each function returns a negative errno if that fails. --- */

static int match_statuses(sd_journal *journal)
{
	int error = 0;
	char status[sizeof "-2147483648"]; /* any int: gcc 14 with sanitizers sees no limits */
	for (int code = STATUS_MIN; code <= STATUS_MAX && error >= 0; code++) {
		(void)snprintf(status, sizeof status, "%d", code);
		if (options.statuses[code])
			error = journal_match_value(journal, "HTTP_STATUS", status);
	}
	return error;
}

static int add_matches(sd_journal *journal)
{
	bool is_selective = options.has_statuses || options.address_count > 0 ||
	                    options.path != NULL || options.host != NULL || options.robots ||
	                    options.no_robots;
	int error = journal_match_requests(journal);
	if (error >= 0)
		error = match_statuses(journal);
	for (size_t i = 0; i < options.address_count && error >= 0; i++)
		error = journal_match_value(journal, "REMOTE_ADDR", options.addresses[i]);
	if (error >= 0 && options.host != NULL)
		error = journal_match_value(journal, "HTTP_HOST", options.host);
	if (error >= 0 && options.robots)
		error = journal_match_value(journal, "ROBOT", "1");
	if (error >= 0 && !is_selective && options.format != LOG_COMBINED)
		error = journal_match_errors(journal);
	return error;
}

static int seek_start(sd_journal *journal)
{
	if (options.since_us > 0)
		return sd_journal_seek_realtime_usec(journal, options.since_us);
	return sd_journal_seek_head(journal);
}

static int seek_end(sd_journal *journal)
{
	if (options.until_us < UINT64_MAX)
		return sd_journal_seek_realtime_usec(journal, options.until_us + 1);
	return sd_journal_seek_tail(journal);
}

/*
 * Moves from the end back over the last `count` selected entries. Returns 1 if the first of these
 * is the current entry, 0 if it is the next one.
 */
static int seek_last(sd_journal *journal, int64_t count)
{
	int moved = seek_end(journal);
	if (moved < 0)
		return moved;
	while ((moved = sd_journal_previous(journal)) > 0) {
		if (count == 0)
			return 0;
		int error = journal_read(journal, &entry);
		if (error < 0)
			return error;
		if (entry.time_us < options.since_us)
			break;
		if (entry.time_us <= options.until_us && is_selected() && --count == 0)
			return 1;
	}
	return moved < 0 ? moved : seek_start(journal);
}

/* Shows the current entry if it is selected. Returns 0 if it is later than --until, else 1. */
static int show_current(sd_journal *journal)
{
	int error = journal_read(journal, &entry);
	if (error < 0)
		return error;
	if (entry.time_us > options.until_us)
		return 0;
	if (is_selected())
		show_entry();
	return 1;
}

static int show_following(sd_journal *journal)
{
	int moved;
	while ((moved = sd_journal_next(journal)) > 0 && !ferror(stdout))
		if ((moved = show_current(journal)) <= 0)
			break;
	return moved;
}

/* Waits until the journal changes. Returns 0 if nothing reads standard output any more, else 1. */
static int await_change(sd_journal *journal)
{
	struct pollfd files[] = {{sd_journal_get_fd(journal), 0, 0}, {STDOUT_FILENO, 0, 0}};
	files[0].events = (short)sd_journal_get_events(journal);
	uint64_t deadline_us;
	int error = sd_journal_get_timeout(journal, &deadline_us);
	if (error < 0)
		return error;
	/* Only journals on network file systems must be polled. */
	if (poll(files, 2, deadline_us == UINT64_MAX ? -1 : 1000) < 0 && errno != EINTR)
		return -errno;
	if (files[1].revents != 0)
		return 0;
	error = sd_journal_process(journal);
	return error < 0 ? error : 1;
}

static int follow(sd_journal *journal)
{
	int error;
	do {
		error = show_following(journal);
		if (error < 0 || fflush(stdout) != 0)
			return error;
		error = await_change(journal);
	} while (error > 0);
	return error;
}

static int show_log(sd_journal *journal)
{
	/* Watch the journal from the start, to notice entries that arrive meanwhile. */
	int error = options.follow ? sd_journal_get_fd(journal) : 0;
	if (error >= 0)
		error = add_matches(journal);
	if (error >= 0)
		error = options.lines == LINES_ALL ? seek_start(journal)
		                                   : seek_last(journal, options.lines);
	if (error > 0)
		error = show_current(journal);
	if (error < 0)
		return error;
	return options.follow ? follow(journal) : show_following(journal);
}

/* To standard error, because other programs read standard output. */
static void report_nothing(void)
{
	char time[WHEN_TEXT_SIZE];
	(void)fputs("No matching request in the journal", stderr);
	if (options.since_us > 0)
		(void)fprintf(stderr, " from %s",
		              when_format((time_t)(options.since_us / SECOND_US), time));
	if (options.until_us < UINT64_MAX)
		(void)fprintf(stderr, " to %s",
		              when_format((time_t)(options.until_us / SECOND_US), time));
	(void)fputs(".\n", stderr);
}

static enum exit_status run_log(char **operands, int count)
{
	sd_journal *journal;
	(void)operands;
	(void)count;
	enum exit_status status = check_options();
	if (status != EXIT_DONE)
		return status;
	has_colour = output_has_colour();
	const char *error = journal_open(&journal, &options.users, options.site);
	if (error != NULL)
		return command_error("cannot read the journal: %s", error);
	shows_site = options.site == NULL && journal_has_several_sites();
	int result = show_log(journal);
	sd_journal_close(journal);
	if (result < 0)
		return command_error("cannot read the journal: %s", strerror(-result));
	if (!has_shown && options.lines != 0)
		report_nothing();
	return EXIT_DONE;
}

static const struct command_option OPTIONS[] = {
    {.row = {'f', "follow", "", "show the last 10 requests, then each new one"},
     .parse = option_flag,
     .destination = &options.follow},
    {.row = {'n', "lines", "N", "show only the last N, or all (default all)"},
     .parse = parse_lines},
    {.row = {0, "since", "WHEN", "show from WHEN on: '2026-11-23 08:00:00', 08:00, -1h"},
     .parse = parse_time,
     .destination = &options.since_us},
    {.row = {0, "until", "WHEN", "show up to WHEN"},
     .parse = parse_time,
     .destination = &options.until_us},
    {.row = {0, "status", "CODE", "show only this status (404) or class (4xx); repeatable"},
     .parse = parse_status},
    {.row = {0, "path", "GLOB", "show only paths that match, such as '/downloads/*'"},
     .parse = option_text,
     .destination = &options.path},
    {.row = {0, "address", "ADDRESS", "show only this client's IP address; repeatable"},
     .parse = parse_address},
    {.row = SITE_ROW, .parse = option_text, .destination = &options.site},
    {.row = {0, "host", "HOST", "show only requests to this virtual host"},
     .parse = option_text,
     .destination = &options.host},
    {.row = {0, "robots", "", "show only requests of robots"},
     .parse = option_flag,
     .destination = &options.robots},
    {.row = {0, "no-robots", "", "do not show requests of robots"},
     .parse = option_flag,
     .destination = &options.no_robots},
    {.row = {0, "user", "USER", "also trust entries of this user's handlers; repeatable"},
     .parse = option_user,
     .destination = &options.users},
    {.row = {0, "anonymize", "", "replace addresses by networks (/24, /48); omit ports"},
     .parse = option_flag,
     .destination = &options.anonymize},
    {.row = {0, "format", "FORMAT", "print as"},
     .parse = option_choice,
     .destination = &options.format,
     .choices = "line|combined|json"},
    {.row = {0, "json", "", "the same as --format json"},
     .parse = option_set,
     .destination = &options.format,
     .value = LOG_JSON},
    {.row = {0}},
};

const struct command command_log = {
    .name = "log",
    .operands = "",
    .summary = "show the requests in the journal",
    .description = "Show the requests in the journal, oldest first, and errors of handlers that\n"
                   "could not start. If there are several sites, each line names its site.\n"
                   "GoAccess, AWStats and fail2ban read the combined format.\n",
    .options = OPTIONS,
    .run = run_log,
};
