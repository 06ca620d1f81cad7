/*
 * Many clients: CLIENTS processes send GET requests, one at a time each, each on its own
 * connection. Counts the complete 200 responses of every target and prints `complete<TAB>target`
 * lines. The content of a response is not compared.
 *
 * `load_client -t ...` then prints the median and the 99th percentile of the time from connect(2) to the end of
 * the response, and the requests per second: `1.25 3.50 4800`, in ms.
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
#include <time.h>
#include <unistd.h>

enum { RESPONSE_MAX = 1 << 20, PATIENCE_SECONDS = 900 };

struct shared {
	atomic_ulong next; /* number of the next GET */
	atomic_ulong
	    complete[]; /* complete responses per target; then the microseconds of each GET */
};

static unsigned long now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long)now.tv_sec * 1000000 + (unsigned long)now.tv_nsec / 1000;
}

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
	while ((number = atomic_fetch_add(&shared->next, 1)) < gets) {
		unsigned long begun = now_us();
		if (get(port, targets[number % target_count]))
			atomic_fetch_add(&shared->complete[number % target_count], 1);
		shared->complete[target_count + number] = now_us() - begun;
	}
}

static int compare(const void *a, const void *b)
{
	unsigned long left = *(const unsigned long *)a, right = *(const unsigned long *)b;
	return (left > right) - (left < right);
}

static void print_times(unsigned long *times, unsigned long gets, unsigned long taken)
{
	qsort(times, gets, sizeof *times, compare);
	printf("%.2f %.2f %.0f\n", (double)times[gets / 2] / 1e3,
	       (double)times[gets * 99 / 100] / 1e3, (double)gets * 1e6 / (double)taken);
}

int main(int argc, char **argv)
{
	bool times = argc > 1 && strcmp(argv[1], "-t") == 0;
	argc -= times;
	argv += times;
	if (argc < 5) {
		fputs("usage: load_client [-t] PORT CLIENTS GETS TARGET...\n", stderr);
		return 2;
	}
	uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
	unsigned long clients = strtoul(argv[2], NULL, 10), gets = strtoul(argv[3], NULL, 10);
	char **targets = argv + 4;
	unsigned long target_count = (unsigned long)argc - 4;
	size_t size = sizeof(struct shared) + (target_count + gets) * sizeof(atomic_ulong);
	struct shared *shared =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	unsigned long begun = now_us();
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
	unsigned long taken = now_us() - begun;
	for (unsigned long i = 0; i < target_count; i++)
		printf("%lu\t%s\n", atomic_load(&shared->complete[i]), targets[i]);
	if (times && gets > 0)
		print_times((unsigned long *)&shared->complete[target_count], gets, taken);
	return 0;
}
