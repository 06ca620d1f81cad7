/*
 * A crowd of bad clients, each on a connection of its own, all at once:
 *
 *   flood KIND SERVER PORT SOURCE SOURCES COUNT [TARGET]
 *
 * They come from SOURCES addresses in a row, the first of them SOURCE. Says `ready` once each has
 * done its part; those who stay stay until standard input ends. At last says how many were answered
 * in full, and how many were not.
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
	const char *begins, *ends; /* what is sent, around the target; NULL: nothing */
	enum { STAY, READ_ALL, RESET_AT_ONCE, RESET_AFTER_READ } then;
	bool drips;   /* a byte more a second */
	bool unheard; /* from an address at which nobody hears the answer to the first packet */
};

static const struct kind KINDS[] = {
    {"get", "GET ", " HTTP/1.0\r\n\r\n", READ_ALL, false, false},
    {"deaf", "GET ", " HTTP/1.0\r\n\r\n", STAY, false, false},
    {"drip", "GET ", "", STAY, true, false},
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

static int connect_from(struct sockaddr_in source, const struct sockaddr_in *server)
{
	int connection = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
	if (connection < 0 ||
	    setsockopt(connection, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes) != 0 ||
	    (kind->unheard &&
	     setsockopt(connection, IPPROTO_IP, IP_TRANSPARENT, &yes, sizeof yes)) ||
	    bind(connection, (struct sockaddr *)&source, sizeof source) != 0)
		return -1;
	if (connect(connection, (const struct sockaddr *)server, sizeof *server) != 0 &&
	    errno != EINPROGRESS)
		return -1;
	return connection;
}

static void leave(struct pollfd *client, bool reset)
{
	struct linger none = {1, 0};
	if (reset)
		setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(client->fd);
	client->fd = -1;
}

/* Connected: says its part. */
static void speak(struct pollfd *client)
{
	client->events = kind->then == READ_ALL || kind->then == RESET_AFTER_READ ? POLLIN : 0;
	if (request[0] != '\0' && send(client->fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
		incomplete++;
		leave(client, false);
	} else if (kind->then == RESET_AT_ONCE) {
		leave(client, true);
	}
}

static void listen_to(struct pollfd *client)
{
	char buffer[65536];
	size_t i = (size_t)(client - clients);
	ssize_t got = recv(client->fd, buffer, sizeof buffer, 0);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got > 0)
		lengths[i] += (size_t)got;
	if (got > 0 && kind->then == READ_ALL)
		return;
	*(got == 0 && lengths[i] > 0 ? &complete : &incomplete) += 1;
	leave(client, kind->then == RESET_AFTER_READ);
}

/* Who is unheard has done so from the start. */
static bool anyone_has_yet_to_act(void)
{
	for (size_t i = 0; i < count; i++)
		if (clients[i].fd >= 0 && clients[i].events != 0)
			return true;
	return false;
}

/* Until each has done its part. */
static void act(void)
{
	while (anyone_has_yet_to_act()) {
		if (poll(clients, count, -1) < 0)
			exit(stop("poll"));
		for (size_t i = 0; i < count; i++) {
			if (clients[i].fd >= 0 && (clients[i].revents & POLLOUT) != 0)
				speak(&clients[i]);
			else if (clients[i].fd >= 0 && clients[i].revents != 0)
				listen_to(&clients[i]);
		}
	}
}

static void stay(void)
{
	struct pollfd input = {STDIN_FILENO, POLLIN, 0};
	while (poll(&input, 1, kind->drips ? 1000 : -1) == 0)
		for (size_t i = 0; i < count; i++)
			if (clients[i].fd >= 0)
				(void)send(clients[i].fd, "a", 1, MSG_NOSIGNAL);
}

static int start(char **arguments)
{
	struct sockaddr_in server = {.sin_family = AF_INET,
	                             .sin_port = htons((uint16_t)atoi(arguments[1]))};
	struct sockaddr_in source = {.sin_family = AF_INET};
	uint32_t sources = (uint32_t)atoi(arguments[3]);
	if (inet_pton(AF_INET, arguments[0], &server.sin_addr) != 1 ||
	    inet_pton(AF_INET, arguments[2], &source.sin_addr) != 1 || sources == 0)
		return stop("address");
	uint32_t first = ntohl(source.sin_addr.s_addr);
	for (size_t i = 0; i < count; i++) {
		source.sin_addr.s_addr = htonl(first + (uint32_t)i % sources);
		clients[i].fd = connect_from(source, &server);
		clients[i].events = kind->unheard ? 0 : POLLOUT;
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
	if (start(argv + 2) != 0)
		return 1;
	act();
	puts("ready");
	fflush(stdout);
	if (kind->then == STAY)
		stay();
	printf("%zu answered, %zu not\n", complete, incomplete);
	return 0;
}
