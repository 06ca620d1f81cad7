/* What the installed units make of the handler: as whom it runs, and on which files. */
#ifndef MAYFLY_MAYFLYCTL_INSTALLATION_H
#define MAYFLY_MAYFLYCTL_INSTALLATION_H

#include <limits.h>
#include <systemd/sd-bus.h>

struct installation {
	char root[PATH_MAX];
	char hits[PATH_MAX]; /* empty: nothing is counted */
	char user[64];
};

/*
 * Reads it from mayfly@.service, its drop-ins and its EnvironmentFile=, as systemd would start the
 * next handler: the last --root and --hits of the command line hold. 0, or a negative errno:
 * -ENOENT where the unit is not installed.
 */
int installation_find(sd_bus *bus, struct installation *installation);

#endif
