/*
 * Limits the time of a TLS handshake. Executes a TLS wrapper on the connection that descriptor 0 is, and
 * leaves a second process, which closes the connection after the time limit, unless the handler has started
 * before: the wrapper starts it after the handshake, and the handler reports that (base/handshake.h). The
 * wrapper's own time limit would begin again with each byte of the client.
 */
#include "base/buffer.h"
#include "base/handshake.h"
#include "base/parse.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum exit_status { EXIT_DONE = 0, EXIT_USAGE = 100, EXIT_SYSTEM = 111 };
enum { SECONDS_MAX = 86400, MILLISECONDS = 1000, STACK_SIZE = 16384 };

#define HELP                                                                                       \
	"Usage: mayfly-handshake SECONDS PROGRAM [ARGUMENT]...\n"                                  \
	"Execute PROGRAM, a TLS wrapper that starts mayfly, on the connection on standard\n"       \
	"input, and close the connection if mayfly has not started after SECONDS.\n"               \
	"\n"                                                                                       \
	"See mayfly-handshake(8).\n"

/* What the second process needs. All processes of the wrapper inherit the second end of the pipe. */
struct watch {
	int pipe[2];
	int timeout_ms;
};

static enum exit_status print(int descriptor, struct view text, enum exit_status status)
{
	ssize_t written = write(descriptor, text.data, text.length);
	return written == (ssize_t)text.length ? status : EXIT_SYSTEM;
}

static enum exit_status fail(enum exit_status status, const char *problem, const char *detail)
{
	char array[512];
	struct buffer error = BUFFER(array);
	buffer_add(&error, VIEW("mayfly-handshake: "));
	buffer_add_string(&error, problem);
	buffer_add(&error, VIEW(": "));
	buffer_add_string(&error, detail);
	buffer_add_byte(&error, '\n');
	return print(STDERR_FILENO, buffer_view(&error), status);
}

/*
 * The second process. The pipe is readable when the handler has reported, and when all others have exited. No
 * signal interrupts poll(2): none has a handler.
 */
static int watch_connection(void *argument)
{
	const struct watch *watch = argument;
	struct pollfd event = {.fd = watch->pipe[0], .events = POLLIN};
	close(watch->pipe[1]);
	if (poll(&event, 1, watch->timeout_ms) <= 0)
		(void)shutdown(STDIN_FILENO, SHUT_RDWR);
	return EXIT_DONE;
}

/*
 * Starts the second process, as a sibling: tlswrapper(1) takes the exit of a child process for that of the
 * handler.
 */
static bool start_watch(struct watch *watch)
{
	static _Alignas(16) char stack[STACK_SIZE];
	return pipe2(watch->pipe, O_CLOEXEC) == 0 && fcntl(watch->pipe[1], F_SETFD, 0) == 0 &&
	       clone(watch_connection, stack + sizeof stack, CLONE_PARENT | SIGCHLD, watch) >= 0;
}

static bool set_variable(int descriptor)
{
	char array[16] = "";
	struct buffer number = {array, sizeof array - 1, 0, false};
	buffer_add_number(&number, (uint64_t)descriptor);
	return setenv(HANDSHAKE_VARIABLE, array, 1) == 0;
}

int main(int argc, char **argv)
{
	static struct watch watch;
	uint64_t seconds;
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return print(STDOUT_FILENO, VIEW(HELP), EXIT_DONE);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return print(STDOUT_FILENO, VIEW("mayfly-handshake " MAYFLY_VERSION "\n"),
		             EXIT_DONE);
	if (argc < 3)
		return fail(EXIT_USAGE, "SECONDS and PROGRAM are required", "see --help");
	if (!parse_number(view_of(argv[1]), 1, SECONDS_MAX, &seconds))
		return fail(EXIT_USAGE, argv[1], "is not in 1-86400 (seconds)");
	watch.timeout_ms = (int)seconds * MILLISECONDS;
	if (!start_watch(&watch) || !set_variable(watch.pipe[1]))
		return fail(EXIT_SYSTEM, "cannot start the second process", strerror(errno));
	execvp(argv[2], argv + 2);
	return fail(EXIT_SYSTEM, argv[2], strerror(errno));
}
