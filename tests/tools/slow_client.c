/*
 * A slow client: sends standard input to a port on loopback or to a Unix socket, then reads a few
 * bytes of the response at a time with a pause after each, and after ROUNDS rounds the rest, to
 * standard output. Its receive buffer is small, so that unread data stays at the server. Fails if
 * the connection is reset.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_SIZE = 64 * 1024, RECEIVE_BUFFER = 32 * 1024 };

static int connect_to_path(const char *path)
{
	struct sockaddr_un server = {.sun_family = AF_UNIX};
	int connection = socket(AF_UNIX, SOCK_STREAM, 0);
	strncpy(server.sun_path, path, sizeof server.sun_path - 1);
	return connect(connection, (struct sockaddr *)&server, sizeof server) == 0 ? connection
	                                                                           : -1;
}

static int connect_to_port(uint16_t port)
{
	struct sockaddr_in server = {.sin_family = AF_INET,
	                             .sin_port = htons(port),
	                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int size = RECEIVE_BUFFER;
	int connection = socket(AF_INET, SOCK_STREAM, 0);
	if (setsockopt(connection, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) != 0 ||
	    connect(connection, (struct sockaddr *)&server, sizeof server) != 0)
		return -1;
	return connection;
}

static int connect_to(const char *name)
{
	if (name[0] == '/')
		return connect_to_path(name);
	return connect_to_port((uint16_t)strtoul(name, NULL, 10));
}

/* Copies up to `most` bytes. Returns how many, 0 at the end, -1 after an error. */
static ssize_t copy_some(int from, int to, size_t most)
{
	static char buffer[BUFFER_SIZE];
	ssize_t got = read(from, buffer, most < sizeof buffer ? most : sizeof buffer);
	return got <= 0 || write(to, buffer, (size_t)got) == got ? got : -1;
}

static ssize_t copy_all(int from, int to)
{
	ssize_t copied;
	while ((copied = copy_some(from, to, BUFFER_SIZE)) > 0)
		continue;
	return copied;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fputs("usage: slow_client PORT|PATH BYTES MILLISECONDS ROUNDS\n", stderr);
		return 2;
	}
	size_t bytes = strtoul(argv[2], NULL, 10);
	long milliseconds = strtol(argv[3], NULL, 10);
	struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
	int connection = connect_to(argv[1]);
	if (connection < 0 || copy_all(STDIN_FILENO, connection) != 0) {
		perror("request");
		return 1;
	}
	ssize_t copied = 1;
	for (unsigned long round = strtoul(argv[4], NULL, 10); round > 0 && copied > 0; round--) {
		copied = copy_some(connection, STDOUT_FILENO, bytes);
		nanosleep(&pause, NULL);
	}
	if (copied > 0)
		copied = copy_all(connection, STDOUT_FILENO);
	if (copied < 0)
		perror("response");
	return copied < 0;
}
