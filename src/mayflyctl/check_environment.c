/* The check of the files of variables; see check_environment.h. */
#include "check_environment.h"
#include "bus.h"
#include "environment.h"
#include "nearest_word.h"
#include "output.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TYPING_ERRORS_MAX = 2, NAME_SIZE = 128 };

static const char *const NAMES[] = {"MAYFLY_OPTIONS", "MAYFLY_ACCEPT_OPTIONS",
                                    "MAYFLY_HTTPS_OPTIONS", "MAYFLY_HTTP_OPTIONS"};

/* The name that a misspelt one may mean; NULL if it is right, or not like any. */
static const char *find_intended(const char *name)
{
	struct nearest_word nearest = {.word = name};
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		nearest_word_try(&nearest, NAMES[i]);
	bool is_misspelt =
	    nearest.found != NULL && nearest.distance > 0 && nearest.distance <= TYPING_ERRORS_MAX;
	return is_misspelt ? nearest.found : NULL;
}

static void check_name(const char *file, const char *name, struct findings *findings)
{
	char advice[64];
	const char *intended = find_intended(name);
	if (name[strcspn(name, " \t")] != '\0') {
		findings_add(findings, "write NAME=VALUE, without export", NULL,
		             "%s: systemd ignores the line of \"%s\"", file, output_escaped(name));
	} else if (intended != NULL) {
		(void)snprintf(advice, sizeof advice, "write %s", intended);
		findings_add(findings, advice, NULL, "%s: no unit of Mayfly's uses %s", file,
		             output_escaped(name));
	}
}

/* Such a file may be a pattern of glob(7). */
static void check_presence(const char *file, struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	if (strpbrk(file, "*?[") != NULL || access(file, F_OK) == 0 || errno != ENOENT)
		return;
	(void)snprintf(command, sizeof command, "touch %s", output_quoted(file));
	findings_add(findings, "create it, or write EnvironmentFile=- in the unit", command,
	             "the EnvironmentFile= %s is missing: systemd starts no handler",
	             output_escaped(file));
	findings_mark_critical(findings);
}

static void check_file(const char *file, bool may_be_missing, struct findings *findings)
{
	char name[NAME_SIZE];
	char *text = environment_read(file);
	const char *rest = text;
	if (text == NULL)
		bus_note_failure(file, errno);
	if (!may_be_missing)
		check_presence(file, findings);
	while (rest != NULL && environment_next_name(&rest, name, sizeof name))
		check_name(output_escaped(file), name, findings);
	free(text);
}

/* Calls `check` for each EnvironmentFile= of the service. */
static void check_each(sd_bus *bus, const struct unit_config *config,
                       void check(const char *file, bool may_be_missing, struct findings *findings),
                       struct findings *findings)
{
	struct bus_unit unit;
	const char *name;
	int is_optional;
	if (bus_find(bus, config->service, &unit) < 0)
		return;
	sd_bus_message *files = bus_list(&unit, "EnvironmentFiles", "(sb)");
	while (sd_bus_message_read(files, "(sb)", &name, &is_optional) > 0)
		check(name, is_optional != 0, findings);
	sd_bus_message_unref(files);
	bus_forget(&unit);
}

void check_environment(sd_bus *bus, const struct unit_config *config, struct findings *findings)
{
	check_each(bus, config, check_file, findings);
}

static void check_type(const char *file, bool may_be_missing, struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE], old[PATH_MAX + sizeof ".old"];
	struct stat status;
	(void)may_be_missing;
	bool is_known = stat(file, &status) == 0;
	if (!is_known)
		bus_note_failure(file, errno);
	if (!is_known || !S_ISFIFO(status.st_mode))
		return;
	(void)snprintf(old, sizeof old, "%s.old", file);
	(void)snprintf(command, sizeof command, "mv -nT %s %s", output_quoted(file),
	               output_quoted(old));
	findings_add(findings, "move it away, and create a regular file", command,
	             "%s is a FIFO: systemd hangs at the next connection", output_escaped(file));
	findings_mark_critical(findings);
}

bool check_environment_blocks(sd_bus *bus, const struct unit_config *config,
                              struct findings *findings)
{
	size_t critical_count = findings->critical_count;
	check_each(bus, config, check_type, findings);
	return findings->critical_count > critical_count;
}
