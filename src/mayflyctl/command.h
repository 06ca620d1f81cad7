/*
 * The commands of mayflyctl. To add a command, define a struct command in a file of its own,
 * declare it below and list it in main.c; to add an option, add a row to the command's table of
 * options. Parsing, --help, usage errors and bash completion use these tables. Also how a command
 * reports an error.
 */
#ifndef MAYFLY_MAYFLYCTL_COMMAND_H
#define MAYFLY_MAYFLYCTL_COMMAND_H

#include "base/option_table.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,   /* not done, or the command found a problem */
	EXIT_CRITICAL = 2, /* check: clients are not served */
	EXIT_UNKNOWN = 3,  /* information is missing (bus_close), or root's rights */
	EXIT_USAGE = 100,  /* wrong command line */
};

struct command_option;

/*
 * Stores an option's value, which is NULL for an option without a value. Returns NULL, or an error
 * that is printed after the value: "is not a number". The text is valid until the next call.
 */
typedef const char *option_parser(const struct command_option *option, const char *value);

struct command_option {
	struct option_row row; /* its code is the option's letter, or 0 */
	option_parser *parse;
	void *destination;
	const char
	    *choices; /* of option_choice: "table|json", the default first; in --help as well */
	bool has_no_default; /* of option_choice: without the option, none is chosen */
	uint64_t max;        /* of option_number */
	int value;           /* of option_set */
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
	const struct command_option *options;     /* the last row has no name */
	const struct command *const *subcommands; /* the last is NULL; or NULL */
	enum exit_status (*run)(char **operands, int count);
};

/* All commands and subcommands, each defined in the file that carries it out. */
extern const struct command command_check, command_hits, command_hits_export, command_hits_import,
    command_hits_merge, command_hits_reset, command_hits_snapshot, command_hits_verify,
    command_https, command_log, command_report, command_sites, command_sites_add,
    command_sites_remove, command_status;

/*
 * Runs the command that the arguments name, arguments[0] being the program's name. Prints its
 * --help instead if that is among the options. Returns the exit status of the program.
 */
enum exit_status command_main(const struct command *const *commands, int argc, char **argv);

/*
 * Print one line to standard error, "mayflyctl: ...". command_error returns EXIT_FAILED;
 * command_usage_error adds "see ... --help" and returns EXIT_USAGE. The caller escapes file names
 * and other foreign text (output.h).
 */
enum exit_status command_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
enum exit_status command_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reports that `word` is not a subcommand of the running command. Returns EXIT_USAGE. */
enum exit_status command_unknown_subcommand(const char *word);

#endif
