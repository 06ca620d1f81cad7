/* The handlers that run, and for whom. Pure. */
#ifndef MAYFLY_ACCEPT_HANDLERS_H
#define MAYFLY_ACCEPT_HANDLERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { HANDLERS_MAX = 16384 };

/* Looked through from front to back: a thousand take a microsecond. */
struct handlers {
	size_t count;
	pid_t processes[HANDLERS_MAX];
	uint64_t networks[HANDLERS_MAX];
};

/* How many run for the sources of this network. */
size_t handlers_of(const struct handlers *handlers, uint64_t network);

/* Adds one; there must be room. */
void handlers_add(struct handlers *handlers, pid_t process, uint64_t network);

/* Forgets one. False where there is no such. */
bool handlers_remove(struct handlers *handlers, pid_t process);

#endif
