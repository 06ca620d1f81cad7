/*
 * Mayfly's handler: serves one connection, then exits. The files that need a right are opened here,
 * before the sandbox is entered and the first byte of the client is read.
 */
#include "base/clock.h"
#include "base/handshake.h"
#include "counter/open.h"
#include "exchange.h"
#include "proxy_protocol.h"
#include "robots_list.h"
#include "sandbox.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum exit_status {
	EXIT_SERVED = 0, /* with any HTTP status, and also if the client left or was too slow */
	EXIT_USAGE = 100,
	EXIT_MISCONFIGURED = 102,
	EXIT_SYSTEM = 111,
};

static enum exit_status print(struct view text)
{
	ssize_t written = write(STDOUT_FILENO, text.data, text.length);
	return written == (ssize_t)text.length ? EXIT_SERVED : EXIT_SYSTEM;
}

/* The text is not on the stack: the compiler would make it a part of main's frame, of which each page is touched. */
static enum exit_status print_help(void)
{
	static char array[OPTIONS_HELP_MAX];
	struct buffer help = BUFFER(array);
	options_add_help(&help);
	return print(buffer_view(&help));
}

/*
 * A build with sanitizers, or one that counts branches (`make coverage`), has no sandbox: their reports
 * need files and memory that it denies.
 */
#if defined __SANITIZE_ADDRESS__ || defined MAYFLY_COVERAGE
static bool enter_sandbox(struct server *server)
{
	(void)server;
	return true;
}
#else
/* Returns false if --sandbox requires more than the kernel has. Logs what it lacks. */
static bool enter_sandbox(struct server *server)
{
	char buffer[128];
	struct buffer error = BUFFER(buffer);
	if (server->options.sandbox == SANDBOX_OFF)
		return true;
	const char *missing =
	    sandbox_enter(server->site.root, server->hits, server->robots,
	                  server->connection.stderr_size, server->connection.out_is_file);
	if (missing == NULL)
		return true;
	buffer_add(&error, VIEW("sandbox incomplete: kernel has no "));
	buffer_add_string(&error, missing);
	access_log_error(&server->log, buffer_view(&error));
	return server->options.sandbox != SANDBOX_REQUIRE;
}
#endif

/* If the options are invalid, --proxy-from may be missing: the client then gets its 503 at once. */
static bool expects_proxy_header(const struct options *options)
{
	return options->proxy_protocol &&
	       (options->trusts_unix_peers || options->trusted_proxy_count > 0);
}

static void serve_connection(struct server *server)
{
	static struct receive_buffer received;
	received.length = 0; /* a page that is read before it is written is faulted in twice */
	server->started = clock_now_us();
	int64_t deadline = server->started + clock_us(server->options.header_timeout);
	if (expects_proxy_header(&server->options) &&
	    !proxy_protocol_receive(server, &received, deadline))
		return;
	enum next_action next_action = exchange_serve(server, &received, deadline);
	while (next_action == NEXT_REQUEST) {
		deadline = clock_now_us() + clock_us(server->options.keep_alive);
		next_action = exchange_serve(server, &received, deadline);
	}
	connection_finish(&server->connection, next_action == NEXT_DRAIN);
}

/* Logs the error, and makes the handler respond 503 to each request, with this reason code. */
static enum exit_status make_unavailable(struct server *server, const char *reason,
                                         struct view error, enum exit_status status)
{
	access_log_error(&server->log, error);
	server->unavailable = reason;
	return status;
}

static enum exit_status make_unavailable_without_root(struct server *server)
{
	char buffer[512];
	struct buffer error = BUFFER(buffer);
	const char *cause = strerror(errno);
	buffer_add(&error, VIEW("cannot open the root directory "));
	buffer_add_escaped_max(&error, view_of(server->options.root), 80);
	buffer_add(&error, VIEW(": "));
	buffer_add_string(&error, cause);
	return make_unavailable(server, "root-unusable", buffer_view(&error), EXIT_MISCONFIGURED);
}

/* A list that cannot be used is logged. A missing one is empty: the owner may write it later. */
static void read_robots_list(struct server *server)
{
	char buffer[512];
	struct buffer error = BUFFER(buffer);
	const char *name = server->options.robots_list;
	bool is_read = robots_list_read(name, &server->robots_list);
	if (!is_read && errno == ENOENT)
		return;
	robots_list_add_error(&error, name, is_read, server->robots_list);
	if (error.length > 0)
		access_log_error(&server->log, buffer_view(&error));
}

static enum exit_status open_files(struct server *server)
{
	if (!site_open(&server->site, &server->options))
		return make_unavailable_without_root(server);
	if (server->options.hits != NULL)
		server->hits = counter_open(server->options.hits, &server->hits_error);
	if (server->options.robots != NULL)
		server->robots = counter_open(server->options.robots, &server->robots_error);
	if (server->options.robots_list != NULL)
		read_robots_list(server);
	return EXIT_SERVED;
}

/* Whether a client may wait for a response, rather than a person for an error message. */
static bool has_client(const struct server *server)
{
	return server->connection.out_is_socket || !view_equal(server->peer.address, VIEW("-"));
}

/* Serves the connection. If the server is unavailable, it responds only if there is a client. */
static enum exit_status serve(struct server *server, enum exit_status status)
{
	if (server->unavailable != NULL && !has_client(server))
		return status;
	if (!enter_sandbox(server) && server->unavailable == NULL) {
		server->unavailable = "sandbox-incomplete";
		status = EXIT_SYSTEM;
	}
	if (server->unavailable == NULL || has_client(server)) /* GCOVR_EXCL_BR_LINE: the sandbox */
		serve_connection(server);
	return status;
}

/* Appends why hits cannot be counted in the file, unless a problem is known already. */
static void check_counter(struct buffer *problem, const char *file_name)
{
	const char *reason =
	    file_name != NULL && problem->length == 0 ? counter_check_name(file_name) : NULL;
	if (reason == NULL)
		return;
	buffer_add(problem, VIEW("cannot count hits in "));
	buffer_add_escaped_max(problem, view_of(file_name), 80);
	buffer_add(problem, VIEW(": "));
	buffer_add_string(problem, reason);
}

/* The same for the list of robots, which may be missing while the site is served, but not here. */
static void check_robots_list(struct buffer *problem, const char *file_name)
{
	struct view list;
	if (file_name == NULL || problem->length > 0)
		return;
	bool is_read = robots_list_read(file_name, &list);
	robots_list_add_error(problem, file_name, is_read, list);
}

static void warn(struct server *server, const char *before, const char *value, const char *after)
{
	char array[512];
	struct buffer warning = BUFFER(array);
	buffer_add_string(&warning, before);
	buffer_add_escaped_max(&warning, view_of(value), 80);
	buffer_add_string(&warning, after);
	access_log_error(&server->log, buffer_view(&warning));
}

/* Reports options that are valid, but hardly what their author wants. */
static void warn_of_options(struct server *server)
{
	const struct options *options = &server->options;
	const char *warning;
	struct stat status;
	for (size_t i = 0; (warning = options_warning(options, i)) != NULL; i++)
		warn(server, warning, "", "");
	for (size_t i = 0; i < options->index_name_count && !options->vhosts; i++)
		if (fstatat(server->site.root, options->index_names[i], &status, 0) == 0 &&
		    S_ISDIR(status.st_mode))
			warn(server, "--index: ", options->index_names[i],
			     " is a directory in the root, so it is not served for the root");
}

/* --check-config: opens what a connection would open, and reports errors to standard error. */
static enum exit_status check_config(struct server *server, bool valid, struct view error)
{
	char array[512];
	struct buffer problem = BUFFER(array);
	access_log_open(&server->log, (struct log_destination){.target = LOG_STDERR}, false);
	if (!valid) {
		access_log_error(&server->log, error);
		return EXIT_USAGE;
	}
	if (!site_open(&server->site, &server->options))
		return make_unavailable_without_root(server);
	check_counter(&problem, server->options.hits);
	check_counter(&problem, server->options.robots);
	check_robots_list(&problem, server->options.robots_list);
	if (problem.length > 0) {
		access_log_error(&server->log, buffer_view(&problem));
		return EXIT_MISCONFIGURED;
	}
	warn_of_options(server);
	return enter_sandbox(server) ? print(VIEW("configuration OK\n")) : EXIT_SYSTEM;
}

/*
 * Whether the handler was started for a connection: it has a peer, or descriptor 0 is an accepted
 * socket. REMOTE_HOST is set by servers that connect a handler with a socketpair (stunnel's exec=).
 */
static bool is_started_for_connection(const struct server *server)
{
	return !view_equal(server->peer.address, VIEW("-")) || getenv("REMOTE_HOST") != NULL ||
	       connection_is_accepted(&server->connection);
}

/* Runs --help, --version or --check-config. */
static enum exit_status run_action(struct server *server, bool valid, struct view error)
{
	switch (server->options.action) {
	case ACTION_HELP:
		return print_help();
	case ACTION_VERSION:
		return print(VIEW("mayfly " MAYFLY_VERSION "\n"));
	case ACTION_CHECK_CONFIG:
	case ACTION_SERVE:
		break;
	}
	return check_config(server, valid, error);
}

/* Such an option in the configuration of a service would send its output to each client. */
static enum exit_status refuse_action(struct server *server)
{
	return make_unavailable(server, "options-invalid",
	                        VIEW("--help, --version and --check-config serve nothing; remove "
	                             "them from the options of this service"),
	                        EXIT_USAGE);
}

/* Opens what the handler needs to serve. Returns an error if it can only respond 503. */
static enum exit_status prepare(struct server *server, bool valid, struct view error)
{
	if (!valid)
		return make_unavailable(server, "options-invalid", error, EXIT_USAGE);
	if (server->options.action != ACTION_SERVE)
		return refuse_action(server);
	return open_files(server);
}

int main(int argc, char **argv)
{
	static struct server server;
	char buffer[512];
	struct buffer error = BUFFER(buffer);
	const struct options *options = &server.options;
	bool valid = options_parse(argc, argv, &server.options, &error);
	bool open =
	    connection_open(&server.connection, pace_of(options->send_timeout, options->min_rate));
	server.site.root = server.hits = server.robots = -1;
	peer_find(&server.peer);
	if (options->action != ACTION_SERVE && !is_started_for_connection(&server))
		return run_action(&server, valid, buffer_view(&error));

	handshake_report();
	access_log_open(&server.log, options->log, server.connection.stderr_is_client);
	server.log.is_https = options->https;
	if (!open && valid) {
		access_log_error(&server.log, VIEW("standard input or output is not open"));
		return EXIT_SYSTEM;
	}
	enum exit_status status = prepare(&server, valid, buffer_view(&error));
	return open ? (int)serve(&server, status) : (int)status;
}
