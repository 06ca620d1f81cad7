/*
 * The commands of mayflyctl. Each is one table: its options, operands and help texts, from which
 * its command line is parsed and --help, usage errors and bash completion are made. Also how a
 * command reports an error.
 */
#ifndef MAYFLY_MAYFLYCTL_COMMAND_H
#define MAYFLY_MAYFLYCTL_COMMAND_H

#include "base/option_table.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,  /* not done, or what was examined is not in order */
	EXIT_USAGE = 100, /* wrong command line */
};

struct command_option;

/*
 * Stores an option's value, NULL for an option without one. Returns NULL, or what is wrong with the
 * value, to be printed after it: "is not a number". The text is valid until the next call.
 */
typedef const char *option_parser(const struct command_option *option, const char *value);

struct command_option {
	struct option_row row; /* its code is the option's letter, or 0 */
	option_parser *parse;
	void *destination;
	const char
	    *choices; /* of option_choice: "table|json", the default first; in --help as well */
	uint64_t max; /* of option_number */
	int value;    /* of option_set */
};

option_parser option_flag;   /* bool: becomes true */
option_parser option_set;    /* int: becomes `value` */
option_parser option_choice; /* int: the position among `choices` */
option_parser option_number; /* uint64_t: 1 to `max` */
option_parser option_file;   /* const char *: a file name, not empty */
option_parser option_text;   /* const char *: any text */

struct command {
	const char *name;     /* "hits export" */
	const char *operands; /* as the usage line shows them: "FILE", "[GLOB]"; or "" */
	int operands_min, operands_max;
	const char *summary;                      /* one verb phrase, for the list of commands */
	const char *description;                  /* lines for --help, each ended by a line feed */
	const char *notes;                        /* the same, after the options; or NULL */
	const struct command_option *options;     /* the last row has no name; or NULL */
	const struct command *const *subcommands; /* the last is NULL; or NULL */
	enum exit_status (*run)(char **operands, int count);
};

/* All commands and subcommands, each defined in the file that does what it says. */
extern const struct command command_check, command_hits, command_hits_export, command_hits_import,
    command_hits_merge, command_hits_reset, command_hits_verify, command_log, command_report,
    command_status;

/*
 * Runs the command that the arguments name, arguments[0] being the program's name. Prints its
 * --help instead if that is among the options. Returns the exit status of the program.
 */
enum exit_status command_main(const struct command *const *commands, int argc, char **argv);

/*
 * Print one line to standard error, "mayflyctl: ...". They return EXIT_FAILED, and EXIT_USAGE with
 * a hint at --help. Bytes from elsewhere must be escaped before (output.h).
 */
enum exit_status command_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
enum exit_status command_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reports that `word` is none of the running command's subcommands. Returns EXIT_USAGE. */
enum exit_status command_unknown_subcommand(const char *word);

#endif
