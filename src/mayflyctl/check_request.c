/* The check that each site answers a request; see check_request.h. */
#include "check_request.h"
#include "base/parse.h"
#include "bus.h"
#include "check_environment.h"
#include "check_reach.h"
#include "https.h"
#include "listener.h"
#include "output.h"
#include "site_name.h"
#include "unit_config.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TIMEOUT_S = 10, RESPONSE_MIN = sizeof "HTTP/1.1 200" - 1 };

#define REQUEST                                                                                    \
	"HEAD / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: mayflyctl-check\r\nConnection: "        \
	"close\r\n\r\n"

/* If the site expects a PROXY header: this one says that the sender is the client. */
#define PROXY_HEADER "PROXY UNKNOWN\r\n"

/* --- Connecting. --- */

/* Connects with the time limit. Returns -1 on failure (errno). */
static int connect_to(int family, const struct sockaddr *address, socklen_t length)
{
	const struct timeval limit = {.tv_sec = TIMEOUT_S};
	int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client < 0)
		return -1;
	(void)setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	(void)setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (connect(client, address, length) == 0)
		return client;
	int error = errno == EINPROGRESS ? ETIMEDOUT : errno;
	(void)close(client);
	errno = error;
	return -1;
}

/* A path, or "@" and an abstract name. */
static int connect_to_unix(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	if (length >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, name, length);
	if (*name == '@')
		address.sun_path[0] = '\0';
	return connect_to(
	    AF_UNIX, (const struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (*name == '@' ? 0 : 1)));
}

static int connect_to_host(const char *host, const char *port)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	                               .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	if (getaddrinfo(host, port, &hints, &found) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	int client = connect_to(found->ai_family, found->ai_addr, found->ai_addrlen);
	int error = errno;
	freeaddrinfo(found);
	errno = error;
	return client;
}

/*
 * Connects to a listener (listener.h). The wildcards are reached at the loopback address; [::] is
 * IPv4 as well if there is no IPv6. Returns -1 on failure (errno).
 */
static int connect_to_listener(const char *listener)
{
	char host[LISTENER_HOST_SIZE];
	const char *port;
	if (!listener_split(listener, host, &port))
		return connect_to_unix(listener);
	if (strcmp(host, "0.0.0.0") == 0)
		return connect_to_host("127.0.0.1", port);
	if (strcmp(host, "::") != 0)
		return connect_to_host(host, port);
	int client = connect_to_host("::1", port);
	if (client < 0 && errno != ECONNREFUSED && errno != ETIMEDOUT)
		client = connect_to_host("127.0.0.1", port);
	return client;
}

/* --- The request. --- */

/* Returns the status code of the response, 0 if there is none, or -1 on failure (errno). */
static int read_status(int client)
{
	char response[RESPONSE_MIN] = "";
	size_t length = 0;
	uint64_t status;
	while (length < sizeof response) {
		ssize_t more = recv(client, response + length, sizeof response - length, 0);
		if (more < 0)
			return -1;
		if (more == 0)
			return 0;
		length += (size_t)more;
	}
	if (memcmp(response, "HTTP/1.", sizeof "HTTP/1." - 1) != 0 ||
	    !parse_number((struct view){response + sizeof response - 3, 3}, 100, 599, &status))
		return 0;
	return (int)status;
}

/* What is wrong with the response to a request, and what to do about it. */
struct request_result {
	bool is_good;
	bool is_refused; /* nothing listens there, although the socket is active */
	bool is_closed;  /* the connection ended without a response */
	char problem[128];
};

static void request_fail(struct request_result *result, int error)
{
	result->is_refused = error == ECONNREFUSED || error == ENOENT;
	result->is_closed = error == ECONNRESET || error == EPIPE;
	if (error == EAGAIN || error == ETIMEDOUT)
		(void)snprintf(result->problem, sizeof result->problem,
		               "gets no response within %d seconds", TIMEOUT_S);
	else
		(void)snprintf(result->problem, sizeof result->problem, "fails: %s",
		               strerror(error));
}

static struct request_result request_send(const char *address, const char *request)
{
	struct request_result result = {.is_good = false};
	int client = connect_to_listener(address);
	if (client < 0) {
		request_fail(&result, errno);
		return result;
	}
	bool is_sent = send(client, request, strlen(request), MSG_NOSIGNAL) >= 0;
	/* A server that refuses the connection may respond before it has read this. */
	bool is_reset = !is_sent && (errno == EPIPE || errno == ECONNRESET);
	int status = is_sent || is_reset ? read_status(client) : -1;
	if (status < 0)
		request_fail(&result, errno);
	else if (status == 0)
		(void)snprintf(result.problem, sizeof result.problem, "gets no HTTP response");
	else if (status >= 500)
		(void)snprintf(result.problem, sizeof result.problem, "gets status %d", status);
	else
		result.is_good = true;
	result.is_closed = result.is_closed || status == 0;
	(void)close(client);
	return result;
}

/* --- The sites. --- */

static bool expects_proxy_header(const struct unit_config *config)
{
	for (size_t i = unit_config_find_handler(config); i < config->word_count; i++)
		if (strcmp(config->words[i], "--proxy-protocol") == 0)
			return true;
	return false;
}

/* Returns whether it responds. */
static bool check_address(const struct unit_config *config, const char *address, bool is_explained,
                          struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	int name_length = (int)(strlen(config->socket) - (sizeof ".socket" - 1));
	bool has_proxy_header = expects_proxy_header(config);
	const struct request_result result =
	    request_send(address, has_proxy_header ? PROXY_HEADER REQUEST : REQUEST);
	if (result.is_good || is_explained)
		return result.is_good;
	if (has_proxy_header && result.is_closed) {
		findings_add_note(findings,
		                  "%s answers only its front end (--proxy-from): send a request "
		                  "through that",
		                  config->socket);
		return true;
	}
	if (result.is_refused)
		(void)snprintf(command, sizeof command, "systemctl restart %s", config->socket);
	else
		(void)snprintf(command, sizeof command,
		               "journalctl -b -n 20 --no-pager -u %s -u '%.*s@*.service' -u "
		               "%.*s.service",
		               config->socket, name_length, config->socket, name_length,
		               config->socket);
	findings_add(findings, result.is_refused ? NULL : "see the last errors of the units",
	             command, "%s: a request to %s %s", config->socket, output_escaped(address),
	             result.problem);
	findings_mark_critical(findings);
	return false;
}

/* Returns whether all respond. */
static bool check_addresses(const struct bus_unit *unit, const struct unit_config *config,
                            bool is_explained, struct findings *findings)
{
	const char *type, *address;
	bool is_good = true;
	sd_bus_message *listen = bus_list(unit, "Listen", "(ss)");
	while (sd_bus_message_read(listen, "(ss)", &type, &address) > 0)
		if (strcmp(type, "Stream") == 0)
			is_good = check_address(config, address, is_explained, findings) && is_good;
	sd_bus_message_unref(listen);
	return is_good;
}

/* check_listening and check_https report the state of the package's own sockets. */
static void check_state(const struct bus_unit *unit, const struct unit_config *config,
                        struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	if (strcmp(config->socket, SOCKET_EACH) == 0 || strcmp(config->socket, SOCKET_BUSY) == 0 ||
	    strcmp(config->socket, SOCKET_HTTP) == 0)
		return;
	if (!bus_string_is(unit, "UnitFileState", "enabled"))
		return;
	char *state = bus_string(unit, "ActiveState");
	(void)snprintf(command, sizeof command, "systemctl restart %s", config->socket);
	findings_add(findings, NULL, command, "%s is %s: no client is served", config->socket,
	             state != NULL ? state : "in an unknown state");
	findings_mark_critical(findings);
	free(state);
}

/* Problems of the socket or the firewall are critical if they explain why the request fails. */
static void check_active(sd_bus *bus, const struct bus_unit *unit, const struct unit_config *config,
                         bool is_explained, struct findings *findings)
{
	size_t count = findings->count;
	if (check_environment_blocks(bus, config, findings))
		return;
	check_reach(unit, config, findings);
	bool is_reached = findings->count == count;
	bool is_good = check_addresses(unit, config, is_explained || !is_reached, findings);
	if (!is_good && !is_reached)
		findings_mark_critical(findings);
}

static void check_socket(sd_bus *bus, const char *name, bool is_explained,
                         struct findings *findings)
{
	static struct unit_config config;
	struct bus_unit unit;
	if (bus_find(bus, name, &unit) < 0)
		return;
	bool is_mayfly = unit_config_read_socket(bus, name, &config) == 0 &&
	                 unit_config_find_handler(&config) < config.word_count;
	bool is_active = is_mayfly && bus_string_is(&unit, "ActiveState", "active");
	bool is_https = is_mayfly && unit_config_has_option(&config, "--https");
	if (is_active && is_https)
		check_reach(&unit, &config, findings); /* check_https sends the requests */
	else if (is_active)
		check_active(bus, &unit, &config, is_explained, findings);
	else if (is_mayfly && !is_https)
		check_state(&unit, &config, findings);
	unit_config_free(&config);
	bus_forget(&unit);
}

static bool is_of_site(const char *socket, const char *site)
{
	char name[SITE_NAME_SIZE];
	return site_name_from_unit(socket, name) && strcmp(name, site) == 0;
}

void check_requests(sd_bus *bus, const char *socket, const char *site, bool is_explained,
                    struct findings *findings)
{
	size_t pos = 0;
	const char *name;
	while ((name = bus_next_unit_file(bus, "mayfly*.socket", &pos)) != NULL)
		if (is_of_site(name, site))
			check_socket(bus, name, is_explained && strcmp(name, socket) == 0,
			             findings);
}
