/* The steps of `mayflyctl sites add` and `sites remove`: what they have in common. */
#ifndef MAYFLY_MAYFLYCTL_SITE_STEPS_H
#define MAYFLY_MAYFLYCTL_SITE_STEPS_H

#include "command.h"

/* The steps are printed, and not carried out. */
extern bool site_steps_are_dry;

/* The row of --dry-run in tables of options. */
#define SITE_DRY_RUN_ROW                                                                           \
	{                                                                                          \
		0, "dry-run", "", "only print what would be done"                                  \
	}

/*
 * Checks that this process may change units, and that no other one does so meanwhile; does nothing
 * on a dry run. Returns EXIT_DONE, or EXIT_FAILED after an error message.
 */
enum exit_status site_steps_begin(void);

/* Prints a step: "write /etc/...". */
void site_step_print(const char *verb, const char *object);

/*
 * Prints and runs a command, which ends with NULL. Returns EXIT_DONE, or EXIT_FAILED after an error
 * message.
 */
enum exit_status site_step_run(const char *const *command);

#endif
