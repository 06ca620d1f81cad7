/* Files of variables, and words in their values, as systemd reads them. Pure. */
#ifndef MAYFLY_MAYFLYCTL_ENVIRONMENT_H
#define MAYFLY_MAYFLYCTL_ENVIRONMENT_H

/*
 * The value that the text of an EnvironmentFile= gives a variable (systemd.exec(5)): that of its
 * last assignment, without quotes, backslashes and comments. The caller frees it. NULL if the
 * variable is not set.
 */
char *environment_value(const char *text, const char *name);

/*
 * Takes the next word of a variable's value, as systemd splits it for "$NAME" (systemd.service(5)):
 * at white space outside quotes, which are removed. The value is changed in place; *rest begins as
 * the whole value. NULL after the last word.
 */
char *environment_next_word(char **rest);

#endif
