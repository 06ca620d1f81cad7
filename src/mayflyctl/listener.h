/*
 * Listeners in systemd's form, "192.0.2.7:80", "[::]:8080" or "/run/mayfly"; and the program that
 * listens on a TCP port. The kernel identifies sockets by inode (proc(5)).
 */
#ifndef MAYFLY_MAYFLYCTL_LISTENER_H
#define MAYFLY_MAYFLYCTL_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

enum { LISTENER_PROGRAM_SIZE = 64, LISTENER_HOST_SIZE = 128 };

struct listener {
	uint64_t process; /* 0: this user may not see it */
	char program[LISTENER_PROGRAM_SIZE];
};

/* Copies the host of a listener, and sets *port. Returns false if it is not one of TCP. */
bool listener_split(const char *text, char host[static LISTENER_HOST_SIZE], const char **port);

/* Whether this machine has the address of a listener; true for a listener that is not one of TCP. */
bool listener_has_address(const char *text);

/* Returns false if nothing listens on the port. */
bool listener_find(unsigned port, struct listener *listener);

#endif
