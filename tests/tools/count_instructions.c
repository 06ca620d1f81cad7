/*
 * Counts the instructions of a command from its first to its last, by single steps of ptrace(2):
 * `count_instructions FILE COMMAND [ARGUMENT]...` writes the number to the file, and exits with the
 * command's status, or 128 plus the number of the signal that killed it. Unlike valgrind it works
 * with a seccomp filter and supports every system call.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 125;
}

/* Runs one instruction. A signal that the command received is passed on. */
static long step(pid_t command, int status)
{
	int signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
	return ptrace(PTRACE_SINGLESTEP, command, NULL, signal);
}

/* Follows the command to its end, and sets *status. Returns its number of instructions, or -1. */
static long follow(pid_t command, int *status)
{
	for (long count = 0;; count++) {
		if (waitpid(command, status, 0) != command)
			return -1;
		if (!WIFSTOPPED(*status))
			return count;
		if (step(command, *status) != 0)
			return -1;
	}
}

int main(int argc, char **argv)
{
	int status;
	if (argc < 3) {
		fputs("usage: count_instructions FILE COMMAND [ARGUMENT]...\n", stderr);
		return 125;
	}
	pid_t command = fork();
	if (command == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			execvp(argv[2], argv + 2);
		_exit(fail(argv[2]));
	}
	long count = command < 0 ? -1 : follow(command, &status);
	if (count < 0)
		return fail(argv[2]);
	FILE *file = fopen(argv[1], "w");
	if (file == NULL || fprintf(file, "%ld\n", count) < 0 || fclose(file) != 0)
		return fail(argv[1]);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
