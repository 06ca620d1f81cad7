/* Reading the options of a command, and complaining of what is wrong with them. */
#ifndef MAYFLY_MAYFLYCTL_OPTIONS_H
#define MAYFLY_MAYFLYCTL_OPTIONS_H

#include "command.h"
#include <getopt.h>
#include <stdbool.h>

#define fail command_error
enum exit_status misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Takes an option; returns what its value should have been, or NULL. */
typedef const char *option_taker(void *context, int code, const char *value);

/*
 * Reads them as getopt_long does, and leaves `optind` at the first operand. An option that has no
 * letter has a code that is no character. EXIT_DONE, or EXIT_USAGE after a complaint.
 */
enum exit_status options_read(int argc, char **argv, const char *letters,
                              const struct option *options, option_taker *take, void *context);

/*
 * Reads the command line of a command that takes --json and nothing else. EXIT_DONE, or EXIT_USAGE
 * after a complaint.
 */
enum exit_status options_read_json(int argc, char **argv, bool *json);

#endif
