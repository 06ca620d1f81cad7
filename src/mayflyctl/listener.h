/* Who listens on a TCP port of this machine. */
#ifndef MAYFLY_MAYFLYCTL_LISTENER_H
#define MAYFLY_MAYFLYCTL_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Finds a listening socket on that port, IPv4 or IPv6. False where there is none. *pid is the
 * process that holds it, 0 where that may not be seen; name (size bytes) what it is called.
 */
bool listener_find(unsigned port, pid_t *pid, char *name, size_t size);

#endif
