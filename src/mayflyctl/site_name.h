/* The names of sites, which stand in the names of their units and users. Pure. */
#ifndef MAYFLY_MAYFLYCTL_SITE_NAME_H
#define MAYFLY_MAYFLYCTL_SITE_NAME_H

#include <stdbool.h>

/* The site of mayfly.socket or mayfly-busy.socket. */
#define SITE_MAIN "mayfly"

enum { SITE_NAME_SIZE = 256 };

/*
 * Copies the name of the site that a socket, a service or an instance of one belongs to. Returns
 * false if the unit is not one of Mayfly's.
 */
bool site_name_from_unit(const char *unit, char name[static SITE_NAME_SIZE]);

/*
 * Copies the name of the site whose handlers by default run as this user: "mayfly" or
 * "mayfly-NAME". Returns false for another user.
 */
bool site_name_from_user(const char *user, char name[static SITE_NAME_SIZE]);

#endif
