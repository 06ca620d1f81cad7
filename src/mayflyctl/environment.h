/*
 * Variables and words as systemd reads them for ExecStart= (systemd.exec(5), systemd.service(5)).
 * Pure.
 */
#ifndef MAYFLY_MAYFLYCTL_ENVIRONMENT_H
#define MAYFLY_MAYFLYCTL_ENVIRONMENT_H

/*
 * The value that the text of an EnvironmentFile= gives a variable: that of its last assignment,
 * without quotes, backslashes and comments. The caller frees it. NULL where the text does not set
 * it.
 */
char *environment_value(const char *text, const char *name);

/*
 * Takes the next word of a variable's value, as systemd splits it where "$NAME" stands for it: at
 * whitespace outside of quotes, which are taken away. It is changed in place; *rest begins as the
 * whole value. NULL behind the last word.
 */
char *environment_next_word(char **rest);

#endif
