/* The running handlers, and the networks of their clients. Pure. */
#ifndef MAYFLY_ACCEPT_HANDLER_TABLE_H
#define MAYFLY_ACCEPT_HANDLER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	HANDLERS_MAX = 16384,                 /* that one mayfly-accept starts */
	HANDLER_TABLE_MAX = 2 * HANDLERS_MAX, /* with those that it inherits */
};

struct handler {
	pid_t process;
	bool killed;        /* by mayfly-accept */
	uint64_t network;   /* struct client */
	int64_t started_us; /* CLOCK_MONOTONIC */
};

/* Not sorted. A linear search of 1,000 takes a microsecond. */
struct handler_table {
	size_t count;
	struct handler handlers[HANDLER_TABLE_MAX];
};

/* Appends a handler. The table must have room. */
void handler_table_add(struct handler_table *table, const struct handler *handler);

/* Removes the handler at an index below count. The last handler takes its place. */
void handler_table_remove(struct handler_table *table, size_t index);

/* The index of a process; count if the table does not have it. */
size_t handler_table_find(const struct handler_table *table, pid_t process);

/* The index of the handler that was started first; count if the table is empty. */
size_t handler_table_oldest(const struct handler_table *table);

/* How many handlers serve clients of this network. */
size_t handler_table_count_network(const struct handler_table *table, uint64_t network);

#endif
