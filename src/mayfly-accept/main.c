/*
 * mayfly-accept, for busy sites: takes the listening sockets that systemd hands over, starts a
 * handler for each connection, and leaves when nobody comes any more. systemd keeps the sockets:
 * who connects while this is not there waits in the kernel, and has systemd start it again.
 */
#include "handlers.h"
#include "options.h"
#include "refuse.h"
#include "spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

enum exit_status { EXIT_DONE = 0, EXIT_USAGE = 100, EXIT_SYSTEM = 111 };

enum {
	LISTENERS_MAX = 16,
	SIGNALS = 0,
	SECOND_US = 1000000,
	MILLISECOND_US = 1000,
	PATIENCE_US = SECOND_US, /* for a handler to leave, where there is room for no other */
};

struct server {
	struct options options;
	struct spawner spawner;
	struct handlers handlers;
	struct pollfd polled[1 + LISTENERS_MAX]; /* the signals, and behind them the listeners */
	nfds_t listeners;
	bool stopping;
	bool is_short; /* of what accept(2) takes: for a while it is not tried */
	unsigned long accepted, refused;
	int64_t room_us;    /* when there was room for another handler */
	int64_t used_us;    /* when a handler ran last */
	int64_t told_us;    /* when systemd was told how things are */
	int64_t telling_us; /* how often it is */
};

static int64_t now_us(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

/* Returns NULL, or the reason why there is no handler for the connection. */
static const char *start_handler(struct server *server, int connection, const struct source *source)
{
	if (server->handlers.count >= server->options.max_connections)
		return "too-many-connections";
	if (handlers_of(&server->handlers, source->network) >= server->options.max_per_source)
		return "too-many-from-source";
	pid_t process = spawn(&server->spawner, connection, source);
	if (process < 0) {
		complain("cannot start %s: %s", server->spawner.command[0], strerror(errno));
		return "handler-not-started";
	}
	handlers_add(&server->handlers, process, source->network);
	server->accepted++;
	return NULL;
}

static void serve(struct server *server, int connection, const union address *address)
{
	struct source source;
	source_read(&source, address);
	const char *reason = start_handler(server, connection, &source);
	if (reason == NULL)
		return;
	refuse(connection, &source, reason);
	server->refused++;
}

/* Whoever is not accepted for want of descriptors or memory stays with the kernel, and would have
 * poll(2) return at once, over and over. */
static void accept_one(struct server *server, int listener)
{
	union address address = {0};
	socklen_t size = sizeof address;
	int connection = accept4(listener, &address.any, &size, SOCK_CLOEXEC);
	if (connection >= 0) {
		serve(server, connection, &address);
		(void)close(connection);
	} else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		complain("cannot accept a connection: %s", strerror(errno));
		server->is_short = true;
	}
}

static void take_signals(struct server *server)
{
	struct signalfd_siginfo signal;
	while (read(server->polled[SIGNALS].fd, &signal, sizeof signal) > 0)
		server->stopping = server->stopping || signal.ssi_signo == SIGTERM;
}

static void reap(struct server *server)
{
	int status;
	pid_t process;
	while ((process = waitpid(-1, &status, WNOHANG)) > 0)
		if (handlers_remove(&server->handlers, process) && status != 0)
			complain("a handler failed: %s %d",
			         WIFSIGNALED(status) ? "signal" : "exit status",
			         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void tell_systemd(struct server *server, int64_t now)
{
	if (now - server->told_us < server->telling_us)
		return;
	server->told_us = now;
	(void)sd_notifyf(0, "WATCHDOG=1\nSTATUS=%zu open, of %u at most; %lu accepted, %lu refused",
	                 server->handlers.count, server->options.max_connections, server->accepted,
	                 server->refused);
}

/* Whether to go on after this. On SIGTERM the handlers that run are left to themselves: none of
 * them needs a parent, and systemd need not wait for the slowest before it starts the next of us.
 */
static bool stays(struct server *server)
{
	int64_t now = now_us();
	if (server->handlers.count > 0)
		server->used_us = now;
	tell_systemd(server, now);
	return !server->stopping &&
	       now - server->used_us < (int64_t)server->options.idle_exit * SECOND_US;
}

/*
 * Handlers that have answered may be waiting for the log to take their line. So where there is room
 * for no other, whoever comes waits with the kernel until one of them leaves, and is turned down
 * only when none does.
 */
static bool waits_for_room(struct server *server)
{
	int64_t now = now_us();
	if (server->handlers.count < server->options.max_connections) {
		server->room_us = now;
		return false;
	}
	return now - server->room_us < PATIENCE_US;
}

static void run(struct server *server)
{
	server->used_us = now_us();
	while (stays(server)) {
		bool waits = server->is_short || waits_for_room(server);
		nfds_t polled = waits ? 1 : 1 + server->listeners;
		int ready =
		    poll(server->polled, polled, (int)(server->telling_us / MILLISECOND_US));
		server->is_short = false;
		take_signals(server);
		reap(server);
		for (nfds_t i = 1; i < polled && ready > 0 && !server->stopping; i++)
			if (server->polled[i].revents != 0)
				accept_one(server, server->polled[i].fd);
	}
}

static bool take_listeners(struct server *server)
{
	int count = sd_listen_fds(1);
	for (int i = 0; i < count && i < LISTENERS_MAX; i++) {
		int listener = SD_LISTEN_FDS_START + i;
		if (sd_is_socket(listener, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
		    fcntl(listener, F_SETFL, O_NONBLOCK) != 0)
			return false;
		server->polled[1 + i] = (struct pollfd){listener, POLLIN, 0};
		server->listeners++;
	}
	return count > 0 && count <= LISTENERS_MAX;
}

static bool take_over_signals(struct server *server)
{
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	(void)sigaddset(&signals, SIGTERM);
	int descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	server->polled[SIGNALS] = (struct pollfd){descriptor, POLLIN, 0};
	return descriptor >= 0 && sigprocmask(SIG_BLOCK, &signals, NULL) == 0;
}

static bool open_server(struct server *server)
{
	uint64_t watchdog_us;
	server->telling_us = SECOND_US;
	if (sd_watchdog_enabled(1, &watchdog_us) > 0 && watchdog_us / 2 < SECOND_US)
		server->telling_us = (int64_t)watchdog_us / 2;
	return take_over_signals(server) && spawner_open(&server->spawner, server->options.command);
}

int main(int argc, char **argv)
{
	static struct server server;
	if (!options_read(argc, argv, &server.options))
		return EXIT_USAGE;
	if (server.options.print != NULL)
		return fputs(server.options.print, stdout) >= 0 ? EXIT_DONE : EXIT_SYSTEM;
	if (!take_listeners(&server)) {
		complain("systemd has not handed over 1 to %d listening sockets", LISTENERS_MAX);
		return EXIT_SYSTEM;
	}
	if (!open_server(&server)) {
		complain("cannot start: %s", strerror(errno));
		return EXIT_SYSTEM;
	}
	(void)sd_notify(0, "READY=1");
	run(&server);
	(void)sd_notify(0, "STOPPING=1");
	return EXIT_DONE;
}
