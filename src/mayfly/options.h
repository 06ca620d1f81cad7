/* The command line of the handler: what it may say, and what is wrong with it. */
#ifndef MAYFLY_OPTIONS_H
#define MAYFLY_OPTIONS_H

#include "access_log.h"
#include "http/text.h"

enum action { ACTION_SERVE, ACTION_HELP, ACTION_VERSION };

struct options {
	enum action action;
	const char *root;  /* directory of the site */
	const char *hits;  /* counter file; NULL: nothing is counted */
	const char *index; /* file that answers for a directory */
	enum log_target log;
	unsigned header_timeout; /* seconds until the whole head must be there */
	unsigned send_timeout;   /* seconds in which a client must take something */
	unsigned
	    keep_alive; /* seconds until the next request must be there; 0: one exchange only */
};

/*
 * Reads the command line. Returns false, with one line about what is wrong in *complaint, for an
 * unknown option, a missing or bad value, an operand, or no --root.
 */
bool options_parse(int argc, char **argv, struct options *options, struct text *complaint);

/* What --help prints. */
extern const char options_help[];

#endif
