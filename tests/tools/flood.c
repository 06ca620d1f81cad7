/*
 * Many hostile clients at once, each on its own connection:
 *
 * flood KIND SERVER PORT SOURCE SOURCES COUNT [TARGET]
 *
 * They come from SOURCES consecutive IPv4 or IPv6 addresses, beginning with SOURCE. Prints `ready`
 * once each has done its part; clients that stay connected do so until standard input ends. Finally
 * prints how many got a complete response, and how many did not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct kind {
	const char *name;
	const char *begins, *ends; /* sent before and after the target; NULL: nothing */
	enum { STAY, READ_ALL, RESET_AT_ONCE, RESET_AFTER_READ, READ_SLOWLY } then;
	bool is_slow;   /* sends another byte per second */
	bool half_open; /* from an address that does not receive the answer to the first packet */
};

enum { SLOW_READ_BYTES = 4096, SLOW_READ_PAUSE_MS = 4000, SLOW_READ_BUFFER = 4096 };
enum { SILENCE_MAX_MS = 300000 };

static const struct kind KINDS[] = {
    {"get", "GET ", " HTTP/1.0\r\n\r\n", READ_ALL, false, false},
    {"slow-read", "GET ", " HTTP/1.0\r\n\r\n", READ_SLOWLY, false, false},
    {"never-read", "GET ", " HTTP/1.0\r\n\r\n", STAY, false, false},
    {"slow-header", "GET ", "", STAY, true, false},
    {"silent", NULL, NULL, STAY, false, false},
    {"half-open", NULL, NULL, STAY, false, true},
    {"reset-head", "GET ", " HT", RESET_AT_ONCE, false, false},
    {"reset-body", "GET ", " HTTP/1.0\r\n\r\n", RESET_AFTER_READ, false, false},
};

static const struct kind *kind;
static char request[4096];
static struct pollfd *clients;
static size_t *lengths;
static size_t count, complete, incomplete;

static int stop(const char *what)
{
	perror(what);
	return 1;
}

/* An address of either family. */
union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static bool read_address(const char *text, const char *port, union address *address)
{
	*address = (union address){.in6 = {.sin6_family = AF_INET6}};
	address->in6.sin6_port = htons((uint16_t)atoi(port)); /* at the same offset in both */
	if (inet_pton(AF_INET6, text, &address->in6.sin6_addr) == 1)
		return true;
	address->any.sa_family = AF_INET;
	return inet_pton(AF_INET, text, &address->in.sin_addr) == 1;
}

static socklen_t size_of(const union address *address)
{
	return address->any.sa_family == AF_INET ? sizeof address->in : sizeof address->in6;
}

/* Returns the last four bytes of the address. */
static char *tail_of(union address *address)
{
	if (address->any.sa_family == AF_INET)
		return (char *)&address->in.sin_addr;
	return (char *)&address->in6.sin6_addr + sizeof address->in6.sin6_addr - sizeof(uint32_t);
}

/* Returns the address that is `steps` after another. */
static union address address_after(union address address, uint32_t steps)
{
	uint32_t tail;
	memcpy(&tail, tail_of(&address), sizeof tail);
	tail = htonl(ntohl(tail) + steps);
	memcpy(tail_of(&address), &tail, sizeof tail);
	return address;
}

static bool set_options(int connection, int family)
{
	int yes = 1, size = SLOW_READ_BUFFER;
	if (setsockopt(connection, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes) != 0)
		return false;
	if (family == AF_INET6 &&
	    setsockopt(connection, IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof yes) != 0)
		return false;
	if (kind->then == READ_SLOWLY &&
	    setsockopt(connection, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) != 0)
		return false;
	return !kind->half_open ||
	       setsockopt(connection, IPPROTO_IP, IP_TRANSPARENT, &yes, sizeof yes) == 0;
}

static int connect_from(const union address *source, const union address *server)
{
	int family = server->any.sa_family;
	int connection = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (connection < 0 || !set_options(connection, family) ||
	    bind(connection, &source->any, size_of(source)) != 0)
		return -1;
	if (connect(connection, &server->any, size_of(server)) != 0 && errno != EINPROGRESS)
		return -1;
	return connection;
}

static void client_close(struct pollfd *client, bool reset)
{
	struct linger none = {1, 0};
	if (reset)
		setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(client->fd);
	client->fd = -1;
}

/* The client is connected: sends its request. */
static void client_send(struct pollfd *client)
{
	bool listens =
	    kind->then == READ_ALL || kind->then == RESET_AFTER_READ || kind->then == READ_SLOWLY;
	client->events = listens ? POLLIN : 0;
	if (request[0] != '\0' && send(client->fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
		incomplete++;
		client_close(client, false);
	} else if (kind->then == RESET_AT_ONCE) {
		client_close(client, true);
	}
}

static void client_receive(struct pollfd *client)
{
	char buffer[65536];
	size_t i = (size_t)(client - clients);
	size_t most = kind->then == READ_SLOWLY ? SLOW_READ_BYTES : sizeof buffer;
	ssize_t got = recv(client->fd, buffer, most, 0);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got > 0)
		lengths[i] += (size_t)got;
	if (got > 0 && kind->then == READ_ALL)
		return;
	if (got > 0 && kind->then == READ_SLOWLY) {
		client->events = 0; /* from now on read_slowly() reads */
		return;
	}
	*(got == 0 && lengths[i] > 0 ? &complete : &incomplete) += 1;
	client_close(client, kind->then == RESET_AFTER_READ);
}

/* Half-open clients have nothing more to do. */
static bool has_active_clients(void)
{
	for (size_t i = 0; i < count; i++)
		if (clients[i].fd >= 0 && clients[i].events != 0)
			return true;
	return false;
}

/* Runs until each client has done its part; fails if nothing happens for SILENCE_MAX_MS. */
static void run_clients(void)
{
	while (has_active_clients()) {
		if (poll(clients, count, SILENCE_MAX_MS) <= 0)
			exit(stop("poll"));
		for (size_t i = 0; i < count; i++) {
			if (clients[i].fd >= 0 && (clients[i].revents & POLLOUT) != 0)
				client_send(&clients[i]);
			else if (clients[i].fd >= 0 && clients[i].revents != 0)
				client_receive(&clients[i]);
		}
	}
}

static void send_byte(const struct pollfd *client)
{
	(void)send(client->fd, "a", 1, MSG_NOSIGNAL);
}

static void read_slowly(struct pollfd *client)
{
	char buffer[SLOW_READ_BYTES];
	size_t had = 0;
	ssize_t got;
	while (had < sizeof buffer && (got = recv(client->fd, buffer, sizeof buffer - had, 0)) > 0)
		had += (size_t)got;
}

static void stay_connected(void)
{
	struct pollfd input = {STDIN_FILENO, POLLIN, 0};
	int pause = kind->is_slow ? 1000 : kind->then == READ_SLOWLY ? SLOW_READ_PAUSE_MS : -1;
	while (poll(&input, 1, pause) == 0)
		for (size_t i = 0; i < count; i++) {
			if (clients[i].fd >= 0 && kind->is_slow)
				send_byte(&clients[i]);
			else if (clients[i].fd >= 0)
				read_slowly(&clients[i]);
		}
}

static int start_clients(char **arguments)
{
	union address server, source;
	uint32_t sources = (uint32_t)atoi(arguments[3]);
	if (!read_address(arguments[0], arguments[1], &server) ||
	    !read_address(arguments[2], "0", &source) || sources == 0)
		return stop("address");
	for (size_t i = 0; i < count; i++) {
		union address own = address_after(source, (uint32_t)i % sources);
		clients[i].fd = connect_from(&own, &server);
		clients[i].events = kind->half_open ? 0 : POLLOUT;
		if (clients[i].fd < 0)
			return stop("connection");
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit limit = {8192, 8192};
	for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0] && argc >= 7; i++)
		if (strcmp(argv[1], KINDS[i].name) == 0)
			kind = &KINDS[i];
	if (kind == NULL) {
		fputs("usage: flood KIND SERVER PORT SOURCE SOURCES COUNT [TARGET]\n", stderr);
		return 2;
	}
	if (kind->begins != NULL)
		snprintf(request, sizeof request, "%s%s%s", kind->begins, argc > 7 ? argv[7] : "/",
		         kind->ends);
	count = strtoul(argv[6], NULL, 10);
	clients = calloc(count, sizeof *clients);
	lengths = calloc(count, sizeof *lengths);
	if (clients == NULL || lengths == NULL || setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return stop("start");
	if (start_clients(argv + 2) != 0)
		return 1;
	run_clients();
	puts("ready");
	fflush(stdout);
	if (kind->then == STAY || kind->then == READ_SLOWLY)
		stay_connected();
	printf("%zu answered, %zu not\n", complete, incomplete);
	return 0;
}
