/* Starting a handler, as systemd does for a connection of an Accept=yes socket. */
#ifndef MAYFLY_ACCEPT_SPAWN_H
#define MAYFLY_ACCEPT_SPAWN_H

#include "source.h"
#include <stdbool.h>
#include <sys/types.h>

struct spawner {
	char **command;     /* the handler's path, and what follows it */
	char **environment; /* begins with room for two variables */
};

/*
 * Takes over the environment, without what is this program's own to know (sd_notify(3)). False
 * where there is no memory. Behind sd_listen_fds(3) and sd_watchdog_enabled(3), which take away
 * theirs.
 */
bool spawner_open(struct spawner *spawner, char **command);

/*
 * Starts a handler with the connection as descriptors 0 and 1, standard error as it is here, no
 * signal blocked, and REMOTE_ADDR and REMOTE_PORT (systemd.socket(5)). Returns its process, or -1
 * with errno set, also where the program cannot be executed.
 */
pid_t spawn(const struct spawner *spawner, int connection, const struct source *source);

#endif
