/* The program that listens on a TCP port. The kernel identifies sockets by inode (proc(5)). */
#ifndef MAYFLY_MAYFLYCTL_LISTENER_H
#define MAYFLY_MAYFLYCTL_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

enum { LISTENER_PROGRAM_SIZE = 64 };

struct listener {
	uint64_t process; /* 0: this user may not see it */
	char program[LISTENER_PROGRAM_SIZE];
};

/* Returns false if nothing listens on the port. */
bool listener_find(unsigned port, struct listener *listener);

#endif
