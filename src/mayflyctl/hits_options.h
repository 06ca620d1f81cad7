/* What `mayflyctl hits` was asked for. */
#ifndef MAYFLY_MAYFLYCTL_HITS_OPTIONS_H
#define MAYFLY_MAYFLYCTL_HITS_OPTIONS_H

#include "command.h"
#include <stdbool.h>
#include <stddef.h>

enum hits_format { HITS_TABLE_FORMAT, HITS_JSON, HITS_TSV, HITS_OPENMETRICS };

/*
 * The options, as bits that are no characters: which were given, and which a form of the command
 * takes.
 */
enum hits_option {
	HITS_OPTION_FILE = 1 << 8,
	HITS_OPTION_TOP = 1 << 9,
	HITS_OPTION_SORT = 1 << 10,
	HITS_OPTION_WATCH = 1 << 11,
	HITS_OPTION_FORMAT = 1 << 12,
	HITS_OPTION_JSON = 1 << 13,
	HITS_OPTION_YES = 1 << 14,
	HITS_OPTION_REPAIR = 1 << 15,
	HITS_OPTION_OUTPUT = 1 << 16,
};

struct hits_options {
	unsigned given;     /* of enum hits_option */
	const char *file;   /* the counter file; NULL: the installed one */
	const char *output; /* the file to write; NULL: standard output */
	size_t top;         /* the first so many */
	bool by_path;       /* sorted so, not by hits */
	enum hits_format format;
	int operand_count; /* behind the word that names the form, if there is one */
	char **operands;
};

/* A form of the command: `mayflyctl hits export`, say. */
struct hits_form {
	const char *name; /* "" for what lists */
	unsigned takes;   /* of enum hits_option */
	int operands_least, operands_most;
	const char *operand; /* what it is called where it is missing; NULL: a pattern of paths */
	enum exit_status (*run)(const struct hits_options *options);
};

/*
 * Reads the command line, and finds its form among `forms`, of which the first is the one without a
 * name, and the last has the name NULL. EXIT_DONE, or EXIT_USAGE after a complaint.
 */
enum exit_status hits_options_parse(int argc, char **argv, const struct hits_form *forms,
                                    const struct hits_form **form, struct hits_options *options);

#endif
