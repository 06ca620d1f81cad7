/*
 * `mayflyctl hits export`, `import`, `merge` and `reset`: the subcommands that write counts.
 * Handlers may count meanwhile: the counter file is locked for one count at a time.
 */
#include "base/parse.h"
#include "command.h"
#include "counter/add.h"
#include "counter/layout.h"
#include "counter/lock.h"
#include "counter/reset.h"
#include "history_merge.h"
#include "hits_file.h"
#include "hits_text.h"
#include "output.h"
#include "safe_path.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

static struct hits_edit_options {
	const char *file; /* NULL: that of the site */
	const char *site; /* NULL: the main site */
	bool yes, robots, replace;
} options;

static enum exit_status find_file(char name[static PATH_MAX])
{
	return options.robots ? hits_file_find_robots(options.file, options.site, name)
	                      : hits_file_find(options.file, options.site, name);
}

static const struct command_option FILE_OPTION[] = {
    {.row = HITS_FILE_ROW, .parse = option_file, .destination = &options.file},
    {.row = HITS_ROBOTS_ROW, .parse = option_flag, .destination = &options.robots},
    {.row = SITE_ROW, .parse = option_text, .destination = &options.site},
    {.row = {0}},
};

/* --- Adding counts to the counter file. --- */

static struct counter_result add_count(int file, const struct count *count, uint64_t amount)
{
	return counter_add_amount(file, count->path, count->path_length, amount,
	                          COUNTER_LOCK_WAIT_MS);
}

/* Creates a record for each count, and checks that the sum fits; adds nothing yet. */
static enum exit_status make_room(int file, const char *name, struct counts *counts)
{
	struct count count;
	counts_rewind(counts);
	while (counts_next(counts, &count)) {
		struct counter_result result = add_count(file, &count, 0);
		if (result.error != NULL)
			return hits_file_error(name, result.error);
		if (!options.replace && count.count > UINT64_MAX - result.count)
			return command_error(
			    "the count of %s would not fit 64 bits; nothing was added",
			    counts_shown(count.path, count.path_length));
	}
	if (counts->problem != NULL)
		return command_error("%s; nothing was added", counts->problem);
	return EXIT_DONE;
}

static enum exit_status sync_file(int file, const char *name)
{
	if (fsync(file) == 0)
		return EXIT_DONE;
	return command_error("%s: not yet on disk: %s", output_escaped(name), strerror(errno));
}

/* Takes back the first counts that were added. Returns false if one cannot be taken back. */
static bool take_back(int file, struct counts *counts, size_t added)
{
	struct count count;
	counts_rewind(counts);
	for (; added > 0; added--)
		if (!counts_next(counts, &count) ||
		    counter_subtract(file, count.path, count.path_length, count.count) != NULL)
			return false;
	return true;
}

/*
 * Changes only numbers, in existing records, and waits until they are on disk: this fails only if the disk
 * fails, or if another program holds the lock. Sets *added to the number of counts that it has added.
 */
static enum exit_status add_all(int file, const char *name, struct counts *counts, size_t *added)
{
	struct count count;
	struct counter_result result = {0, NULL};
	*added = 0;
	counts_rewind(counts);
	while (counts_next(counts, &count)) {
		result = add_count(file, &count, count.count);
		if (result.error != NULL)
			break;
		++*added;
	}
	if (result.error != NULL)
		return hits_file_error(name, result.error);
	if (counts->problem != NULL)
		return command_error("%s", counts->problem);
	return sync_file(file, name);
}

/* The same, but takes back what it has added if it fails. */
static enum exit_status add_all_or_none(int file, const char *name, struct counts *counts)
{
	size_t added;
	if (add_all(file, name, counts, &added) == EXIT_DONE)
		return EXIT_DONE;
	if (counts->problem == NULL && take_back(file, counts, added))
		return command_error("nothing was added");
	return command_error("up to %zu of %zu counts were added", added, counts->size);
}

static void print_done(const char *verb, const char *name, const struct counts *counts)
{
	printf("%s %s to %s.\n", verb, counts_summary(counts->total, counts->size),
	       output_escaped(name));
}

/* Adds all counts to the file, or none, and prints how many. Creates a missing file. */
static enum exit_status apply_counts(const char *name, struct counts *counts)
{
	int file = hits_file_open_or_create(name);
	if (file < 0)
		return EXIT_FAILED;
	enum exit_status status = make_room(file, name, counts);
	if (status == EXIT_DONE) {
		signals_block();
		status = add_all_or_none(file, name, counts);
		signals_unblock();
	}
	(void)close(file);
	if (status == EXIT_DONE)
		print_done("Added", name, counts);
	return status;
}

/* --- The history. --- */

/*
 * Opens and locks the history of the counter file, if it exists or `access` creates it, and records
 * what was counted until now, so that it stays apart from what the command changes.
 */
static enum exit_status begin_history(struct history *history, const char *name,
                                      enum history_access access)
{
	struct history_difference difference = {.impossible = 0};
	const char *problem = history_open(history, name, access);
	if (problem == NULL && history->directory >= 0)
		problem = history_snapshot(history, name, time(NULL), &difference);
	history_difference_free(&difference);
	return problem == NULL ? EXIT_DONE : command_error("%s; nothing was changed", problem);
}

/* Adds counts to the file, and the entries of `merge`, their periods, to its history. */
static enum exit_status apply(const char *name, struct counts *counts, struct history_merge *merge)
{
	struct history history;
	enum exit_status status =
	    begin_history(&history, name, merge->has_history ? HISTORY_CREATE : HISTORY_WRITE);
	if (status == EXIT_DONE)
		status = apply_counts(name, counts);
	if (status == EXIT_DONE && history.directory >= 0) {
		const char *problem = history_merge_apply(merge, &history);
		if (problem != NULL)
			status = command_error("%s; the next snapshot records these hits for the "
			                       "present day",
			                       problem);
	}
	history_close(&history);
	return status;
}

/* --- Replacing counts and history. --- */

static bool is_any(void *context, const char *path, size_t path_length)
{
	(void)context;
	(void)path;
	(void)path_length;
	return true;
}

/*
 * Hits that are counted meanwhile stay in the file. If this fails, what has been restored stays too: the old
 * counts are gone.
 */
static enum exit_status replace_counts(int file, const char *name, struct counts *counts)
{
	struct counter_dropped dropped;
	size_t added;
	const char *error = counter_reset(file, is_any, NULL, &dropped);
	if (error != NULL)
		return hits_file_error(name, error);
	if (add_all(file, name, counts, &added) == EXIT_DONE)
		return EXIT_DONE;
	return command_error("%zu of %zu counts were restored", added, counts->size);
}

/* Puts the staged entries in place, and records what was counted meanwhile. */
static enum exit_status replace_history(struct history *history, struct history *staged,
                                        const char *name)
{
	struct history_difference difference = {.impossible = 0};
	const char *problem = history_replace(history, staged);
	if (problem == NULL)
		problem = history_snapshot_same_file(history, name, time(NULL), &difference);
	history_difference_free(&difference);
	return problem == NULL ? EXIT_DONE : command_error("%s", problem);
}

/* Writes all entries that will replace the others. */
static enum exit_status stage_history(struct history *history, struct history *staged,
                                      struct history_merge *merge)
{
	const char *problem = history_stage(history, staged);
	if (problem == NULL)
		problem = history_merge_apply(merge, staged);
	if (problem == NULL)
		return EXIT_DONE;
	enum exit_status status = command_error("%s; nothing was changed", problem);
	history_unstage(history, staged);
	return status;
}

/*
 * All that can fail on a full disk is done before anything is replaced. After a kill in between, the
 * same command does it all again.
 */
static enum exit_status replace_all(int file, const char *name, struct counts *counts,
                                    struct history *history, struct history_merge *merge)
{
	struct history staged;
	bool has_history = history->directory >= 0;
	enum exit_status status = make_room(file, name, counts);
	if (status == EXIT_DONE && has_history)
		status = stage_history(history, &staged, merge);
	if (status != EXIT_DONE)
		return status;
	signals_block();
	status = replace_counts(file, name, counts);
	if (has_history && status == EXIT_DONE)
		status = replace_history(history, &staged, name);
	else if (has_history)
		history_unstage(history, &staged);
	signals_unblock();
	if (status == EXIT_DONE)
		print_done("Restored", name, counts);
	return status == EXIT_DONE ? status
	                           : command_error("not all was replaced; repeat the command");
}

/* Makes the file and its history what an export says. Creates what is missing. */
static enum exit_status replace(const char *name, struct counts *counts,
                                struct history_merge *merge)
{
	struct history history;
	enum exit_status status = EXIT_FAILED;
	const char *problem =
	    history_open(&history, name, merge->has_history ? HISTORY_CREATE : HISTORY_WRITE);
	int file = problem == NULL ? hits_file_open_or_create(name) : -1;
	if (problem != NULL)
		status = command_error("%s; nothing was changed", problem);
	else if (file >= 0)
		status = replace_all(file, name, counts, &history, merge);
	if (file >= 0)
		(void)close(file);
	history_close(&history);
	return status;
}

/* --- export --- */

static bool is_dash(const char *name)
{
	return strcmp(name, "-") == 0;
}

/*
 * Opens the history to read it. Its owner locks it, so that no snapshot is taken between the counts
 * and their history.
 */
static const char *open_history(struct history *history, const char *counter_file)
{
	if (history_open(history, counter_file, HISTORY_WRITE) == NULL)
		return NULL;
	history_close(history);
	return history_open(history, counter_file, HISTORY_READ);
}

/* Prints the counts, and the history if it has entries. Returns NULL or an error. */
static const char *print_export(struct counts *counts, struct history *history)
{
	const char *problem = NULL;
	hits_text_write_format(stdout);
	if (history->count > 0)
		printf("# " HISTORY_FOLLOWS "\n# " HISTORY_EXPORTED " %jd\n", (intmax_t)time(NULL));
	hits_text_write_counts(stdout, counts);
	if (history->count > 0)
		problem = history_export(history, stdout);
	return problem != NULL ? problem : counts->problem;
}

static enum exit_status write_to(const char *name, struct counts *counts, struct history *history,
                                 const char *counter_file)
{
	struct output output;
	if (is_dash(name)) {
		const char *problem = print_export(counts, history);
		return problem == NULL ? EXIT_DONE : command_error("%s", problem);
	}
	enum exit_status status = output_begin(&output, name, counter_file);
	if (status != EXIT_DONE)
		return status;
	const char *problem = print_export(counts, history);
	return problem == NULL ? output_end(&output) : output_discard(&output, problem);
}

static enum exit_status export_counts(char **operands, int count)
{
	char name[PATH_MAX];
	struct counts counts = {0};
	struct history history;
	uint64_t damaged = 0;
	(void)count;
	enum exit_status status = find_file(name);
	if (status != EXIT_DONE)
		return status;
	const char *problem = open_history(&history, name);
	if (problem != NULL)
		status = command_error("%s", problem);
	if (status == EXIT_DONE)
		status = hits_file_read(name, &counts, &damaged);
	if (status == EXIT_DONE)
		status = write_to(operands[0], &counts, &history, name);
	history_close(&history);
	counts_free(&counts);
	if (status == EXIT_DONE && damaged > 0)
		return command_error("%s: damaged; only the good records were exported; "
		                     "run \"mayflyctl hits verify --hits %s\"",
		                     output_escaped(name), output_quoted(name));
	return status;
}

const struct command command_hits_export = {
    .name = "hits export",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "write all counts to FILE as text",
    .description =
        "Write all counts to FILE as text; to standard output if FILE is -. An existing\n"
        "FILE is replaced only when the text is complete.\n",
    .options = FILE_OPTION,
    .run = export_counts,
};

/* --- import --- */

/* Opens a regular file: a FIFO could block for ever. Returns NULL on failure (errno). */
static FILE *open_export(const char *name)
{
	int file = safe_path_open(name, O_RDONLY);
	return file >= 0 ? fdopen(file, "r") : NULL;
}

/* What the comments of an export say. */
struct export_header {
	bool has_history;
	uint64_t exported; /* seconds since 1970; 0: unknown */
};

static const char *read_comment(void *context, struct view text)
{
	struct export_header *header = context;
	if (view_equal(text, VIEW(HISTORY_FOLLOWS)))
		header->has_history = true;
	else if (view_equal(parse_word(&text), VIEW(HISTORY_EXPORTED)) &&
	         !parse_number(text, 0, INT64_MAX, &header->exported))
		return "the time is not a number of seconds";
	return NULL;
}

/* Reads the counts, and the history after them if there is one. Returns NULL or the error. */
static const char *read_export(FILE *file, struct counts *counts, struct history_merge *merge,
                               size_t *line)
{
	struct export_header header = {.has_history = false};
	const struct hits_text_reader reader = {.each = counts_add,
	                                        .context = counts,
	                                        .problem = &counts->problem,
	                                        .comment = read_comment,
	                                        .comment_context = &header};
	const char *problem = hits_text_read_part(file, &reader, line);
	if (problem == NULL)
		problem = counts_combine(counts);
	if (problem == NULL && !header.has_history && getc(file) != EOF) {
		++*line;
		problem = "data after the end marker";
	}
	if (problem != NULL)
		return problem;
	if (header.exported > 0 && (time_t)header.exported < merge->now)
		merge->now = (time_t)header.exported;
	return history_merge_text(merge, header.has_history ? file : NULL, counts, line);
}

/* Reads the whole text, before any count is added. */
static enum exit_status read_from(const char *name, struct counts *counts,
                                  struct history_merge *merge)
{
	size_t line = 0;
	FILE *file = is_dash(name) ? stdin : open_export(name);
	if (file == NULL)
		return command_error("%s: cannot read: %s", output_escaped(name),
		                     safe_path_problem(errno));
	const char *problem = read_export(file, counts, merge, &line);
	bool failed = ferror(file) != 0;
	int error = errno;
	if (file != stdin)
		(void)fclose(file);
	if (failed)
		return command_error("%s: cannot read: %s", output_escaped(name), strerror(error));
	if (problem == NULL)
		return EXIT_DONE;
	if (problem == counts->problem)
		return command_error("%s: %s; nothing was added", output_escaped(name), problem);
	return command_error("%s: line %zu: %s; nothing was added", output_escaped(name), line,
	                     problem);
}

static enum exit_status import_counts(char **operands, int count)
{
	char name[PATH_MAX];
	struct counts counts = {0};
	struct history_merge merge = {.now = time(NULL)};
	(void)count;
	enum exit_status status = find_file(name);
	if (status == EXIT_DONE)
		status = read_from(operands[0], &counts, &merge);
	if (status == EXIT_DONE)
		status =
		    options.replace ? replace(name, &counts, &merge) : apply(name, &counts, &merge);
	history_merge_free(&merge);
	counts_free(&counts);
	return status;
}

static const struct command_option IMPORT_OPTIONS[] = {
    {.row = HITS_FILE_ROW, .parse = option_file, .destination = &options.file},
    {.row = {0, "replace", "", "replace the counts and the history, to restore a backup"},
     .parse = option_flag,
     .destination = &options.replace},
    {.row = HITS_ROBOTS_ROW, .parse = option_flag, .destination = &options.robots},
    {.row = SITE_ROW, .parse = option_text, .destination = &options.site},
    {.row = {0}},
};

const struct command command_hits_import = {
    .name = "hits import",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "add the counts in FILE, which export has written",
    .description =
        "Add the counts in FILE, which hits export has written; - is standard input. If\n"
        "a line is invalid or a count would exceed 64 bits, nothing is added.\n",
    .options = IMPORT_OPTIONS,
    .run = import_counts,
};

/* --- merge --- */

static enum exit_status check_different(const char *name, const char *other)
{
	int comparison = file_compare(name, other);
	if (comparison > 0)
		return command_error("%s: named twice; its hits would be counted twice",
		                     output_escaped(name));
	return comparison == 0 ? EXIT_DONE : file_compare_error(name, other);
}

/* Refuses a file that is named twice: its hits would be counted twice. */
static enum exit_status check_duplicates(const char *into, char **others, int count)
{
	enum exit_status status = EXIT_DONE;
	for (int i = 0; i < count && status == EXIT_DONE; i++) {
		status = check_different(others[i], into);
		for (int j = 0; j < i && status == EXIT_DONE; j++)
			status = check_different(others[i], others[j]);
	}
	return status;
}

/* Adds the counts of a file to *counts, and its history, if one is to be merged, to *merge. */
static enum exit_status read_other(const char *name, struct counts *counts,
                                   struct history_merge *merge, bool with_history)
{
	struct counts totals = {0};
	struct count count;
	uint64_t damaged = 0;
	enum exit_status status = hits_file_read(name, &totals, &damaged);
	const char *problem = NULL;
	if (status == EXIT_DONE && damaged > 0)
		status = command_error("%s: damaged; nothing was added; run \"mayflyctl hits "
		                       "verify --hits %s\"",
		                       output_escaped(name), output_quoted(name));
	if (status == EXIT_DONE && with_history)
		problem = history_merge_file(merge, name, &totals);
	if (problem != NULL)
		status = command_error("%s; nothing was added", problem);
	counts_rewind(&totals);
	while (status == EXIT_DONE && counts_next(&totals, &count))
		counts_add(counts, count.path, count.path_length, count.count);
	if (status == EXIT_DONE && totals.problem != NULL)
		status = command_error("%s; nothing was added", totals.problem);
	counts_free(&totals);
	return status;
}

static enum exit_status read_others(const char *into, char **others, int count,
                                    struct counts *counts, struct history_merge *merge)
{
	enum exit_status status = EXIT_DONE;
	bool with_history = history_exists(into);
	for (int i = 0; i < count && !with_history; i++)
		with_history = history_exists(others[i]);
	for (int i = 0; i < count && status == EXIT_DONE; i++)
		status = read_other(others[i], counts, merge, with_history);
	const char *problem = status == EXIT_DONE ? counts_combine(counts) : NULL;
	return problem == NULL ? status : command_error("%s; nothing was added", problem);
}

static enum exit_status merge_files(char **operands, int count)
{
	char name[PATH_MAX];
	struct counts counts = {0};
	struct history_merge merge = {.now = time(NULL)};
	enum exit_status status = find_file(name);
	if (status == EXIT_DONE)
		status = check_duplicates(name, operands, count);
	if (status == EXIT_DONE)
		status = read_others(name, operands, count, &counts, &merge);
	if (status == EXIT_DONE)
		status = apply(name, &counts, &merge);
	history_merge_free(&merge);
	counts_free(&counts);
	return status;
}

const struct command command_hits_merge = {
    .name = "hits merge",
    .operands = "FILE...",
    .operands_min = 1,
    .operands_max = INT_MAX,
    .summary = "add the counts of other counter files",
    .description = "Add the counts of other counter files, which are not changed. If one of them\n"
                   "is damaged or missing, nothing is added.\n",
    .options = FILE_OPTION,
    .run = merge_files,
};

/* --- reset --- */

/* The callback of counter_reset; `glob` is the pattern, or NULL for all counts. */
static bool is_dropped(void *glob, const char *path, size_t path_length)
{
	char terminated[COUNTER_PATH_MAX + 1];
	if (glob == NULL)
		return true;
	memcpy(terminated, path, path_length);
	terminated[path_length] = '\0';
	return counts_match(glob, terminated);
}

/* Hits that are counted after the question are dropped too. */
static bool ask_for_consent(const char *name, const struct counts *counts)
{
	char answer[16] = "";
	(void)fprintf(stderr, "Drop %s in %s? [y/N] ", counts_summary(counts->total, counts->size),
	              output_escaped(name));
	if (fgets(answer, sizeof answer, stdin) == NULL)
		(void)fputs("\n", stderr);
	return strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0;
}

static enum exit_status drop_from_file(const char *name, char *glob,
                                       struct counter_dropped *dropped)
{
	int file = hits_file_open(name, O_RDWR);
	if (file < 0)
		return EXIT_FAILED;
	const char *error = counter_reset(file, is_dropped, glob, dropped);
	enum exit_status status =
	    error == NULL ? sync_file(file, name) : hits_file_error(name, error);
	(void)close(file);
	if (status == EXIT_DONE || dropped->records > 0)
		printf("Dropped %s.\n", counts_summary(dropped->hits, dropped->records));
	return status;
}

/* Snapshots before and after record in the history exactly what was dropped, also if not all of it was. */
static enum exit_status drop_counts(const char *name, char *glob)
{
	struct history_difference difference = {.impossible = 0};
	struct counter_dropped dropped = {0, 0};
	struct history history;
	enum exit_status status = begin_history(&history, name, HISTORY_WRITE);
	if (status == EXIT_DONE)
		status = drop_from_file(name, glob, &dropped);
	if (dropped.records > 0 && history.directory >= 0) {
		const char *problem =
		    glob == NULL
		        ? history_snapshot(&history, name, time(NULL), &difference)
		        : history_snapshot_same_file(&history, name, time(NULL), &difference);
		if (problem != NULL)
			status = command_error("%s; the next snapshot records what was dropped",
			                       problem);
	}
	history_difference_free(&difference);
	history_close(&history);
	return status;
}

static enum exit_status reset_counts(char **operands, int count)
{
	char name[PATH_MAX];
	struct counts counts = {0};
	uint64_t damaged = 0;
	char *glob = count > 0 ? operands[0] : NULL;
	if (glob != NULL && !counts_can_match(glob))
		return command_usage_error("\"%s\" matches no path; paths begin with /",
		                           output_escaped(glob));
	if (!options.yes && (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)))
		return command_usage_error("--yes is required if there is no terminal to ask on");
	enum exit_status status = find_file(name);
	if (status == EXIT_DONE)
		status = hits_file_read(name, &counts, &damaged);
	if (status == EXIT_DONE)
		counts_select(&counts, glob, COUNTS_BY_PATH, SIZE_MAX);
	if (status == EXIT_DONE && counts.problem != NULL)
		status = command_error("%s: %s", output_escaped(name), counts.problem);
	if (status == EXIT_DONE && counts.size == 0)
		(void)fputs("Nothing to drop.\n", stderr);
	else if (status == EXIT_DONE && !options.yes && !ask_for_consent(name, &counts))
		status = command_error("nothing was dropped");
	else if (status == EXIT_DONE)
		status = drop_counts(name, glob);
	counts_free(&counts);
	if (status == EXIT_DONE && damaged > 0)
		return command_error("%s: damaged; counts may be missing; run \"mayflyctl hits "
		                     "verify --hits %s\"",
		                     output_escaped(name), output_quoted(name));
	return status;
}

static const struct command_option RESET_OPTIONS[] = {
    {.row = HITS_FILE_ROW, .parse = option_file, .destination = &options.file},
    {.row = HITS_ROBOTS_ROW, .parse = option_flag, .destination = &options.robots},
    {.row = SITE_ROW, .parse = option_text, .destination = &options.site},
    {.row = {0, "yes", "", "do not ask for confirmation"},
     .parse = option_flag,
     .destination = &options.yes},
    {.row = {0}},
};

const struct command command_hits_reset = {
    .name = "hits reset",
    .operands = "[GLOB]",
    .operands_max = 1,
    .summary = "set counts to zero",
    .description = "Set the counts of the paths that match GLOB to zero, or all counts, after a\n"
                   "confirmation.\n",
    .options = RESET_OPTIONS,
    .run = reset_counts,
};
