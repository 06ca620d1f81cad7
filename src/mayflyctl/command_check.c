/* `mayflyctl check`: what is wrong, before visitors find it. The checks are those of checks.h. */
#include "bus.h"
#include "checks.h"
#include "options.h"
#include "user.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char HELP[] =
    "Usage: mayflyctl check [--json]\n"
    "Looks for what is wrong with the installed server, and says what to type. What the handler's\n"
    "user may read and write only root can see.\n"
    "\n"
    "  --json   an array of objects: problem, remedy\n"
    "  --help   print this\n"
    "\n"
    "Exits with 1 where something is wrong.\n";

/* Returns whether all could be looked at. */
static bool check_service(sd_bus *bus, struct findings *findings)
{
	struct installation installation;
	if (installation_find(bus, &installation) < 0)
		return true; /* which check_units has told */
	bool all = user_can_become(installation.user);
	check_handler(&installation, findings);
	if (all) {
		check_site(&installation, findings);
		check_hits(&installation, findings);
	}
	installation_forget(&installation);
	return all;
}

static bool check_installation(struct findings *findings)
{
	const char *why;
	sd_bus *bus = NULL;
	int error = bus_open(&bus, &why);
	if (error < 0) {
		found(findings, "without it, use the snippets for inetd", "%s", why);
		return true;
	}
	check_units(bus, findings);
	bool all = check_service(bus, findings);
	sd_bus_unref(bus);
	return all;
}

static void print_notes(const struct findings *findings)
{
	for (size_t i = 0; i < json_object_array_length(findings->notes); i++)
		puts(json_object_get_string(json_object_array_get_idx(findings->notes, i)));
}

static void print(const struct findings *findings)
{
	size_t count = json_object_array_length(findings->list);
	if (count == 0)
		puts("Nothing is wrong.");
	for (size_t i = 0; i < count; i++) {
		struct json_object *finding = json_object_array_get_idx(findings->list, i);
		printf("%s\n    %s\n",
		       json_object_get_string(json_object_object_get(finding, "problem")),
		       json_object_get_string(json_object_object_get(finding, "remedy")));
	}
	print_notes(findings);
}

static enum exit_status run(int argc, char **argv)
{
	bool json;
	enum exit_status status = options_read_json(argc, argv, &json);
	if (status != EXIT_DONE)
		return status;
	struct findings findings = {json_object_new_array(), json_object_new_array()};
	check_kernel(&findings);
	bool all = check_installation(&findings);
	if (json)
		puts(json_object_to_json_string_ext(
		    findings.list, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		print(&findings);
	if (!all && !json)
		puts("Only root can see whether the handler may read the site and count.");
	status = json_object_array_length(findings.list) == 0 ? EXIT_DONE : EXIT_FAILED;
	json_object_put(findings.list);
	json_object_put(findings.notes);
	return status;
}

const struct command command_check = {.name = "check",
                                      .summary = "find what is wrong, and say what to type",
                                      .help = HELP,
                                      .run_words = run};
