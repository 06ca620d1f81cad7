/* Writing a file that is always whole: whoever reads it sees the old one or the new one. */
#ifndef MAYFLY_MAYFLYCTL_OUTPUT_H
#define MAYFLY_MAYFLYCTL_OUTPUT_H

#include "command.h"

struct output {
	const char *name;
	char *aside; /* the new file beside it, until it takes its place */
};

/*
 * From here on standard output is a new file beside `name`, with the permissions that a new file
 * gets. EXIT_DONE, or EXIT_FAILED after a complaint: also where `name` leads to something else than
 * a regular file, or to `source`, the counter file whose counts are written; then it stays as it
 * is.
 */
enum exit_status output_begin(struct output *output, const char *name, const char *source);

/*
 * Puts it in the place of `name`, on disk. EXIT_DONE, or EXIT_FAILED after a complaint; then what
 * was there is there still.
 */
enum exit_status output_end(struct output *output);

#endif
