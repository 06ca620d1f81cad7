/* `mayflyctl status`: how the site does, as systemd, the counter file and the journal tell. */
#include "options.h"
#include "status.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char HELP[] =
    "Usage: mayflyctl status [--user NAME] [--json]\n"
    "Shows whether the site is served, how near it is to its limits, and what went wrong last.\n"
    "\n"
    "  --user NAME   include errors logged by this user's handlers; may be repeated\n"
    "  --json        all of it as JSON\n"
    "  --help        print this\n"
    "\n"
    "Exits with 1 where the socket is not active, the root cannot be entered by the handler's\n"
    "user, or the counter file cannot be read whole.\n";

struct status_options {
	struct journal_users users; /* whose entries count besides the installed units' */
	bool json;
};

enum option_code { OPTION_USER = 256, OPTION_JSON };

/* options_read's; the context is the struct status_options. */
static const char *take(void *context, int code, const char *value)
{
	struct status_options *options = context;
	if (code == OPTION_USER)
		return option_user(&(struct command_option){.destination = &options->users},
		                   value) == NULL
		           ? NULL
		           : "a user";
	options->json = true;
	return NULL;
}

static enum exit_status parse(int argc, char **argv, struct status_options *options)
{
	static const struct option OPTIONS[] = {{"user", required_argument, NULL, OPTION_USER},
	                                        {"json", no_argument, NULL, OPTION_JSON},
	                                        {NULL, 0, NULL, 0}};
	*options = (struct status_options){0};
	enum exit_status status = options_read(argc, argv, "", OPTIONS, take, options);
	if (status == EXIT_DONE && optind < argc)
		return misuse("status takes no operand: %s", argv[optind]);
	return status;
}

/* Why systemd does not tell of a unit. */
static enum exit_status fail_for(const char *unit, int error)
{
	if (error == -ENOENT)
		return fail("%s is not installed", unit);
	return fail("systemd does not tell of %s: %s", unit, strerror(-error));
}

static enum exit_status gather(sd_bus *bus, const struct status_options *options,
                               struct json_object *status)
{
	struct installation installation;
	struct bus_unit socket;
	int error = bus_find(bus, SOCKET_EACH, &socket);
	bus_forget(&socket);
	if (error < 0)
		return fail_for(SOCKET_EACH, error);
	error = installation_find(bus, &installation);
	if (error < 0)
		return fail_for("mayfly@.service", error);
	json_object_object_add(status, "socket", status_socket(bus, &installation));
	json_object_object_add(status, "service", status_service(bus, &installation));
	json_object_object_add(status, "slice", status_slice(bus));
	json_object_object_add(status, "root", status_root(&installation));
	json_object_object_add(status, "hits", status_hits(&installation));
	json_object_object_add(status, "journal", status_journal(&options->users));
	installation_forget(&installation);
	return EXIT_DONE;
}

static enum exit_status show(struct json_object *status, bool json)
{
	if (json)
		puts(json_object_to_json_string_ext(status, JSON_C_TO_STRING_PRETTY |
		                                                JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		status_print(status);
	return status_is_good(status) ? EXIT_DONE : EXIT_FAILED;
}

static enum exit_status run(int argc, char **argv)
{
	struct status_options options;
	enum exit_status result = parse(argc, argv, &options);
	if (result != EXIT_DONE)
		return result;
	sd_bus *bus = NULL;
	const char *why;
	int error = bus_open(&bus, &why);
	if (error < 0)
		return fail("%s%s%s", why, error == -ENOENT ? "" : ": ",
		            error == -ENOENT ? "" : strerror(-error));
	struct json_object *status = json_object_new_object();
	result = gather(bus, &options, status);
	if (result == EXIT_DONE)
		result = show(status, options.json);
	json_object_put(status);
	sd_bus_flush_close_unref(bus);
	return result;
}

const struct command command_status = {
    .name = "status",
    .summary = "show whether the site is served, and what went wrong last",
    .help = HELP,
    .run_words = run};
