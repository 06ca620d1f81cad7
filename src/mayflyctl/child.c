/* Running another program; see child.h. */
#include "child.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT_EXECUTE = 127 };

static void execute(const char *const *arguments, unsigned seconds, int in, int out)
{
	static const char *const ENVIRONMENT[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
	                                          NULL};
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(CANNOT_EXECUTE);
	(void)alarm(seconds);
	(void)execvpe(arguments[0], (char *const *)arguments, (char *const *)ENVIRONMENT);
	_exit(CANNOT_EXECUTE);
}

/* Reads to the end, and keeps the beginning. */
static void read_output(int from, char *output, size_t size)
{
	char rest[512];
	size_t length = 0;
	for (;;) {
		bool is_full = length == size - 1;
		ssize_t more = is_full ? read(from, rest, sizeof rest)
		                       : read(from, output + length, size - 1 - length);
		if (more == 0 || (more < 0 && errno != EINTR))
			break;
		if (more > 0 && !is_full)
			length += (size_t)more;
	}
	output[length] = '\0';
}

/* Waits for the child. Returns its exit status or -1. */
static int await(pid_t child)
{
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int child_run(const char *const *arguments, const char *input, unsigned seconds, char *output,
              size_t size)
{
	int in[2], out[2];
	*output = '\0';
	if (pipe2(in, O_CLOEXEC) != 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) != 0) {
		(void)close(in[0]);
		(void)close(in[1]);
		return -1;
	}
	/* The pipe holds all of the input, and this process has its other end: write cannot fail. */
	bool is_written = write(in[1], input, strlen(input)) == (ssize_t)strlen(input);
	pid_t child = is_written ? fork() : -1;
	if (child == 0)
		execute(arguments, seconds, in[0], out[1]);
	(void)close(in[0]);
	(void)close(in[1]);
	(void)close(out[1]);
	if (child > 0)
		read_output(out[0], output, size);
	(void)close(out[0]);
	return child > 0 ? await(child) : -1;
}
