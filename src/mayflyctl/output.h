/*
 * Output of mayflyctl: to terminals, with escapes; as JSON; and to files that are replaced at once,
 * so that a reader finds the old content or the new one.
 */
#ifndef MAYFLY_MAYFLYCTL_OUTPUT_H
#define MAYFLY_MAYFLYCTL_OUTPUT_H

#include "command.h"
#include "safe_path.h"

struct json_object;

#define OUTPUT_RED "\033[31m"
#define OUTPUT_GREEN "\033[32m"
#define OUTPUT_YELLOW "\033[33m"
#define OUTPUT_PLAIN "\033[0m"

/* Whether standard output is a terminal with colours, and NO_COLOR (no-color.org) is not set. */
bool output_has_colour(void);

/* The width of the terminal, 80 if it is unknown; 0 if standard output is not a terminal. */
size_t output_columns(void);

/* Whether the locale (LC_ALL, LC_CTYPE, LANG) has UTF-8. */
bool output_has_utf8(void);

/*
 * Returns a file name or argument with every byte that is not printable as \xHH. Valid until the
 * fourth call from now.
 */
const char *output_escaped(const char *name);

/* Returns a name as one word for bash(1). Valid until the fourth call from now. */
const char *output_quoted(const char *name);

/* Add a member; a string may be NULL, for null. */
void output_json_add_string(struct json_object *object, const char *key, const char *value);
void output_json_add_number(struct json_object *object, const char *key, uint64_t value);

/* Print a value to standard output and release it: indented, or on one line without its end. */
void output_json(struct json_object *value);
void output_json_compact(struct json_object *value);

struct output {
	const char *name;
	struct safe_path path;        /* open until the new file has its final name */
	char temporary[NAME_MAX + 1]; /* the name of the new file, in the same directory */
};

/*
 * Directs standard output to a new file, which output_end puts in the place of `name`. Returns
 * EXIT_DONE, or EXIT_FAILED after an error message, for example if `name` leads to `counter_file`
 * or to something that is not a regular file.
 */
enum exit_status output_begin(struct output *output, const char *name, const char *counter_file);

/*
 * Writes the new file to disk and puts it in the place of `name`. Returns EXIT_DONE, or EXIT_FAILED
 * after an error message: then the old file remains.
 */
enum exit_status output_end(struct output *output);

/* Removes the new file and prints the problem as an error. Returns EXIT_FAILED. */
enum exit_status output_discard(struct output *output, const char *problem);

/*
 * Returns 1 if two names lead to the same file, through symbolic links; 0 if they do not, or one of them
 * leads to no file that can be opened; -1 (errno) if that cannot be found out.
 */
int file_compare(const char *name, const char *other);

/* Prints that two names cannot be compared (errno of file_compare). Returns EXIT_FAILED. */
enum exit_status file_compare_error(const char *name, const char *other);

/*
 * Whether an errno of open(2), stat(2) or read(2) is a failure of the system. Others, such as ENOENT and
 * EACCES, are properties of the name, the file or this user's rights, and mean the same each time.
 */
bool error_is_of_system(int error);

/* Block and unblock SIGHUP, SIGINT and SIGTERM around a change that must be complete. */
void signals_block(void);
void signals_unblock(void);

#endif
