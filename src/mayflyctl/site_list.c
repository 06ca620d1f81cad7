/* The sites of this machine; see site_list.h. */
#include "site_list.h"
#include "bus.h"
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_sites(const void *left, const void *right)
{
	const struct site *a = left, *b = right;
	int main_first = (strcmp(b->name, SITE_MAIN) == 0) - (strcmp(a->name, SITE_MAIN) == 0);
	return main_first != 0 ? main_first : strcmp(a->name, b->name);
}

/* Whether the socket's service starts Mayfly. It may be unknown for a site with a variable in it. */
static bool starts_mayfly(sd_bus *bus, const char *socket)
{
	static struct unit_config config;
	bool is_mayfly = unit_config_read_socket(bus, socket, &config) == 0 &&
	                 unit_config_find_handler(&config) < config.word_count;
	unit_config_free(&config);
	return is_mayfly;
}

/* Adds the site of a socket, unless another socket of it is in the list. */
static void add_socket(struct site_list *list, sd_bus *bus, const char *socket)
{
	struct site *site = &list->all[list->count];
	bool is_template = strstr(socket, "@.") != NULL;
	if (list->count == SITES_MAX || is_template || !site_name_from_unit(socket, site->name) ||
	    site_list_get(list, site->name) != NULL)
		return;
	if (strncmp(socket, "mayfly-site-", strlen("mayfly-site-")) != 0 &&
	    !starts_mayfly(bus, socket))
		return;
	(void)snprintf(site->socket, sizeof site->socket, "%s", socket);
	list->count++;
}

void site_list_find(struct site_list *list, sd_bus *bus)
{
	static const char *const PATTERNS[] = {"mayfly-site-*.socket", "mayfly*.socket"};
	struct bus_unit unit;
	list->count = 0;
	if (bus_find(bus, SOCKET_EACH, &unit) == 0) {
		bus_forget(&unit);
		list->all[list->count++] = (struct site){SITE_MAIN, ""};
		(void)snprintf(list->all[0].socket, sizeof list->all[0].socket, "%s",
		               unit_config_socket(bus));
	}
	/* The recipe's sockets first: another socket may lead to the same site. */
	for (size_t i = 0; i < sizeof PATTERNS / sizeof PATTERNS[0]; i++) {
		size_t pos = 0;
		const char *name;
		while ((name = bus_next_unit_file(bus, PATTERNS[i], &pos)) != NULL)
			add_socket(list, bus, name);
	}
	qsort(list->all, list->count, sizeof list->all[0], compare_sites);
}

const struct site *site_list_get(const struct site_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->all[i].name, name) == 0)
			return &list->all[i];
	return NULL;
}

enum exit_status site_unknown(const char *name)
{
	return command_error("no site %s; \"mayflyctl sites\" lists the sites",
	                     output_escaped(name));
}

int site_read_config(const struct site *site, sd_bus *bus, struct unit_config *config)
{
	return strcmp(site->name, SITE_MAIN) == 0
	           ? unit_config_read(bus, config)
	           : unit_config_read_socket(bus, site->socket, config);
}
