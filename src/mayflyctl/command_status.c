/* `mayflyctl status`: shows the state of the sites. */
#include "bus.h"
#include "command.h"
#include "journal.h"
#include "output.h"
#include "site_status.h"
#include "site_status_print.h"
#include <json-c/json.h>
#include <stdio.h>

static struct status_options {
	struct journal_users users; /* of --user */
	const char *site;           /* NULL: all */
	bool json;
} options;

/* What is left to print: with --json one object, which has those of all sites. */
static struct json_object *printed;

static void add_json(const struct site_status *status, bool has_several)
{
	struct json_object *sites;
	if (printed == NULL)
		printed = site_status_to_json(status);
	if (!has_several)
		return;
	if (!json_object_object_get_ex(printed, "sites", &sites)) {
		sites = json_object_new_array();
		json_object_object_add(printed, "sites", sites);
	}
	json_object_array_add(sites, site_status_to_json(status));
}

/* Shows a site. Returns whether its state is good; *is_on: whether it should be. */
static enum exit_status show_site(const struct site *site, sd_bus *bus, bool is_only, bool *is_on)
{
	static struct site_status status; /* too large for a stack */
	bool has_several = !is_only && options.site == NULL;
	enum exit_status result = site_status_gather(&status, bus, site, is_only, &options.users);
	if (result != EXIT_DONE)
		return result;
	*is_on = site_status_is_on(&status);
	if (options.json)
		add_json(&status, has_several);
	else
		site_status_print(&status, has_several);
	return site_status_is_good(&status) ? EXIT_DONE : EXIT_FAILED;
}

/* A site that is off is good if another one is on. */
static enum exit_status show_all(const struct site_list *sites, sd_bus *bus)
{
	enum exit_status result = EXIT_DONE;
	bool is_any_on = false;
	for (size_t i = 0; i < sites->count; i++) {
		bool is_on = false;
		if (i > 0 && !options.json)
			puts("");
		enum exit_status shown = show_site(&sites->all[i], bus, sites->count == 1, &is_on);
		if (is_on && shown != EXIT_DONE)
			result = shown;
		is_any_on = is_any_on || is_on;
	}
	return is_any_on ? result : EXIT_FAILED;
}

static enum exit_status show_sites(sd_bus *bus)
{
	static struct site_list sites;
	bool is_on;
	site_list_find(&sites, bus);
	if (sites.count == 0)
		return command_error("%s is not installed", SOCKET_EACH);
	if (options.site == NULL)
		return show_all(&sites, bus);
	const struct site *site = site_list_get(&sites, options.site);
	return site != NULL ? show_site(site, bus, sites.count == 1, &is_on)
	                    : site_unknown(options.site);
}

static enum exit_status run_status(char **operands, int count)
{
	sd_bus *bus;
	(void)operands;
	(void)count;
	const char *error = bus_open(&bus);
	if (error != NULL)
		return command_error("%s", error);
	enum exit_status result = show_sites(bus);
	error = bus_close(bus);
	if (printed != NULL)
		output_json(printed);
	return error == NULL ? result : command_error("%s", error);
}

static const struct command_option OPTIONS[] = {
    {.row = SITE_ROW, .parse = option_text, .destination = &options.site},
    {.row = {0, "user", "USER", "also trust entries of this user's handlers; repeatable"},
     .parse = option_user,
     .destination = &options.users},
    {.row = {0, "json", "", "print JSON"}, .parse = option_flag, .destination = &options.json},
    {.row = {0}},
};

const struct command command_status = {
    .name = "status",
    .operands = "",
    .summary = "show whether the site is served, its limits and its last errors",
    .description = "Show whether each site is served, how close it is to its limits, and its last\n"
                   "refusals and errors.\n",
    .notes = "Exits with 1 if the socket is not active, if the handler's user cannot enter\n"
             "the root directory, or if the counter file is invalid or damaged. If there are\n"
             "several sites, one that is neither enabled nor active is ignored.\n",
    .options = OPTIONS,
    .run = run_status,
};
