/* `mayflyctl status`: shows the state of the site. */
#include "bus.h"
#include "command.h"
#include "journal.h"
#include "site_status.h"
#include "site_status_print.h"

static struct status_options {
	struct journal_users users; /* of --user */
	bool json;
} options;

static enum exit_status run_status(char **operands, int count)
{
	static struct site_status status; /* too large for a stack */
	sd_bus *bus;
	(void)operands;
	(void)count;
	const char *error = bus_open(&bus);
	if (error != NULL)
		return command_error("%s", error);
	enum exit_status result = site_status_gather(&status, bus, &options.users);
	sd_bus_flush_close_unref(bus);
	if (result != EXIT_DONE)
		return result;
	if (options.json)
		site_status_print_json(&status);
	else
		site_status_print(&status);
	return site_status_is_good(&status) ? EXIT_DONE : EXIT_FAILED;
}

static const struct command_option OPTIONS[] = {
    {.row = {0, "user", "NAME", "trust also entries of this user's handlers; repeatable"},
     .parse = option_user,
     .destination = &options.users},
    {.row = {0, "json", "", "print JSON"}, .parse = option_flag, .destination = &options.json},
    {.row = {0}},
};

const struct command command_status = {
    .name = "status",
    .operands = "",
    .summary = "show whether the site is served, its limits and its last errors",
    .description = "Show whether the site is served, how near it is to its limits, and the last\n"
                   "refusals and errors.\n",
    .notes = "Exits with 1 if the socket is not active, if the handler's user cannot enter\n"
             "the root directory, or if the counter file is invalid or damaged.\n",
    .options = OPTIONS,
    .run = run_status,
};
