/* Starting a handler, as systemd does for a connection of an Accept=yes socket. */
#ifndef MAYFLY_ACCEPT_SPAWNER_H
#define MAYFLY_ACCEPT_SPAWNER_H

#include "client.h"
#include <stdbool.h>
#include <sys/types.h>

struct spawner {
	char **command;     /* the handler's path and its arguments */
	char **environment; /* begins with room for two variables */
};

/*
 * Takes over the environment, except for NOTIFY_SOCKET, which is mayfly-accept's own
 * (sd_notify(3)). Call it after sd_listen_fds(3) and sd_watchdog_enabled(3), which remove their
 * variables. Returns false if there is no memory.
 */
bool spawner_open(struct spawner *spawner, char **command);

/*
 * Starts a handler: descriptors 0 and 1 are the connection, standard error is mayfly-accept's, no
 * signal is blocked, and REMOTE_ADDR and REMOTE_PORT are set (systemd.socket(5)). Returns its
 * process, or -1 with errno, also if the program cannot be executed.
 */
pid_t spawner_start(const struct spawner *spawner, int connection, const struct client *client);

#endif
