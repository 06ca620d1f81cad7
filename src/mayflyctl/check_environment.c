/* The check of the files of variables; see check_environment.h. */
#include "check_environment.h"
#include "bus.h"
#include "environment.h"
#include "nearest_word.h"
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPING_ERRORS_MAX = 2, NAME_SIZE = 128 };

static const char *const NAMES[] = {"MAYFLY_OPTIONS", "MAYFLY_ACCEPT_OPTIONS"};

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

static void check_file(const char *file, struct findings *findings)
{
	char name[NAME_SIZE];
	char *text = environment_read(file);
	const char *rest = text;
	while (rest != NULL && environment_next_name(&rest, name, sizeof name))
		check_name(output_escaped(file), name, findings);
	free(text);
}

void check_environment(sd_bus *bus, const struct unit_config *config, struct findings *findings)
{
	struct bus_unit unit;
	const char *file;
	int may_be_missing;
	if (bus_find(bus, config->service, &unit) < 0)
		return;
	sd_bus_message *files = bus_value(&unit, BUS_SERVICE, "EnvironmentFiles", "a(sb)");
	if (files != NULL && sd_bus_message_enter_container(files, 'a', "(sb)") >= 0)
		while (sd_bus_message_read(files, "(sb)", &file, &may_be_missing) > 0)
			check_file(file, findings);
	sd_bus_message_unref(files);
	bus_forget(&unit);
}
