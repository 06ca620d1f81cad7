/*
 * A program's command-line options in one table, from which getopt_long and --help get them. Pure.
 */
#ifndef MAYFLY_BASE_OPTION_TABLE_H
#define MAYFLY_BASE_OPTION_TABLE_H

#include "buffer.h"
#include <getopt.h>

enum {
	OPTION_NAME_SIZE = 24,
	OPTION_ARGUMENT_SIZE = 10,
	OPTION_HELP_SIZE = 80,
	OPTION_CODE_MIN = 256, /* above every character that getopt_long may return */
};

/* Arrays instead of pointers: a static PIE relocates each pointer whenever it starts. */
struct option_row {
	int code; /* what getopt_long returns: the option's letter, or OPTION_CODE_MIN or above */
	char name[OPTION_NAME_SIZE];         /* without the dashes */
	char argument[OPTION_ARGUMENT_SIZE]; /* placeholder in capitals; empty: takes no value */
	char help[OPTION_HELP_SIZE];         /* a verb phrase, with unit and default */
};

/*
 * Fills the array that getopt_long takes: count rows and the final row of zeros, so `options` has
 * room for count + 1. The rows must live as long as the array.
 */
void option_table_for_getopt(const struct option_row *rows, size_t count, struct option *options);

/*
 * Appends one line per row: "  --name ARGUMENT  help", the help texts aligned. If a row has a
 * letter, all lines have a column for it: "  -n, --name ARGUMENT  help".
 */
void option_table_add_help(const struct option_row *rows, size_t count, struct buffer *help);

/* The name of the option with this code; an empty string if no row has it. */
const char *option_table_name(const struct option_row *rows, size_t count, int code);

/*
 * Append an error about the command line; both return false. option_table_add_error appends
 * `cause`, at most 80 bytes of it, escaped, between two texts. option_table_add_rejected describes
 * the word that getopt_long has just rejected with '?': an unknown option, or a value for an option
 * that takes none.
 */
bool option_table_add_error(struct buffer *error, const char *before, const char *cause,
                            const char *after);
bool option_table_add_rejected(const struct option_row *rows, size_t count, const char *word,
                               struct buffer *error);

#endif
