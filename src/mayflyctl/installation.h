/* What the installed units make of the handler: as whom it runs, and on which files. */
#ifndef MAYFLY_MAYFLYCTL_INSTALLATION_H
#define MAYFLY_MAYFLYCTL_INSTALLATION_H

#include <json-c/json.h>
#include <limits.h>
#include <systemd/sd-bus.h>

struct installation {
	const char *socket;  /* the unit that has the port, as below */
	const char *service; /* the unit that starts handlers; of mayfly@.service an instance */
	char root[PATH_MAX];
	char hits[PATH_MAX]; /* empty: nothing is counted */
	char sandbox[16];
	char log[80];
	char user[64];
	struct json_object *words; /* the command line; empty where it is not known */
};

/* The units of the two ways to serve: a service for each connection, or one that accepts them all.
 */
#define SOCKET_EACH "mayfly.socket"
#define SOCKET_BUSY "mayfly-busy.socket"

/* Their services. A template has no properties; an instance of it has, and need not run. */
#define SERVICE_EACH "mayfly@mayflyctl.service"
#define SERVICE_BUSY "mayfly-busy.service"

/* Which of the two is in use: the one that is active, or else enabled; the first where neither is.
 */
const char *installation_socket(sd_bus *bus);

/*
 * Reads it from the service of that socket, its drop-ins and its EnvironmentFile=, as systemd would
 * start the next handler: the last --root, --hits, --sandbox and --log of the command line hold. 0, and
 * then installation_forget frees it; or a negative errno: -ENOENT where the unit is not installed.
 */
int installation_find(sd_bus *bus, struct installation *installation);
void installation_forget(struct installation *installation);

#endif
