/* Printing and carrying out the steps of `mayflyctl sites add` and `remove`; see site_steps.h. */
#include "site_steps.h"
#include "output.h"
#include "program.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

bool site_steps_are_dry;

enum exit_status site_steps_begin(void)
{
	if (site_steps_are_dry)
		return EXIT_DONE;
	if (geteuid() != 0)
		return command_error("only root can change units; see --dry-run");
	/* The lock ends with this process. */
	int units = open("/etc/systemd/system", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (units < 0)
		return command_error("/etc/systemd/system: %s", strerror(errno));
	if (flock(units, LOCK_EX | LOCK_NB) != 0)
		return command_error("another mayflyctl adds or removes a site");
	return EXIT_DONE;
}

void site_step_print(const char *verb, const char *object)
{
	printf("%s %s\n", verb, output_escaped(object));
	(void)fflush(stdout); /* before the output of commands */
}

static void print_command(const char *const *command)
{
	(void)fputs("run", stdout);
	for (size_t i = 0; command[i] != NULL; i++)
		printf(strchr(command[i], '*') != NULL ? " '%s'" : " %s", command[i]);
	puts("");
	(void)fflush(stdout);
}

enum exit_status site_step_run(const char *const *command)
{
	pid_t child;
	print_command(command);
	if (site_steps_are_dry)
		return EXIT_DONE;
	int error = posix_spawnp(&child, command[0], NULL, NULL, (char *const *)command, environ);
	if (error != 0)
		return command_error("%s: %s", command[0], strerror(error));
	if (program_wait(child) == 0)
		return EXIT_DONE;
	return command_error("%s failed; correct the cause and run this command again", command[0]);
}
