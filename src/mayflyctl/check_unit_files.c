/* The check of the lines of unit files; see check_unit_files.h. */
#include "check_unit_files.h"
#include "bus.h"
#include "memory.h"
#include "output.h"
#include "program.h"
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNITS_MAX = 256, OPTIONS_COUNT = 3, OUTPUT_SIZE = 65536 };

/* Where administrators write drop-ins. */
#define DROP_INS "/etc/systemd/system"

/* The instance of a template that is checked. */
#define INSTANCE "mayflyctl"

/* The units, as arguments of `systemd-analyze verify`. */
struct unit_list {
	const char *arguments[OPTIONS_COUNT + UNITS_MAX + 1];
	size_t count; /* of arguments */
};

/* A template is replaced by an instance. The caller frees the result. */
static char *name_of_unit(const char *file)
{
	const char *at = strstr(file, "@.");
	int length = at != NULL ? (int)(at - file) + 1 : (int)strlen(file);
	return memory_print("%.*s%s%s", length, file, at != NULL ? INSTANCE : "", file + length);
}

/* The reverse. */
static void file_of_unit(const char *name, char file[static UNIT_NAME_MAX + 1])
{
	const char *instance = strstr(name, "@" INSTANCE ".");
	int length = instance != NULL ? (int)(instance - name) + 1 : (int)strlen(name);
	(void)snprintf(file, UNIT_NAME_MAX + 1, "%.*s%s", length, name,
	               instance != NULL ? strrchr(name, '.') : "");
}

static void unit_list_add(struct unit_list *list, const char *file)
{
	if (list->count < OPTIONS_COUNT + UNITS_MAX)
		list->arguments[list->count++] = name_of_unit(file);
}

static void unit_list_find(struct unit_list *list, sd_bus *bus)
{
	*list =
	    (struct unit_list){{"/usr/bin/systemd-analyze", "verify", "--man=no"}, OPTIONS_COUNT};
	size_t pos = 0;
	const char *name;
	while ((name = bus_next_unit_file(bus, "mayfly*", &pos)) != NULL)
		unit_list_add(list, name);
}

static void unit_list_free(struct unit_list *list)
{
	for (size_t i = OPTIONS_COUNT; i < list->count; i++)
		free((char *)list->arguments[i]);
}

/* --- Lines. --- */

/*
 * Cuts "FILE:LINE: MESSAGE" into three strings. Returns false for another form, and for a file that
 * belongs to no unit of Mayfly's: systemd-analyze also reads the units that these depend on.
 */
static bool cut_line(char *line, char **number, char **message)
{
	char *colon = strchr(line, ':');
	if (*line != '/' || colon == NULL || !isdigit((unsigned char)colon[1]))
		return false;
	*number = colon + 1;
	char *end = *number + strspn(*number, "0123456789");
	if (end[0] != ':' || end[1] != ' ')
		return false;
	*colon = *end = '\0';
	*message = end + 2;
	return strstr(line, "/mayfly") != NULL;
}

static void check_line(char *line, struct findings *findings)
{
	char *number, *message;
	if (!cut_line(line, &number, &message))
		return;
	findings_add(findings, "correct or remove the line; then", "systemctl daemon-reload",
	             "%s: line %s: %s", output_escaped(line), number, output_escaped(message));
}

static void check_lines(const struct unit_list *list, struct findings *findings)
{
	static const char *const ENVIRONMENT[] = {
	    "SYSTEMD_LOG_LEVEL=warning", "SYSTEMD_LOG_TARGET=console", "SYSTEMD_COLORS=0", NULL};
	static char text[OUTPUT_SIZE];
	const struct program program = {list->arguments, ENVIRONMENT, NULL, STDERR_FILENO};
	char *rest = text;
	int status = program_run(&program, text, sizeof text);
	if (status < 0) { /* the last line of the text may be incomplete */
		findings_add_unchecked(findings,
		                       "the lines of unit files are not checked: "
		                       "systemd-analyze could not be run, or did not end");
		return;
	}
	if (status == PROGRAM_NOT_EXECUTED)
		findings_add_note(findings, "The lines of unit files are not checked: there is no "
		                            "systemd-analyze");
	for (char *line; (line = strsep(&rest, "\n")) != NULL;)
		check_line(line, findings);
}

/* --- Files that systemd has not read. --- */

/* For glob(3), which then continues without this directory. */
static int note_directory(const char *directory, int error)
{
	bus_note_failure(directory, error);
	return 0;
}

/* As glob(3). Returns false if there is no such file, or on failure, which bus_close reports; then `found` is empty. */
static bool find_files(const char *pattern, int flags, glob_t *found)
{
	int error = glob(pattern, flags, note_directory, found);
	if (error == GLOB_NOSPACE)
		bus_note_unreadable(DROP_INS, ENOMEM);
	if (error != 0)
		*found = (glob_t){0};
	return error == 0;
}

static bool has_drop_in(const struct bus_unit *unit, const char *path)
{
	const char *drop_in;
	bool is_found = false;
	sd_bus_message *paths = bus_list(unit, "DropInPaths", "s");
	while (!is_found && sd_bus_message_read(paths, "s", &drop_in) > 0)
		is_found = strcmp(drop_in, path) == 0;
	sd_bus_message_unref(paths);
	return is_found;
}

/* Whether systemd has not read one of these drop-ins: its own list of directories may be old. */
static bool has_unread_drop_in(const struct bus_unit *unit, const glob_t *found)
{
	struct stat status;
	bool is_unread = false;
	for (size_t i = 0; i < found->gl_pathc && !is_unread; i++)
		if (stat(found->gl_pathv[i], &status) == 0)
			is_unread = S_ISREG(status.st_mode) && status.st_size > 0 &&
			            !has_drop_in(unit, found->gl_pathv[i]);
		else
			bus_note_failure(found->gl_pathv[i], errno);
	return is_unread;
}

/* NeedDaemonReload is also set if systemd does not accept a unit: another check reports that. */
static bool has_changed(sd_bus *bus, const char *name, const glob_t *drop_ins)
{
	struct bus_unit unit;
	if (bus_find(bus, name, &unit) < 0)
		return false;
	bool is_old = bus_string_is(&unit, "LoadState", "loaded") &&
	              (bus_bool(&unit, "NeedDaemonReload") || has_unread_drop_in(&unit, drop_ins));
	bus_forget(&unit);
	return is_old;
}

static bool needs_reload(sd_bus *bus, const char *name, const char *pattern)
{
	glob_t drop_ins;
	bool has_drop_ins = find_files(pattern, 0, &drop_ins);
	bool is_old =
	    (has_drop_ins || bus_needs_reload(bus, name)) && has_changed(bus, name, &drop_ins);
	if (has_drop_ins)
		globfree(&drop_ins);
	return is_old;
}

static void check_reload(sd_bus *bus, const struct unit_list *list, struct findings *findings)
{
	char file[UNIT_NAME_MAX + 1], drop_ins[PATH_MAX];
	for (size_t i = OPTIONS_COUNT; i < list->count; i++) {
		file_of_unit(list->arguments[i], file);
		(void)snprintf(drop_ins, sizeof drop_ins, DROP_INS "/%s.d/*.conf", file);
		if (!needs_reload(bus, list->arguments[i], drop_ins))
			continue;
		findings_add(findings, NULL, "systemctl daemon-reload",
		             "files of %s have changed since systemd read them", file);
		return;
	}
}

/* --- Drop-ins of no unit. --- */

/* "mayfly-site-.socket.d" applies to all units with that prefix (systemd.unit(5)). `unit` begins with "mayfly". */
static bool is_prefix(const char *unit)
{
	const char *dot = strrchr(unit, '.');
	return dot == NULL || dot[-1] == '-' || (dot[-1] == '@' && dot[-2] == '-');
}

/* `directory`: DROP_INS "/mayfly.service.d". */
static void check_directory(sd_bus *bus, const char *directory, struct findings *findings)
{
	char unit_name[UNIT_NAME_MAX + 1];
	struct bus_unit unit;
	(void)snprintf(unit_name, sizeof unit_name, "%.*s",
	               (int)(strlen(directory) - strlen(DROP_INS "/"
	                                                         ".d")),
	               directory + strlen(DROP_INS "/"));
	if (is_prefix(unit_name))
		return;
	char *name = name_of_unit(unit_name);
	int error = bus_find(bus, name, &unit);
	free(name);
	if (error == 0)
		bus_forget(&unit);
	if (error != -ENOENT)
		return;
	findings_add(findings, "move its files to the directory of mayfly@.service or another unit",
	             "systemctl list-unit-files 'mayfly*'", "%s has no effect: there is no unit %s",
	             output_escaped(directory), output_escaped(unit_name));
}

static void check_directories(sd_bus *bus, struct findings *findings)
{
	glob_t found;
	if (!find_files(DROP_INS "/mayfly*.d", GLOB_ONLYDIR, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_directory(bus, found.gl_pathv[i], findings);
	globfree(&found);
}

void check_unit_files(sd_bus *bus, struct findings *findings)
{
	static struct unit_list list;
	unit_list_find(&list, bus);
	if (list.count > OPTIONS_COUNT) {
		check_lines(&list, findings);
		check_reload(bus, &list, findings);
	}
	check_directories(bus, findings);
	unit_list_free(&list);
}
