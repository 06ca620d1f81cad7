/* Running another program; see child.h. */
#include "child.h"
#include "program.h"
#include "transfer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static void execute(const char *const *arguments, unsigned seconds, int in, int out)
{
	static const char *ENVIRONMENT[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
	/* These cannot fail: the descriptors are open. */
	(void)dup2(in, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(out, STDERR_FILENO);
	(void)alarm(seconds);
	environ = (char **)ENVIRONMENT;
	(void)execvp(arguments[0], (char *const *)arguments);
	program_not_executed(errno);
}

/* Reads to the end, and keeps the beginning. Returns false on failure. */
static bool read_output(int from, char *output, size_t size)
{
	char rest[512];
	ssize_t length = transfer_read(from, output, size - 1), more;
	output[length > 0 ? length : 0] = '\0';
	while ((more = transfer_read(from, rest, sizeof rest)) > 0)
		continue;
	return length >= 0 && more >= 0;
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
	bool is_read = child > 0 && read_output(out[0], output, size);
	(void)close(out[0]);
	int status = child > 0 ? program_wait(child) : -1;
	return is_read && status != PROGRAM_NOT_STARTED ? status : -1;
}
