/* The command line of mayfly-accept. */
#ifndef MAYFLY_ACCEPT_OPTIONS_H
#define MAYFLY_ACCEPT_OPTIONS_H

#include "base/buffer.h"

struct accept_options {
	enum { ACCEPT_SERVE, ACCEPT_CHECK_CONFIG, ACCEPT_HELP, ACCEPT_VERSION } action;
	uint64_t max_connections;
	uint64_t max_per_source;
	uint64_t idle_exit;        /* seconds */
	uint64_t handler_lifetime; /* seconds */
	char **command;            /* the handler's absolute path and its arguments */
};

enum { ACCEPT_OPTIONS_HELP_MAX = 2048 }; /* bytes; room for what accept_options_add_help appends */

/* Appends the text of --help. */
void accept_options_add_help(struct buffer *help);

/*
 * Parses the command line and sets all of `options`. Returns false, after appending an error
 * message to `error`, if it is wrong.
 */
bool accept_options_parse(int argc, char **argv, struct accept_options *options,
                          struct buffer *error);

#endif
