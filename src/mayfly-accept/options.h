/* The command line of mayfly-accept. */
#ifndef MAYFLY_ACCEPT_OPTIONS_H
#define MAYFLY_ACCEPT_OPTIONS_H

#include <stdbool.h>

struct options {
	const char *print; /* what was asked to be printed; NULL: to serve */
	unsigned max_connections;
	unsigned max_per_source;
	unsigned idle_exit; /* seconds */
	char **command;     /* the handler's absolute path, and its arguments */
};

/* Reads it. False, after a complaint, where it is wrong. */
bool options_read(int argc, char **argv, struct options *options);

#endif
