/* Files of variables, and words in their values, as systemd reads them. */
#ifndef MAYFLY_MAYFLYCTL_ENVIRONMENT_H
#define MAYFLY_MAYFLYCTL_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The value that the text of an EnvironmentFile= gives a variable (systemd.exec(5)): that of its
 * last assignment, without quotes, backslashes and comments. The caller frees it. NULL if the
 * variable is not set. Pure.
 */
char *environment_value(const char *text, const char *name);

/*
 * Copies the name of the next assignment, and moves *text past its line; a line without "=" is its
 * name. Returns false after the last line. A name that does not fit is truncated. Pure.
 */
bool environment_next_name(const char **text, char *name, size_t size);

/*
 * Returns the first 64 KiB of a regular file, which the caller frees; NULL if it cannot be read (errno;
 * ENODEV: not a regular file). Does not block.
 */
char *environment_read(const char *file_name);

/*
 * Takes the next word of a variable's value, as systemd splits it for "$NAME" (systemd.service(5)):
 * at white space outside quotes, which are removed. The value is changed in place; *rest begins as
 * the whole value. NULL after the last word. Pure.
 */
char *environment_next_word(char **rest);

#endif
