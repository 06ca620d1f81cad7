/* Runs commands of mayflyctl, each in a process of its own, and keeps what they print. */
#ifndef MAYFLY_TESTS_UNIT_RUN_COMMAND_H
#define MAYFLY_TESTS_UNIT_RUN_COMMAND_H

#include "mayflyctl/command.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char run_out[1 << 20], run_err[8192];

static void run_read_back(FILE *file, char *text, size_t size)
{
	rewind(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	(void)fclose(file);
}

/*
 * Runs one of these commands, which prints to the file `to`; NULL: to run_out. Returns the exit status. Both lists end
 * with NULL.
 */
static int run_command(const struct command *const *commands, const char *to,
                       const char *const *arguments)
{
	int argc = 0, status;
	FILE *output = to != NULL ? fopen(to, "w") : tmpfile(), *errors = tmpfile();
	while (arguments[argc] != NULL)
		argc++;
	assert_true(output != NULL && errors != NULL);
	(void)fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		(void)alarm(60); /* ends a command that hangs, unless it waits for a lock */
		(void)dup2(fileno(output), STDOUT_FILENO);
		(void)dup2(fileno(errors), STDERR_FILENO);
		exit((int)command_main(commands, argc, (char **)arguments));
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (to == NULL)
		run_read_back(output, run_out, sizeof run_out);
	else
		(void)fclose(output);
	run_read_back(errors, run_err, sizeof run_err);
	return WEXITSTATUS(status);
}

/* RUN(command_check, "check", "--json") */
#define RUN(wanted, ...)                                                                           \
	run_command((const struct command *const[]){&(wanted), NULL}, NULL,                        \
	            (const char *const[]){"mayflyctl", __VA_ARGS__, NULL})

/* cmocka does not print the result of a test whose message is longer than 1,023 bytes. */
static inline void expect_in(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no \"%.200s\" in \"%.700s\"", part, text);
}

static inline void expect_not_in(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%.200s\" in \"%.700s\"", part, text);
}

#endif
