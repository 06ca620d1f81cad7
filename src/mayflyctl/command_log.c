/* `mayflyctl log`: what the handler told the journal, as it was or as other programs read it. */
#include "entry_format.h"
#include "journal.h"
#include "log_options.h"
#include "options.h"
#include "output.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static const char HELP[] =
    "Usage: mayflyctl log [OPTION]...\n"
    "Shows the requests that the journal holds, oldest first.\n"
    "\n"
    "  -f, --follow          go on with each request as it is answered; begins with the last 10\n"
    "  -n, --lines N         only the last N, or all\n"
    "      --since WHEN      from then on: '2026-11-23 08:00:00', 08:00, yesterday, today, -1h\n"
    "      --until WHEN      up to then\n"
    "      --status CODE     only with this status code; may be repeated\n"
    "      --path GLOB       only what matches, '/downloads/*' say\n"
    "      --address ADDRESS only from this IP address; may be repeated\n"
    "      --user NAME       show entries of this user's handlers as well; may be repeated\n"
    "      --anonymize       cut addresses to their network, /24 or /48, and leave out ports\n"
    "      --format FORMAT   line, combined (as GoAccess, AWStats and fail2ban read it) or json\n"
    "      --json            the same as --format json: an object a line\n"
    "      --help            print this\n";

/* Where the log stands while it is shown. */
struct showing {
	const struct log_options *options;
	sd_journal *journal;
	bool coloured;
	bool any; /* something has been shown */
};

/* They are too large for a stack. */
static struct entry entry;
static char line[ENTRY_LINE_SIZE];

static int add_matches(sd_journal *journal, const struct log_options *options)
{
	bool chosen = options->status_count + options->address_count > 0 || options->path != NULL;
	int error = journal_match_requests(journal);
	for (size_t i = 0; i < options->status_count && error >= 0; i++)
		error = journal_match_value(journal, "HTTP_STATUS", options->statuses[i]);
	for (size_t i = 0; i < options->address_count && error >= 0; i++)
		error = journal_match_value(journal, "REMOTE_ADDR", options->addresses[i]);
	if (error >= 0 && !chosen && options->format != LOG_COMBINED)
		error = journal_match_complaints(journal);
	return error;
}

static bool fits(const struct showing *showing)
{
	const char *path = showing->options->path;
	return path == NULL || entry_path_matches(&entry, path);
}

static void show_json(void)
{
	struct json_object *object = entry_to_json(&entry);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static const char *colour_of(const struct showing *showing)
{
	if (!showing->coloured || showing->options->format != LOG_LINE)
		return NULL;
	if (entry_is_warning(&entry))
		return OUTPUT_RED;
	return entry.fields[ENTRY_REASON].length > 0 ? OUTPUT_YELLOW : NULL;
}

static void show_text(const struct showing *showing)
{
	struct buffer text = BUFFER(line);
	const char *colour = colour_of(showing);
	if (showing->options->format == LOG_COMBINED)
		entry_add_combined(&text, &entry);
	else
		entry_add_line(&text, &entry);
	printf("%s%.*s%s\n", colour != NULL ? colour : "", (int)text.length, text.data,
	       colour != NULL ? OUTPUT_PLAIN : "");
}

static void show(struct showing *showing)
{
	if (showing->options->anonymize)
		entry_anonymize(&entry);
	if (showing->options->format == LOG_JSON)
		show_json();
	else
		show_text(showing);
	showing->any = true;
}

static int go_to_start(const struct showing *showing)
{
	if (showing->options->since_us > 0)
		return sd_journal_seek_realtime_usec(showing->journal, showing->options->since_us);
	return sd_journal_seek_head(showing->journal);
}

static int go_to_end(const struct showing *showing)
{
	uint64_t until_us = showing->options->until_us;
	if (until_us < UINT64_MAX)
		return sd_journal_seek_realtime_usec(showing->journal, until_us + 1);
	return sd_journal_seek_tail(showing->journal);
}

/*
 * Goes to the last entry but so many that fit. Returns 1 where the journal stands at the first one
 * to show, 0 where that is the next one, or a negative errno.
 */
static int go_back(const struct showing *showing)
{
	int64_t wanted = showing->options->lines;
	int moved = go_to_end(showing);
	if (moved < 0)
		return moved;
	while ((moved = sd_journal_previous(showing->journal)) > 0) {
		if (wanted == 0)
			return 0;
		int error = journal_read(showing->journal, &entry);
		if (error < 0)
			return error;
		if (entry.time_us < showing->options->since_us)
			break;
		if (entry.time_us <= showing->options->until_us && fits(showing) && --wanted == 0)
			return 1;
	}
	return moved < 0 ? moved : go_to_start(showing);
}

/* Shows the entry that the journal stands at; 0 when it is beyond the last one that is wanted. */
static int show_current(struct showing *showing)
{
	int error = journal_read(showing->journal, &entry);
	if (error < 0)
		return error;
	if (entry.time_us > showing->options->until_us)
		return 0;
	if (fits(showing))
		show(showing);
	return 1;
}

/* Shows all that is there behind the place where the journal stands. */
static int show_rest(struct showing *showing)
{
	int moved;
	while ((moved = sd_journal_next(showing->journal)) > 0 && !ferror(stdout))
		if ((moved = show_current(showing)) <= 0)
			break;
	return moved;
}

/* Waits for the journal to change; 0 when nobody reads standard output any more. */
static int await_change(sd_journal *journal)
{
	struct pollfd files[] = {{sd_journal_get_fd(journal), 0, 0}, {STDOUT_FILENO, 0, 0}};
	files[0].events = (short)sd_journal_get_events(journal);
	uint64_t deadline_us;
	int error = sd_journal_get_timeout(journal, &deadline_us);
	if (error < 0)
		return error;
	/* Only network file systems have to be looked at from time to time. */
	if (poll(files, 2, deadline_us == UINT64_MAX ? -1 : 1000) < 0 && errno != EINTR)
		return -errno;
	if (files[1].revents != 0)
		return 0;
	error = sd_journal_process(journal);
	return error < 0 ? error : 1;
}

static int follow(struct showing *showing)
{
	int error;
	do {
		error = show_rest(showing);
		if (error < 0 || fflush(stdout) != 0)
			return error;
		error = await_change(showing->journal);
	} while (error > 0);
	return error;
}

static int show_all(struct showing *showing)
{
	/* Asked for now, so that what comes while the first entries are shown is noticed. */
	int error = showing->options->follow ? sd_journal_get_fd(showing->journal) : 0;
	if (error >= 0)
		error = add_matches(showing->journal, showing->options);
	if (error >= 0)
		error = showing->options->lines < 0 ? go_to_start(showing) : go_back(showing);
	if (error > 0)
		error = show_current(showing);
	if (error < 0)
		return error;
	return showing->options->follow ? follow(showing) : show_rest(showing);
}

static enum exit_status run(int argc, char **argv)
{
	struct log_options options;
	struct showing showing = {.options = &options, .coloured = output_has_colour()};
	enum exit_status status = log_options_parse(argc, argv, &options);
	if (status != EXIT_DONE)
		return status;
	const char *why = journal_open(&showing.journal, &options.users);
	if (why != NULL)
		return fail("%s", why);
	int error = show_all(&showing);
	sd_journal_close(showing.journal);
	if (error < 0)
		return fail("the journal cannot be read: %s", strerror(-error));
	/* Not to standard output, where other programs read lines of a log. */
	if (!showing.any && options.lines != 0)
		(void)fputs("The journal holds no such request.\n", stderr);
	return EXIT_DONE;
}

const struct command command_log = {.name = "log",
                                    .summary = "show the requests that the journal holds",
                                    .help = HELP,
                                    .run_words = run};
