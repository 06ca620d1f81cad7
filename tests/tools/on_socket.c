/*
 * Runs a command as a super-server would: descriptors 0 and 1 are the accepted side of a TCP
 * connection over loopback. Standard input is sent before the command starts, so that every run is
 * the same; the response goes to standard output. Exits with the command's status, or 128 plus the
 * number of the signal that killed it.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUEST_MAX = 64 * 1024 };

static int fail(const char *what)
{
	perror(what);
	return 125;
}

/* Makes both ends of a connection: [0] the client's, [1] the server's. */
static int connect_pair(int ends[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
	    connect(ends[0], (struct sockaddr *)&address, length) != 0)
		return -1;
	ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	return ends[1] < 0 ? -1 : 0;
}

static int send_standard_input(int client)
{
	static char request[REQUEST_MAX];
	size_t length = 0;
	ssize_t got;
	while ((got = read(STDIN_FILENO, request + length, sizeof request - length)) > 0)
		length += (size_t)got;
	if (got < 0 || send(client, request, length, MSG_NOSIGNAL) != (ssize_t)length)
		return -1;
	return shutdown(client, SHUT_WR);
}

static int print_response(int client)
{
	static char buffer[64 * 1024];
	ssize_t got;
	while ((got = read(client, buffer, sizeof buffer)) > 0)
		if (write(STDOUT_FILENO, buffer, (size_t)got) != got)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	int ends[2], status;
	if (argc < 2) {
		fputs("usage: on_socket COMMAND [ARGUMENT]...\n", stderr);
		return 125;
	}
	if (connect_pair(ends) != 0)
		return fail("connection");
	if (send_standard_input(ends[0]) != 0)
		return fail("request");
	pid_t command = fork();
	if (command < 0)
		return fail("fork");
	if (command == 0) {
		dup2(ends[1], STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		execvp(argv[1], argv + 1);
		_exit(fail(argv[1]));
	}
	close(ends[1]);
	if (print_response(ends[0]) != 0)
		return fail("response");
	if (waitpid(command, &status, 0) != command)
		return fail("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
