/* Which paths a service hides from handlers, or lets them only read (systemd.exec(5)). */
#ifndef MAYFLY_MAYFLYCTL_SERVICE_PATHS_H
#define MAYFLY_MAYFLYCTL_SERVICE_PATHS_H

#include "bus.h"

/*
 * Return the directive of the service, "ProtectHome=" for example, that hides the path or that makes it
 * read-only; NULL if there is none. They see the directives by which hardened.conf does it, and
 * ReadOnlyPaths=; not RootDirectory= and the like.
 */
const char *service_paths_find_hiding(const struct bus_unit *service, const char *path);
const char *service_paths_find_read_only(const struct bus_unit *service, const char *path);

#endif
