/*
 * Runs a command on pipes, as a TLS wrapper does: `on_pipes COMMAND [ARGUMENT]...` copies between the
 * connection on descriptors 0 and 1 and the command, through buffers of one TLS record. When the
 * command closes its output, what is left is sent, and the connection is closed, even if the client
 * still sends, and also after 10 seconds in which nothing moves. When the client closes, the command's input
 * ends. The command gets the client's address in TCPREMOTEIP and TCPREMOTEPORT. Exits with the command's status.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORD_MAX = 16384, TIMEOUT_MS = 10000 };

/* Bytes on their way in one direction. */
struct flow {
	int from, to; /* -1: closed */
	size_t start, end;
	char bytes[RECORD_MAX];
};

static int fail(const char *what)
{
	perror(what);
	return 125;
}

static void close_both(struct flow *flow)
{
	if (flow->from >= 0)
		close(flow->from);
	if (flow->to >= 0)
		close(flow->to);
	flow->from = flow->to = -1;
}

/* What to wait for: a read if the buffer is empty, else a write. */
static struct pollfd wanted(const struct flow *flow)
{
	if (flow->from < 0)
		return (struct pollfd){.fd = -1};
	if (flow->start == flow->end)
		return (struct pollfd){.fd = flow->from, .events = POLLIN};
	return (struct pollfd){.fd = flow->to, .events = POLLOUT};
}

static void move(struct flow *flow)
{
	ssize_t moved;
	if (flow->start == flow->end) {
		moved = read(flow->from, flow->bytes, sizeof flow->bytes);
		flow->start = 0;
		flow->end = moved > 0 ? (size_t)moved : 0;
	} else {
		moved = write(flow->to, flow->bytes + flow->start, flow->end - flow->start);
		flow->start += moved > 0 ? (size_t)moved : 0;
	}
	if (moved == 0 || (moved < 0 && errno != EINTR && errno != EAGAIN))
		close_both(flow);
}

static void relay(struct flow *in, struct flow *out)
{
	while (out->from >= 0) {
		struct pollfd events[] = {wanted(in), wanted(out)};
		int ready = poll(events, 2, TIMEOUT_MS);
		if (ready == 0)
			close_both(out);
		if (ready <= 0)
			continue;
		if (events[0].revents != 0)
			move(in);
		if (events[1].revents != 0)
			move(out);
	}
}

/* Passes the client's address on, if there is one. */
static bool set_address(void)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	char host[NI_MAXHOST], port[NI_MAXSERV];
	if (getpeername(STDIN_FILENO, (struct sockaddr *)&address, &length) != 0 ||
	    address.ss_family == AF_UNIX)
		return true;
	return getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port,
	                   sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0 &&
	       setenv("TCPREMOTEIP", host, 1) == 0 && setenv("TCPREMOTEPORT", port, 1) == 0;
}

static pid_t start(char **command, const int in[2], const int out[2])
{
	pid_t child = fork();
	if (child != 0)
		return child;
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	signal(SIGPIPE, SIG_DFL);
	execvp(command[0], command);
	_exit(fail(command[0]));
}

int main(int argc, char **argv)
{
	static struct flow to_command, to_client;
	int in[2], out[2], status;
	if (argc < 2 || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		return fail("on_pipes");
	if (!set_address())
		return fail("set_address");
	signal(SIGPIPE, SIG_IGN);
	pid_t child = start(argv + 1, in, out);
	if (child < 0)
		return fail("fork");
	close(in[0]);
	close(out[1]);
	to_command.from = STDIN_FILENO;
	to_command.to = in[1];
	to_client.from = out[0];
	to_client.to = STDOUT_FILENO;
	relay(&to_command, &to_client);
	close_both(&to_command);
	close(STDIN_FILENO);
	if (waitpid(child, &status, 0) != child)
		return fail("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
