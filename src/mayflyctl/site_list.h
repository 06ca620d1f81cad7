/*
 * The sites of this machine. Each has a name and a socket unit: "mayfly" is the site of mayfly.socket
 * or mayfly-busy.socket, and NAME that of mayfly-site-NAME.socket (mayfly.socket(5)).
 */
#ifndef MAYFLY_MAYFLYCTL_SITE_LIST_H
#define MAYFLY_MAYFLYCTL_SITE_LIST_H

#include "command.h"
#include "site_name.h"
#include "unit_config.h"

/* The row of --site in tables of options. */
#define SITE_ROW                                                                                   \
	{                                                                                          \
		0, "site", "NAME", "this site only; mayflyctl sites lists the sites"               \
	}

enum { SITES_MAX = 256 };

struct site {
	char name[SITE_NAME_SIZE];
	char socket[UNIT_NAME_MAX + 1];
};

struct site_list {
	struct site all[SITES_MAX];
	size_t count;
};

/*
 * Finds the sites whose sockets are installed: the main site first, the others sorted by name. Other
 * sockets than mayfly-site-NAME.socket are sites only if their service starts Mayfly.
 */
void site_list_find(struct site_list *list, sd_bus *bus);

/* Returns the site with this name, or NULL. */
const struct site *site_list_get(const struct site_list *list, const char *name);

/* Reports that there is no site with this name. Returns EXIT_FAILED. */
enum exit_status site_unknown(const char *name);

/* Reads the site's configuration, as unit_config_read does. */
int site_read_config(const struct site *site, sd_bus *bus, struct unit_config *config);

#endif
