/*
 * What mayflyctl prints to: terminals, whose bytes are escaped; JSON; and files that are replaced
 * at once, so that a reader finds the old content or the new one.
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

/* Whether the locale (LC_ALL, LC_CTYPE, LANG) says that UTF-8 may be printed. */
bool output_has_utf8(void);

/*
 * A file name or argument as it may be printed: control bytes and the like as \xHH. Valid until the
 * fourth call from now.
 */
const char *output_escaped(const char *name);

/* Add a member; a string may be NULL, for null. */
void output_json_add_string(struct json_object *object, const char *key, const char *value);
void output_json_add_number(struct json_object *object, const char *key, uint64_t value);

/* Print a value to standard output and release it: indented, or on one line without its end. */
void output_json(struct json_object *value);
void output_json_compact(struct json_object *value);

struct output {
	const char *name;
	struct safe_path path;        /* its directory, open until the new file has its name */
	char temporary[NAME_MAX + 1]; /* the new file, in the same directory */
};

/*
 * Makes standard output a new file that is to replace `name`, with the permissions of a new file.
 * EXIT_DONE, or EXIT_FAILED after an error message: if `name` leads to anything but a regular file,
 * or to `counter_file`, nothing is changed.
 */
enum exit_status output_begin(struct output *output, const char *name, const char *counter_file);

/*
 * Puts the new file in the place of `name`, on disk. EXIT_DONE, or EXIT_FAILED after an error
 * message: then the old file is still there.
 */
enum exit_status output_end(struct output *output);

/* Ends it without the new file, because of a problem, which is printed. EXIT_FAILED. */
enum exit_status output_discard(struct output *output, const char *problem);

/* Whether two names lead to one file, through symbolic links; false if one leads to none. */
bool file_is_same(const char *name, const char *other);

/* SIGHUP, SIGINT and SIGTERM wait while what must not be left half done is done. */
void signals_block(void);
void signals_unblock(void);

#endif
