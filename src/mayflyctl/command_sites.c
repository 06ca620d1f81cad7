/*
 * `mayflyctl sites`: lists the sites of this machine. command_sites_add.c and command_sites_remove.c
 * change them.
 */
#include "bus.h"
#include "command.h"
#include "hits_file.h"
#include "memory.h"
#include "output.h"
#include "site_files.h"
#include "site_list.h"
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

enum { LISTEN_SIZE = 1024, HITS_TEXT_SIZE = 24, COLUMNS = 6, GAP = 2 };

enum sites_format { SITES_TABLE, SITES_JSON, SITES_TSV };

static int format; /* enum sites_format */

/* What is shown of a site. */
struct row {
	const struct site *site;
	char *state;              /* ActiveState= of its socket; NULL: unknown */
	char listen[LISTEN_SIZE]; /* its addresses, separated by ", " */
	char *root, *user;        /* NULL: unknown */
	char *hits_file;          /* NULL: nothing is counted */
	uint64_t hits;
	bool is_unknown; /* the hits: not all can be read */
	bool is_added;   /* by `sites add` */
};

/* --- Gathering. --- */

static void gather_listen(struct row *row, const struct bus_unit *unit)
{
	const char *type, *address;
	struct buffer text = {row->listen, sizeof row->listen - 1, 0, false};
	sd_bus_message *listen = bus_list(unit, "Listen", "(ss)");
	while (sd_bus_message_read(listen, "(ss)", &type, &address) > 0) {
		buffer_add_string(&text, text.length > 0 ? ", " : "");
		buffer_add_string(&text, address);
	}
	row->listen[text.length] = '\0';
	sd_bus_message_unref(listen);
}

static void gather_hits(struct row *row, const char *file)
{
	struct counts counts = {0};
	uint64_t damaged = 0;
	if (*file == '\0')
		return;
	row->hits_file = memory_copy(view_of(file));
	const char *problem = hits_file_load(file, &counts, &damaged);
	bool is_missing = problem != NULL && errno == ENOENT; /* created with the first hit */
	row->is_unknown = damaged > 0 || (problem != NULL && !is_missing);
	row->hits = counts.total;
	counts_free(&counts);
}

static struct row gather(const struct site *site, sd_bus *bus)
{
	static struct unit_config config;
	struct row row = {
	    .site = site, .is_added = site_files_are_added(site->name), .is_unknown = true};
	struct bus_unit unit;
	if (bus_find(bus, site->socket, &unit) == 0) {
		row.state = bus_string(&unit, "ActiveState");
		gather_listen(&row, &unit);
		bus_forget(&unit);
	}
	if (site_read_config(site, bus, &config) == 0) {
		row.root = memory_copy(view_of(config.root));
		row.user = memory_copy(view_of(config.user));
		row.is_unknown = false;
		gather_hits(&row, config.hits);
	}
	unit_config_free(&config);
	return row;
}

/* --- Printing. --- */

static const char *or_dash(const char *text)
{
	return text != NULL && *text != '\0' ? text : "-";
}

/* The texts of a row, as the table and TSV show them. */
struct cells {
	const char *text[COLUMNS];
	char hits[HITS_TEXT_SIZE];
};

static void fill_cells(struct cells *cells, const struct row *row)
{
	(void)snprintf(cells->hits, sizeof cells->hits, "%" PRIu64, row->hits);
	if (row->hits_file == NULL || row->is_unknown)
		(void)snprintf(cells->hits, sizeof cells->hits, "%s", row->is_unknown ? "?" : "-");
	const char *const texts[COLUMNS] = {row->site->name,    or_dash(row->state), row->listen,
	                                    or_dash(row->root), or_dash(row->user),  cells->hits};
	for (size_t i = 0; i < COLUMNS; i++)
		cells->text[i] = texts[i];
}

static const struct cells TITLES = {{"SITE", "STATE", "LISTEN", "ROOT", "USER", "HITS"}, ""};

static void print_row(const struct cells *cells, const size_t *widths)
{
	for (size_t i = 0; i + 1 < COLUMNS; i++) {
		const char *text = output_escaped(cells->text[i]);
		printf("%s%*s", text, (int)(widths[i] + GAP - strlen(text)), "");
	}
	printf("%s\n", cells->text[COLUMNS - 1]);
}

static void print_table(const struct row *rows, size_t count)
{
	size_t widths[COLUMNS] = {0};
	struct cells cells = TITLES;
	for (size_t i = 0; i <= count; i++) {
		cells = TITLES;
		if (i < count)
			fill_cells(&cells, &rows[i]);
		for (size_t column = 0; column < COLUMNS; column++) {
			size_t length = strlen(output_escaped(cells.text[column]));
			widths[column] = length > widths[column] ? length : widths[column];
		}
	}
	print_row(&TITLES, widths);
	for (size_t i = 0; i < count; i++) {
		fill_cells(&cells, &rows[i]);
		print_row(&cells, widths);
	}
}

static void print_tsv(const struct row *rows, size_t count)
{
	struct cells cells = TITLES;
	puts("site\tstate\tlisten\troot\tuser\thits");
	for (size_t i = 0; i < count; i++) {
		fill_cells(&cells, &rows[i]);
		for (size_t column = 0; column < COLUMNS; column++)
			printf("%s%c", output_escaped(cells.text[column]),
			       column + 1 < COLUMNS ? '\t' : '\n');
	}
}

static struct json_object *row_to_json(const struct row *row)
{
	struct json_object *object = json_object_new_object();
	output_json_add_string(object, "site", row->site->name);
	output_json_add_string(object, "socket", row->site->socket);
	output_json_add_string(object, "state", row->state);
	output_json_add_string(object, "listen", row->listen);
	output_json_add_string(object, "root", row->root);
	output_json_add_string(object, "user", row->user);
	output_json_add_string(object, "hits_file", row->hits_file);
	if (row->hits_file == NULL || row->is_unknown)
		json_object_object_add(object, "hits", NULL);
	else
		output_json_add_number(object, "hits", row->hits);
	json_object_object_add(object, "added", json_object_new_boolean(row->is_added));
	return object;
}

static void print_rows(const struct row *rows, size_t count)
{
	struct json_object *array;
	switch ((enum sites_format)format) {
	case SITES_TABLE:
		print_table(rows, count);
		return;
	case SITES_TSV:
		print_tsv(rows, count);
		return;
	case SITES_JSON:
		array = json_object_new_array();
		for (size_t i = 0; i < count; i++)
			json_object_array_add(array, row_to_json(&rows[i]));
		output_json(array);
	}
}

/* --- The command. --- */

static enum exit_status list_sites(char **operands, int count)
{
	static struct site_list sites;
	static struct row rows[SITES_MAX];
	sd_bus *bus;
	(void)operands;
	(void)count;
	const char *error = bus_open(&bus);
	if (error != NULL)
		return command_error("%s", error);
	site_list_find(&sites, bus);
	for (size_t i = 0; i < sites.count; i++)
		rows[i] = gather(&sites.all[i], bus);
	error = bus_close(bus);
	if (error != NULL)
		return command_error("%s", error);
	if (sites.count == 0)
		return command_error("%s is not installed", SOCKET_EACH);
	print_rows(rows, sites.count);
	return EXIT_DONE;
}

static const struct command_option OPTIONS[] = {
    {.row = {0, "format", "FORMAT", "print as"},
     .parse = option_choice,
     .destination = &format,
     .choices = "table|json|tsv"},
    {.row = {0, "json", "", "the same as --format json"},
     .parse = option_set,
     .destination = &format,
     .value = SITES_JSON},
    {.row = {0}},
};

static const struct command *const SUBCOMMANDS[] = {&command_sites_add, &command_sites_remove,
                                                    NULL};

const struct command command_sites = {
    .name = "sites",
    .operands = "",
    .summary = "list the sites of this machine, and add or remove one",
    .description =
        "List the sites of this machine. The site of mayfly.socket has the name \"mayfly\",\n"
        "the site of mayfly-site-NAME.socket the name NAME.\n",
    .options = OPTIONS,
    .subcommands = SUBCOMMANDS,
    .run = list_sites,
};
