/* Running another program, and reading what it prints. */
#ifndef MAYFLY_MAYFLYCTL_PROGRAM_H
#define MAYFLY_MAYFLYCTL_PROGRAM_H

#include "unit_config.h"
#include <stddef.h>
#include <sys/types.h>

enum {
	PROGRAM_TIMEOUT_S = 30, /* then the kernel kills it */
	PROGRAM_NOT_STARTED =
	    125, /* the exit status of a child if the system fails before the program starts */
	PROGRAM_NOT_EXECUTED = 127, /* the exit status if it is missing or may not be executed */
};

struct program {
	const char *const *arguments; /* the first is its absolute path; ended by NULL */
	const char *const *environment;
	const struct unit_config
	    *user;  /* run as the handler's user of these units; NULL: as this one */
	int output; /* STDOUT_FILENO or STDERR_FILENO: what to read; the other goes to /dev/null */
};

/*
 * Runs a program, and copies the first size - 1 bytes of its output. Returns its exit status, or -1
 * if it could not be started, a signal ended it or its output could not be read.
 */
int program_run(const struct program *program, char *text, size_t size);

/*
 * Ends a child that could not become a program because of this errno, with PROGRAM_NOT_STARTED or
 * PROGRAM_NOT_EXECUTED.
 */
_Noreturn void program_not_executed(int error);

/* Waits for a child process. Returns its exit status, or -1 if a signal ended it or the system failed. */
int program_wait(pid_t child);

#endif
