/*
 * Many clients: CLIENTS processes send GET requests, one at a time each, each on its own
 * connection. Counts the complete 200 responses of every target and prints `complete<TAB>target`
 * lines. The content of a response is not compared.
 */
#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RESPONSE_MAX = 1 << 20, PATIENCE_SECONDS = 900 };

struct shared {
	atomic_ulong next;       /* number of the next GET */
	atomic_ulong complete[]; /* complete responses per target */
};

static int connect_to(uint16_t port)
{
	struct sockaddr_in server = {.sin_family = AF_INET,
	                             .sin_port = htons(port),
	                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval patience = {PATIENCE_SECONDS, 0};
	int connection = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(connection, (struct sockaddr *)&server, sizeof server) == 0)
		return connection;
	perror("connect");
	close(connection);
	return -1;
}

/* Reads until the server closes; returns the length, or -1 after an error. */
static ssize_t read_to_end(int connection, char *response)
{
	size_t length = 0;
	ssize_t got;
	while ((got = read(connection, response + length, RESPONSE_MAX - length)) > 0)
		length += (size_t)got;
	response[length] = '\0';
	if (got == 0)
		return (ssize_t)length;
	perror("read");
	return -1;
}

/* Whether these bytes are a 200 with a body of exactly its Content-Length. */
static bool is_complete(const char *response, size_t length)
{
	const char *head_end = strstr(response, "\r\n\r\n");
	const char *field = strstr(response, "\r\nContent-Length: ");
	if (strncmp(response, "HTTP/1.1 200 ", 13) != 0 || head_end == NULL || field == NULL)
		return false;
	size_t body = length - (size_t)(head_end + 4 - response);
	return field < head_end && strtoul(field + 18, NULL, 10) == body;
}

static bool get(uint16_t port, const char *target)
{
	static char response[RESPONSE_MAX + 1];
	char request[4096];
	int length =
	    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
	int connection = connect_to(port);
	if (connection < 0)
		return false;
	bool sent = send(connection, request, (size_t)length, MSG_NOSIGNAL) == length;
	ssize_t got = sent ? read_to_end(connection, response) : -1;
	close(connection);
	return got > 0 && is_complete(response, (size_t)got);
}

static void run_client(struct shared *shared, uint16_t port, unsigned long gets, char **targets,
                       unsigned long target_count)
{
	unsigned long number;
	while ((number = atomic_fetch_add(&shared->next, 1)) < gets)
		if (get(port, targets[number % target_count]))
			atomic_fetch_add(&shared->complete[number % target_count], 1);
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fputs("usage: load_client PORT CLIENTS GETS TARGET...\n", stderr);
		return 2;
	}
	uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
	unsigned long clients = strtoul(argv[2], NULL, 10), gets = strtoul(argv[3], NULL, 10);
	char **targets = argv + 4;
	unsigned long target_count = (unsigned long)argc - 4;
	struct shared *shared = mmap(NULL, sizeof *shared + target_count * sizeof(atomic_ulong),
	                             PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	for (unsigned long i = 0; i < clients; i++) {
		pid_t client = fork();
		if (client == 0) {
			run_client(shared, port, gets, targets, target_count);
			_exit(0);
		}
		if (client < 0)
			return 2;
	}
	while (wait(NULL) > 0)
		continue;
	for (unsigned long i = 0; i < target_count; i++)
		printf("%lu\t%s\n", atomic_load(&shared->complete[i]), targets[i]);
	return 0;
}
