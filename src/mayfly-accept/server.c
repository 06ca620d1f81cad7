/* The accepting process; see server.h. */
#include "server.h"
#include "accept_log.h"
#include "control_group.h"
#include "refusal.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

enum {
	SIGNALS = 0, /* index in `polled` */
	SECOND_US = 1000000,
	MILLISECOND_US = 1000,
	ROOM_WAIT_US = SECOND_US, /* that a client waits for a handler to exit, if all run */
	END_WAIT_US = SECOND_US,  /* that the end waits for killed handlers to exit */
	END_POLL_MS = 10,
	UNAVAILABLE_IDLE_MS = 1000, /* that an unavailable server waits for a client */
};

static int64_t now_us(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

/* Returns NULL, or the reason why the connection gets no handler. */
static const char *server_start_handler(struct server *server, int connection,
                                        const struct client *client)
{
	if (server->unavailable != NULL)
		return server->unavailable;
	struct handler_table *own = &server->record->own;
	if (own->count >= server->options.max_connections)
		return "too-many-connections";
	if (handler_table_count_network(own, client->network) >= server->options.max_per_source)
		return "too-many-from-source";
	pid_t process = spawner_start(&server->spawner, connection, client);
	if (process < 0) {
		accept_log_error("cannot start %s: %s", server->spawner.command[0],
		                 strerror(errno));
		return "handler-not-started";
	}
	handler_table_add(own, &(struct handler){.process = process,
	                                         .network = client->network,
	                                         .started_us = now_us()});
	server->accepted++;
	return NULL;
}

static void server_serve(struct server *server, int connection, const union client_address *address)
{
	struct client client;
	client_read(&client, address);
	const char *reason = server_start_handler(server, connection, &client);
	if (reason == NULL)
		return;
	refusal_send(connection);
	accept_log_refusal(&client, reason);
	server->refused++;
}

/* A connection that cannot be accepted for lack of descriptors or memory stays in the kernel's
 * queue, and would make poll(2) return at once, again and again. */
static void server_accept(struct server *server, int listener)
{
	union client_address address = {0};
	socklen_t size = sizeof address;
	int connection = accept4(listener, &address.any, &size, SOCK_CLOEXEC);
	if (connection >= 0) {
		server_serve(server, connection, &address);
		(void)close(connection);
	} else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		accept_log_error("cannot accept a connection: %s", strerror(errno));
		server->is_short = true;
	}
}

static void server_read_signals(struct server *server)
{
	struct signalfd_siginfo signal;
	while (read(server->polled[SIGNALS].fd, &signal, sizeof signal) > 0)
		if (signal.ssi_signo == SIGTERM)
			server->state = SERVER_STOPS;
		else if (signal.ssi_signo == SIGHUP && server->state == SERVER_ACCEPTS)
			server->state = SERVER_HANDS_OVER;
}

static void log_exit(pid_t process, int status)
{
	if (WIFSIGNALED(status))
		accept_log_error("handler %d: killed by SIG%s: %s", (int)process,
		                 sigabbrev_np(WTERMSIG(status)), sigdescr_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		accept_log_error("handler %d: exit status %d", (int)process, WEXITSTATUS(status));
}

static void server_reap(struct server *server)
{
	struct handler_table *own = &server->record->own;
	int status;
	pid_t process;
	while ((process = waitpid(-1, &status, WNOHANG)) > 0) {
		size_t i = handler_table_find(own, process);
		if (i == own->count)
			continue;
		if (!own->handlers[i].killed)
			log_exit(process, status);
		handler_table_remove(own, i);
	}
}

static void server_kill_own(struct server *server, size_t index)
{
	struct handler *handler = &server->record->own.handlers[index];
	handler->killed = true;
	(void)kill(handler->process, SIGKILL); /* not reaped yet: no other process has its number */
}

static bool server_is_expired(const struct server *server, const struct handler *handler,
                              int64_t now)
{
	return !handler->killed &&
	       now - handler->started_us >= (int64_t)server->options.handler_lifetime * SECOND_US;
}

static void log_expired(const struct server *server, const struct handler *handler)
{
	accept_log_error("handler %d: ended after %" PRIu64 " s (--handler-lifetime)",
	                 (int)handler->process, server->options.handler_lifetime);
}

/* As RuntimeMaxSec= of mayfly@.service does. */
static void server_end_expired(struct server *server, int64_t now)
{
	const struct handler_table *own = &server->record->own;
	const struct handler_table *inherited = &server->record->inherited;
	for (size_t i = 0; i < own->count; i++)
		if (server_is_expired(server, &own->handlers[i], now)) {
			log_expired(server, &own->handlers[i]);
			server_kill_own(server, i);
		}
	for (size_t i = 0; i < inherited->count; i++)
		if (server_is_expired(server, &inherited->handlers[i], now)) {
			log_expired(server, &inherited->handlers[i]);
			inherited_kill(&server->inherited, i);
		}
}

static size_t server_count_handlers(const struct server *server)
{
	return server->record->own.count + server->record->inherited.count;
}

/* Kills all handlers, and waits up to END_WAIT_US until they have exited. */
static void server_end_handlers(struct server *server)
{
	int64_t begun = now_us();
	for (size_t i = 0; i < server->record->own.count; i++)
		server_kill_own(server, i);
	for (size_t i = 0; i < server->record->inherited.count; i++)
		inherited_kill(&server->inherited, i);
	while (server_count_handlers(server) > 0 && now_us() - begun < END_WAIT_US) {
		(void)poll(server->polled, 1, END_POLL_MS);
		server_read_signals(server);
		server_reap(server);
		inherited_reap(&server->inherited);
	}
}

static void server_notify(const struct server *server)
{
	char inherited[64] = "";
	if (server->record->inherited.count > 0)
		(void)snprintf(inherited, sizeof inherited, "; %zu from before the last restart",
		               server->record->inherited.count);
	(void)sd_notifyf(
	    0, "WATCHDOG=1\nSTATUS=%zu open, of %" PRIu64 " at most; %lu accepted, %lu refused%s",
	    server->record->own.count, server->options.max_connections, server->accepted,
	    server->refused, inherited);
}

/* What is due once per interval. */
static void server_tick(struct server *server, int64_t now)
{
	if (now - server->last_notify < server->interval_us)
		return;
	server->last_notify = now;
	inherited_reap(&server->inherited);
	server_end_expired(server, now);
	server_notify(server);
}

static bool server_is_full(const struct server *server)
{
	return server->record->own.count >= server->options.max_connections;
}

static void server_note_times(struct server *server, int64_t now)
{
	if (server_count_handlers(server) > 0)
		server->last_handler = now;
	if (!server_is_full(server))
		server->last_room = now;
}

static bool server_is_idle(const struct server *server, int64_t now)
{
	return now - server->last_handler >= (int64_t)server->options.idle_exit * SECOND_US;
}

/*
 * Handlers that have answered may be waiting for the log to accept their entry. If all handlers
 * run, clients therefore wait in the kernel's queue until one exits, and are refused only if none
 * does in time.
 */
static bool server_waits_for_room(const struct server *server, int64_t now)
{
	return server_is_full(server) && now - server->last_room < ROOM_WAIT_US;
}

/* Waits for a signal or a client, or until the next tick, and acts on it. */
static void server_wait(struct server *server, bool accepts)
{
	nfds_t polled = accepts ? server->polled_count : 1;
	int ready = poll(server->polled, polled, (int)(server->interval_us / MILLISECOND_US));
	server->is_short = false;
	server_read_signals(server);
	server_reap(server);
	for (nfds_t i = 1; i < polled && ready > 0 && server->state == SERVER_ACCEPTS; i++)
		if (server->polled[i].revents != 0)
			server_accept(server, server->polled[i].fd);
}

void server_run(struct server *server)
{
	int64_t now = server->last_handler = server->last_room = now_us();
	while (server->state == SERVER_ACCEPTS && !server_is_idle(server, now)) {
		server_tick(server, now);
		server_wait(server, !server->is_short && !server_waits_for_room(server, now));
		now = now_us();
		server_note_times(server, now);
	}
	if (server->state == SERVER_STOPS)
		server_end_handlers(server);
}

/* Returns false if the descriptor is no listening stream socket, or there are too many. */
static bool server_add_listener(struct server *server, int listener)
{
	if (server->polled_count > LISTENERS_MAX ||
	    sd_is_socket(listener, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
	    fcntl(listener, F_SETFL, O_NONBLOCK) != 0)
		return false;
	server->polled[server->polled_count] = (struct pollfd){listener, POLLIN, 0};
	server->polled_count++;
	return true;
}

/* Takes the sockets, and the record of handlers, -1 if there is none (sd_listen_fds(3)). */
static bool server_take_descriptors(struct server *server, int *record)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);
	bool complete = count > 0;
	*record = -1;
	server->polled_count = 1;
	for (int i = 0; i < count; i++) {
		if (strcmp(names[i], HANDLER_RECORD_NAME) == 0)
			*record = SD_LISTEN_FDS_START + i;
		else if (!server_add_listener(server, SD_LISTEN_FDS_START + i))
			complete = false;
		free(names[i]);
	}
	free(names);
	return complete && server->polled_count > 1;
}

static bool server_open_signals(struct server *server)
{
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGTERM);
	int descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	server->polled[SIGNALS] = (struct pollfd){descriptor, POLLIN, 0};
	return descriptor >= 0 && sigprocmask(SIG_BLOCK, &signals, NULL) == 0;
}

static int64_t notify_interval_us(void)
{
	uint64_t watchdog_us;
	bool is_short = sd_watchdog_enabled(1, &watchdog_us) > 0 && watchdog_us / 2 < SECOND_US;
	return is_short ? (int64_t)watchdog_us / 2 : SECOND_US;
}

static void server_find_unknown(struct server *server)
{
	static pid_t processes[HANDLERS_MAX];
	size_t count = control_group_list(processes, HANDLERS_MAX);
	int64_t now = now_us();
	for (size_t i = 0; i < count; i++)
		if (processes[i] > 0 && processes[i] != getpid())
			inherited_add_unknown(server->record, processes[i], now);
}

static void server_adopt(struct server *server)
{
	server_find_unknown(server);
	size_t ended =
	    inherited_adopt(&server->inherited, server->record, server->options.max_connections);
	if (ended > 0)
		accept_log_error("ended %zu handlers from before the last two restarts: more than "
		                 "--max-connections were left",
		                 ended);
}

const char *server_open(struct server *server)
{
	int record;
	errno = 0;
	if (!server_take_descriptors(server, &record)) {
		errno = 0;
		return "systemd must pass 1 to 16 listening sockets";
	}
	server->interval_us = notify_interval_us();
	server->record = handler_record_open(record);
	if (server->record == NULL)
		return "cannot keep a record of handlers";
	if (!server_open_signals(server))
		return "cannot wait for signals";
	if (!spawner_open(&server->spawner, server->options.command))
		return "cannot copy the environment";
	server_adopt(server);
	return NULL;
}

void server_run_unavailable(struct server *server, const char *reason)
{
	int record;
	server->unavailable = reason;
	if (!server_take_descriptors(server, &record))
		return;
	struct pollfd *listeners = server->polled + 1;
	nfds_t count = server->polled_count - 1;
	while (!server->is_short && poll(listeners, count, UNAVAILABLE_IDLE_MS) > 0)
		for (nfds_t i = 0; i < count; i++)
			if (listeners[i].revents != 0)
				server_accept(server, listeners[i].fd);
}
