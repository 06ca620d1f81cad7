/*
 * `mayflyctl sites remove`: stops a site that `sites add` has added, and removes what that has
 * written. The site's files are never removed, its counts only with --delete-counts, and its user
 * never: files that it owns would otherwise belong to the next user with its number.
 */
#include "bus.h"
#include "command.h"
#include "output.h"
#include "site_files.h"
#include "site_list.h"
#include "site_steps.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { NAME_SIZE = 64 };

static struct sites_remove_options {
	bool changed, delete_counts;
} options;

/* --- Checks. --- */

static bool exists(const char *name)
{
	struct stat status;
	return lstat(name, &status) == 0;
}

static enum exit_status refuse_file(const char *name, enum site_file_kind kind)
{
	const char *file = site_file_name(name, kind);
	if (site_file_read_state(name, kind) == SITE_FILE_FOREIGN)
		return command_error(
		    "\"mayflyctl sites add\" has not written %s; remove the site by "
		    "hand",
		    file);
	return command_error("%s was changed since \"mayflyctl sites add\" wrote it; --changed "
	                     "removes it too",
	                     file);
}

/* Checks each file that is there. Nothing is done unless all may be removed. */
static enum exit_status check(const char *name, const char *counts)
{
	bool is_there = options.delete_counts && exists(counts);
	for (enum site_file_kind kind = 0; kind < SITE_FILES; kind++) {
		enum site_file_state state = site_file_read_state(name, kind);
		bool may_go = state == SITE_FILE_MISSING || state == SITE_FILE_ADDED ||
		              (state == SITE_FILE_CHANGED && options.changed);
		if (!may_go)
			return refuse_file(name, kind);
		is_there = is_there || state != SITE_FILE_MISSING;
	}
	return is_there ? EXIT_DONE : site_unknown(name);
}

/* --- The steps. --- */

/* Ends all connections, too. A removal that was interrupted has disabled the socket already. */
static enum exit_status stop(const char *name)
{
	char socket[NAME_SIZE], instances[NAME_SIZE];
	(void)snprintf(socket, sizeof socket, "mayfly-site-%s.socket", name);
	(void)snprintf(instances, sizeof instances, "mayfly-site-%s@*.service", name);
	const char *const disable[] = {"systemctl", "disable", "--now", socket, NULL};
	const char *const stop[] = {"systemctl", "stop", instances, NULL};
	enum exit_status status = EXIT_DONE;
	if (site_file_read_state(name, SITE_FILE_SOCKET) != SITE_FILE_MISSING)
		status = site_step_run(disable);
	return status == EXIT_DONE ? site_step_run(stop) : status;
}

/* The socket first, so that nothing can start while the others go. */
static enum exit_status remove_files(const char *name)
{
	enum exit_status status = EXIT_DONE;
	for (int kind = SITE_FILES - 1; kind >= 0 && status == EXIT_DONE; kind--) {
		if (site_file_read_state(name, (enum site_file_kind)kind) != SITE_FILE_MISSING)
			site_step_print("remove", site_file_name(name, (enum site_file_kind)kind));
		if (!site_steps_are_dry)
			status = site_file_remove(name, (enum site_file_kind)kind);
	}
	return status;
}

/*
 * The site's user owns the directory and could replace its entries meanwhile. rm follows no symbolic
 * link, so that nothing elsewhere is removed.
 */
static enum exit_status remove_counts(const char *counts)
{
	const char *const command[] = {"rm", "-rf", "--one-file-system", "--", counts, NULL};
	if (options.delete_counts)
		return site_step_run(command);
	if (exists(counts))
		printf("The counts in %s are kept.\n", counts);
	return EXIT_DONE;
}

static enum exit_status run_sites_remove(char **operands, int count)
{
	static const char *const RELOAD[] = {"systemctl", "daemon-reload", NULL};
	char counts[NAME_SIZE];
	const char *name = operands[0];
	(void)count;
	if (strcmp(name, SITE_MAIN) == 0)
		return command_usage_error("site %s belongs to the package; to stop it, run "
		                           "\"systemctl disable --now mayfly.socket\"",
		                           SITE_MAIN);
	if (site_files_check_name(name) != NULL)
		return command_usage_error(
		    "no site that \"mayflyctl sites add\" has added is named "
		    "\"%s\"",
		    output_escaped(name));
	(void)snprintf(counts, sizeof counts, "/var/lib/mayfly-%s", name);
	enum exit_status status = site_steps_begin();
	if (status == EXIT_DONE)
		status = check(name, counts);
	if (status == EXIT_DONE)
		status = stop(name);
	if (status == EXIT_DONE)
		status = remove_files(name);
	if (status == EXIT_DONE)
		status = site_step_run(RELOAD);
	return status == EXIT_DONE ? remove_counts(counts) : status;
}

static const struct command_option OPTIONS[] = {
    {.row = {0, "changed", "", "also remove files that were changed by hand"},
     .parse = option_flag,
     .destination = &options.changed},
    {.row = {0, "delete-counts", "", "also delete the counts in /var/lib/mayfly-NAME"},
     .parse = option_flag,
     .destination = &options.delete_counts},
    {.row = SITE_DRY_RUN_ROW, .parse = option_flag, .destination = &site_steps_are_dry},
    {.row = {0}},
};

const struct command command_sites_remove = {
    .name = "sites remove",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "stop a site, and remove what `sites add` has written",
    .description =
        "Stop a site, and remove what `mayflyctl sites add` has written. Keep the files\n"
        "that it serves, its user and, without --delete-counts, its counts. Print each\n"
        "step. After an interruption, run the same command again.\n",
    .options = OPTIONS,
    .run = run_sites_remove,
};
