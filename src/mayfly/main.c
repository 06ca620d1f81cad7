/*
 * Mayfly's handler: one connection, then exit. main tells the story of a connection; whatever needs
 * a right is opened here, before the first byte of the client is looked at.
 */
#include "clock.h"
#include "counter/open.h"
#include "counter/state.h"
#include "exchange.h"
#include "proxy_protocol.h"
#include "sandbox.h"
#include <errno.h>
#include <limits.h>
#include <unistd.h>

enum exit_status {
	EXIT_SERVED =
	    0, /* whatever the HTTP status, and also when the client left or was too slow */
	EXIT_USAGE = 100,
	EXIT_MISCONFIGURED = 102,
	EXIT_SYSTEM = 111,
};

static int print(struct view words)
{
	ssize_t written = write(STDOUT_FILENO, words.data, words.length);
	return written == (ssize_t)words.length ? EXIT_SERVED : EXIT_SYSTEM;
}

static int print_help(void)
{
	char array[OPTIONS_HELP_MAX];
	struct buffer help = BUFFER(array);
	options_add_help(&help);
	return print(buffer_view(&help));
}

/* A report of the sanitizers needs files and memory that the sandbox would keep from them. */
#ifdef __SANITIZE_ADDRESS__
static bool confine(struct server *server)
{
	(void)server;
	return true;
}
#else
/* Returns false, with a complaint, where the kernel lacks what the owner requires. */
static bool confine(struct server *server)
{
	char buffer[128];
	struct buffer complaint = BUFFER(buffer);
	if (server->options.sandbox == SANDBOX_OFF)
		return true;
	const char *lacking =
	    sandbox_enter(server->site.root, server->hits, server->connection.stderr_size,
	                  server->connection.out_is_file);
	if (lacking == NULL)
		return true;
	buffer_add(&complaint, VIEW("the sandbox is not whole: this kernel lacks "));
	buffer_add_string(&complaint, lacking);
	access_log_error(&server->log, buffer_view(&complaint));
	return server->options.sandbox != SANDBOX_REQUIRE;
}
#endif

static void serve_connection(struct server *server)
{
	static struct receive_buffer received;
	server->started = clock_now_us();
	int64_t deadline = server->started + seconds_us(server->options.header_timeout);
	if (server->options.proxy_protocol && !proxy_protocol_receive(server, &received, deadline))
		return;
	enum next_action next_action = exchange_serve(server, &received, deadline);
	while (next_action == NEXT_REQUEST) {
		deadline = clock_now_us() + seconds_us(server->options.keep_alive);
		next_action = exchange_serve(server, &received, deadline);
	}
	connection_finish(&server->connection, next_action == NEXT_DRAIN);
}

/* Logs why no request can be served; each will be answered with 503. `reason`: the code for the log. */
static enum exit_status make_unavailable(struct server *server, const char *reason,
                                         struct view complaint, enum exit_status status)
{
	access_log_error(&server->log, complaint);
	server->unavailable = reason;
	return status;
}

static enum exit_status make_unavailable_without_root(struct server *server)
{
	char buffer[512];
	struct buffer complaint = BUFFER(buffer);
	const char *error = strerror(errno);
	buffer_add(&complaint, VIEW("cannot open the root directory "));
	buffer_add_escaped_max(&complaint, view_of(server->options.root), 80);
	buffer_add(&complaint, VIEW(": "));
	buffer_add_string(&complaint, error);
	return make_unavailable(server, "root-unusable", buffer_view(&complaint),
	                        EXIT_MISCONFIGURED);
}

static enum exit_status open_files(struct server *server)
{
	if (!site_open(&server->site, &server->options))
		return make_unavailable_without_root(server);
	if (server->options.hits != NULL)
		server->hits = counter_open(server->options.hits, &server->hits_error);
	return EXIT_SERVED;
}

/* Whether a client waits for a response, and not a person at a terminal for an error message. */
static bool has_client(const struct server *server)
{
	return server->connection.out_is_socket || !view_equal(server->peer.address, VIEW("-"));
}

/* Serves the connection; if the server is unavailable, only if there is a client to be told so. */
static enum exit_status serve(struct server *server, enum exit_status status)
{
	bool answer = has_client(server);
	if (server->unavailable != NULL && !answer)
		return status;
	if (!confine(server) && server->unavailable == NULL) {
		server->unavailable = "sandbox-incomplete";
		status = EXIT_SYSTEM;
	}
	if (server->unavailable == NULL || answer)
		serve_connection(server);
	return status;
}

/*
 * Whether hits could be added: NULL, or the reason code. A missing file is not created: that is for
 * the user that handlers run as to do.
 */
static const char *check_hits(const char *file)
{
	char array[PATH_MAX];
	struct buffer directory = BUFFER(array);
	const char *reason = NULL;
	if (access(file, F_OK) == 0) {
		int hits = counter_open(file, &reason);
		return hits >= 0 ? counter_check(hits) : reason;
	}
	const char *slash = strrchr(file, '/');
	buffer_add(&directory, (struct view){file, slash != NULL ? (size_t)(slash - file) : 0});
	buffer_add(&directory, slash != NULL ? VIEW("/\0") : VIEW(".\0"));
	if (directory.truncated)
		return "hits-unavailable";
	if (access(array, W_OK | X_OK) == 0)
		return NULL;
	return errno == EACCES  ? "hits-not-permitted"
	       : errno == EROFS ? "hits-read-only"
	                        : "hits-missing-folder";
}

/* --check-config: opens what a connection would open, and reports errors to standard error. */
static enum exit_status check_config(struct server *server, bool understood, struct view error)
{
	char array[512];
	struct buffer problem = BUFFER(array);
	access_log_open(&server->log, (struct log_destination){.target = LOG_STDERR}, false);
	if (!understood) {
		access_log_error(&server->log, error);
		return EXIT_USAGE;
	}
	if (!site_open(&server->site, &server->options))
		return make_unavailable_without_root(server);
	const char *hits = server->options.hits;
	const char *reason = hits != NULL ? check_hits(hits) : NULL;
	if (reason != NULL) {
		buffer_add(&problem, VIEW("cannot count hits in "));
		buffer_add_escaped_max(&problem, view_of(hits), 80);
		buffer_add(&problem, VIEW(": "));
		buffer_add_string(&problem, reason);
		access_log_error(&server->log, buffer_view(&problem));
		return EXIT_MISCONFIGURED;
	}
	return confine(server) ? print(VIEW("configuration OK\n")) : EXIT_SYSTEM;
}

int main(int argc, char **argv)
{
	static struct server server;
	char buffer[512];
	struct buffer complaint = BUFFER(buffer);
	const struct options *options = &server.options;
	bool understood = options_parse(argc, argv, &server.options, &complaint);
	if (understood && options->action == ACTION_HELP)
		return print_help();
	if (understood && options->action == ACTION_VERSION)
		return print(VIEW("mayfly " MAYFLY_VERSION "\n"));

	server.site.root = server.hits = -1;
	if (options->action == ACTION_CHECK_CONFIG)
		return check_config(&server, understood, buffer_view(&complaint));
	bool open =
	    connection_open(&server.connection, pace_of(options->send_timeout, options->min_rate));
	access_log_open(&server.log, options->log, server.connection.stderr_is_client);
	peer_find(&server.peer);
	if (!understood) {
		enum exit_status status = make_unavailable(&server, "options-invalid",
		                                           buffer_view(&complaint), EXIT_USAGE);
		if (!open)
			return status;
		return serve(&server, status);
	}
	if (!open) {
		access_log_error(&server.log, VIEW("standard input or output is not open"));
		return EXIT_SYSTEM;
	}
	return serve(&server, open_files(&server));
}
