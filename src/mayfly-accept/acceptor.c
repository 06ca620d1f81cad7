/* The accepting process; see acceptor.h. */
#include "acceptor.h"
#include "accept_log.h"
#include "base/clock.h"
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
#include <unistd.h>

enum {
	SIGNALS = 0, /* index in `polled` */
	ACCEPTS_PER_POLL_MAX = 8,
	SECOND_US = 1000000,
	MILLISECOND_US = 1000,
	ROOM_WAIT_US = SECOND_US, /* how long clients wait for a handler to exit, at the limit */
	END_WAIT_US = SECOND_US,  /* how long to wait for killed handlers to exit */
	END_POLL_MS = 10,
	UNKNOWN_PAUSE_MS = 10,           /* if poll(2) fails: clients may wait */
	UNAVAILABLE_IDLE_US = SECOND_US, /* how long to wait for a client, if unavailable */
};

static bool acceptor_is_full(const struct acceptor *acceptor)
{
	return acceptor->record->own.count >= acceptor->options.max_connections;
}

static void acceptor_log_failure(const struct acceptor *acceptor, int error)
{
	accept_log_error("cannot start %s: %s", acceptor->spawner.command[0], strerror(error));
}

static void log_exit(pid_t process, int status)
{
	if (WIFSIGNALED(status))
		accept_log_error("handler %d: killed by SIG%s: %s", (int)process,
		                 sigabbrev_np(WTERMSIG(status)), sigdescr_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		accept_log_error("handler %d: exit status %d", (int)process, WEXITSTATUS(status));
}

/* Logs why a handler has exited, unless it was killed here or has served its client. Also counts handlers that could not be started. */
static void acceptor_note_exit(struct acceptor *acceptor, const struct handler *handler, int status)
{
	struct client client;
	int error = spawner_failure(&acceptor->spawner, handler->process, &client);
	if (error == 0) {
		if (!handler->killed)
			log_exit(handler->process, status);
		return;
	}
	acceptor_log_failure(acceptor, error);
	accept_log_refusal(&client, "handler-not-started");
	acceptor->accepted--;
	acceptor->refused++;
}

static void acceptor_reap(struct acceptor *acceptor)
{
	struct handler_table *own = &acceptor->record->own;
	int status;
	pid_t process;
	while ((process = waitpid(-1, &status, WNOHANG)) > 0) {
		size_t i = handler_table_find(own, process);
		if (i == own->count)
			continue;
		acceptor_note_exit(acceptor, &own->handlers[i], status);
		handler_table_remove(own, i);
	}
}

/* Returns NULL, or the reason why the connection gets no handler. */
static const char *acceptor_start_handler(struct acceptor *acceptor, int connection,
                                          const struct client *client)
{
	if (acceptor->unavailable != NULL)
		return acceptor->unavailable;
	struct handler_table *own = &acceptor->record->own;
	if (acceptor_is_full(acceptor))
		return "too-many-connections";
	if (handler_table_count_network(own, client->network) >= acceptor->options.max_per_source)
		return "too-many-from-source";
	pid_t process = spawner_start(&acceptor->spawner, connection, client);
	if (process < 0) {
		acceptor_log_failure(acceptor, errno);
		return "handler-not-started";
	}
	handler_table_add(own, &(struct handler){.process = process,
	                                         .network = client->network,
	                                         .started_us = clock_now_us()});
	acceptor->accepted++;
	return NULL;
}

static void acceptor_serve(struct acceptor *acceptor, int connection,
                           const union socket_address *address)
{
	struct client client;
	client_read(&client, address);
	acceptor_reap(acceptor); /* handlers that have exited count towards no limit */
	const char *reason = acceptor_start_handler(acceptor, connection, &client);
	if (reason == NULL)
		return;
	refusal_send(connection);
	accept_log_refusal(&client, reason);
	acceptor->refused++;
}

/*
 * Whether accept4(2) found nothing to accept, was interrupted, or lost the connection that it removed from
 * the queue to an error of the network. EPERM is none: a seccomp filter returns it before.
 */
static bool is_routine(int error)
{
	switch (error) {
	case EAGAIN:
	case ECONNABORTED:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case EINTR:
	case ENETDOWN:
	case ENETUNREACH:
	case ENONET:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPROTO:
		return true;
	default:
		return false;
	}
}

/*
 * Returns whether a connection was accepted. One that cannot be accepted for lack of descriptors or memory
 * stays in the kernel's queue, and would make poll(2) return at once, again and again.
 */
static bool acceptor_accept(struct acceptor *acceptor, int listener)
{
	union socket_address address = {0};
	socklen_t size = sizeof address;
	int connection = accept4(listener, &address.any, &size, SOCK_CLOEXEC);
	if (connection >= 0) {
		acceptor_serve(acceptor, connection, &address);
		(void)close(connection);
	} else if (!is_routine(errno)) {
		accept_log_error("cannot accept a connection: %s", strerror(errno));
		acceptor->is_short = true;
	}
	return connection >= 0;
}

/* Accepts connections that are waiting, up to a number that does not delay a signal. */
static void acceptor_accept_some(struct acceptor *acceptor, int listener)
{
	unsigned accepted = 0;
	while (acceptor_accept(acceptor, listener) && ++accepted < ACCEPTS_PER_POLL_MAX &&
	       !acceptor_is_full(acceptor))
		continue;
}

static enum acceptor_state state_after(uint32_t signal)
{
	return signal == SIGTERM  ? ACCEPTOR_STOPS
	       : signal == SIGHUP ? ACCEPTOR_HANDS_OVER
	                          : ACCEPTOR_ACCEPTS;
}

static void acceptor_read_signals(struct acceptor *acceptor)
{
	struct signalfd_siginfo signal;
	while (read(acceptor->polled[SIGNALS].fd, &signal, sizeof signal) > 0)
		if (state_after(signal.ssi_signo) > acceptor->state)
			acceptor->state = state_after(signal.ssi_signo);
}

static void acceptor_kill_own(struct acceptor *acceptor, size_t index)
{
	struct handler *handler = &acceptor->record->own.handlers[index];
	handler->killed = true;
	(void)kill(handler->process,
	           SIGKILL); /* not reaped yet, so no other process has its number */
}

static bool acceptor_is_expired(const struct acceptor *acceptor, const struct handler *handler,
                                int64_t now)
{
	return !handler->killed &&
	       now - handler->started_us >= (int64_t)acceptor->options.handler_lifetime * SECOND_US;
}

static void log_expired(const struct acceptor *acceptor, const struct handler *handler)
{
	accept_log_error("handler %d: ended after %" PRIu64 " s (--handler-lifetime)",
	                 (int)handler->process, acceptor->options.handler_lifetime);
}

/* As RuntimeMaxSec= of mayfly@.service does. */
static void acceptor_end_expired(struct acceptor *acceptor, int64_t now)
{
	const struct handler_table *own = &acceptor->record->own;
	const struct handler_table *inherited = &acceptor->record->inherited;
	for (size_t i = 0; i < own->count; i++)
		if (acceptor_is_expired(acceptor, &own->handlers[i], now)) {
			log_expired(acceptor, &own->handlers[i]);
			acceptor_kill_own(acceptor, i);
		}
	for (size_t i = 0; i < inherited->count; i++)
		if (acceptor_is_expired(acceptor, &inherited->handlers[i], now) &&
		    inherited_kill(&acceptor->inherited, i))
			log_expired(acceptor, &inherited->handlers[i]);
}

static size_t acceptor_count_handlers(const struct acceptor *acceptor)
{
	return acceptor->record->own.count + acceptor->record->inherited.count;
}

/* Kills all handlers, and waits up to END_WAIT_US until they have exited. */
static void acceptor_end_handlers(struct acceptor *acceptor)
{
	int64_t begun = clock_now_us();
	for (size_t i = 0; i < acceptor->record->own.count; i++)
		acceptor_kill_own(acceptor, i);
	while (acceptor_count_handlers(acceptor) > 0 && clock_now_us() - begun < END_WAIT_US) {
		inherited_kill_all(&acceptor->inherited);
		(void)poll(acceptor->polled, 1, END_POLL_MS);
		acceptor_read_signals(acceptor);
		acceptor_reap(acceptor);
		inherited_reap(&acceptor->inherited);
	}
}

static void acceptor_notify(const struct acceptor *acceptor)
{
	char inherited[64] = "";
	if (acceptor->record->inherited.count > 0)
		(void)snprintf(inherited, sizeof inherited, "; %zu from before the last restart",
		               acceptor->record->inherited.count);
	(void)sd_notifyf(
	    0, "WATCHDOG=1\nSTATUS=%zu open, of %" PRIu64 " at most; %lu accepted, %lu refused%s",
	    acceptor->record->own.count, acceptor->options.max_connections, acceptor->accepted,
	    acceptor->refused, inherited);
}

/* Does what is due once per interval. */
static void acceptor_tick(struct acceptor *acceptor, int64_t now)
{
	if (now - acceptor->last_notify < acceptor->interval_us)
		return;
	acceptor->last_notify = now;
	inherited_reap(&acceptor->inherited);
	acceptor_end_expired(acceptor, now);
	acceptor_notify(acceptor);
}

static void acceptor_note_times(struct acceptor *acceptor, int64_t now)
{
	if (acceptor_count_handlers(acceptor) > 0)
		acceptor->last_handler = now;
	if (!acceptor_is_full(acceptor))
		acceptor->last_room = now;
}

static bool acceptor_is_idle(const struct acceptor *acceptor, int64_t now)
{
	return now - acceptor->last_handler >= (int64_t)acceptor->options.idle_exit * SECOND_US;
}

/*
 * Handlers that have answered may be waiting for the log to accept their entry. If all handlers
 * run, clients therefore wait in the kernel's queue until one exits, and are refused only if none
 * does in time.
 */
static bool acceptor_waits_for_room(const struct acceptor *acceptor, int64_t now)
{
	return acceptor_is_full(acceptor) && now - acceptor->last_room < ROOM_WAIT_US;
}

/* Waits for a signal or a client, or until the next tick, and acts on it. Returns false after a tick. */
static bool acceptor_wait(struct acceptor *acceptor, bool accepts)
{
	nfds_t polled = accepts ? acceptor->polled_count : 1;
	int ready = poll(acceptor->polled, polled, (int)(acceptor->interval_us / MILLISECOND_US));
	bool is_unknown = ready < 0 && errno != EINTR;
	if (is_unknown)
		(void)poll(NULL, 0, UNKNOWN_PAUSE_MS);
	acceptor->is_short = false;
	if (ready <= 0 || acceptor->polled[SIGNALS].revents != 0) {
		acceptor_read_signals(acceptor);
		acceptor_reap(acceptor);
	}
	bool was_full = acceptor_is_full(acceptor);
	for (nfds_t i = 1; i < polled && ready != 0 && acceptor->state == ACCEPTOR_ACCEPTS; i++) {
		if (!was_full && acceptor_is_full(acceptor))
			break; /* the other clients wait, as acceptor_waits_for_room says */
		if (is_unknown || (ready > 0 && acceptor->polled[i].revents != 0))
			acceptor_accept_some(acceptor, acceptor->polled[i].fd);
	}
	return ready != 0;
}

void acceptor_run(struct acceptor *acceptor)
{
	int64_t now = acceptor->last_handler = acceptor->last_room = clock_now_us();
	while (acceptor->state == ACCEPTOR_ACCEPTS && !acceptor_is_idle(acceptor, now)) {
		acceptor_tick(acceptor, now);
		(void)acceptor_wait(acceptor,
		                    !acceptor->is_short && !acceptor_waits_for_room(acceptor, now));
		now = clock_now_us();
		acceptor_note_times(acceptor, now);
	}
	if (acceptor->state == ACCEPTOR_STOPS)
		acceptor_end_handlers(acceptor);
	acceptor_reap(acceptor); /* to log what could not be started */
}

/* Returns false if the descriptor is not a listening stream socket, or there are too many. */
static bool acceptor_add_listener(struct acceptor *acceptor, int listener)
{
	if (acceptor->polled_count > LISTENERS_MAX ||
	    sd_is_socket(listener, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
	    fcntl(listener, F_SETFL, O_NONBLOCK) != 0)
		return false;
	acceptor->polled[acceptor->polled_count] = (struct pollfd){listener, POLLIN, 0};
	acceptor->polled_count++;
	return true;
}

/* Takes the sockets, and the record of handlers, -1 if there is none (sd_listen_fds(3)). */
static bool acceptor_take_descriptors(struct acceptor *acceptor, int *record)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);
	bool complete = count > 0;
	*record = -1;
	acceptor->polled_count = 1;
	for (int i = 0; i < count; i++) {
		if (strcmp(names[i], HANDLER_RECORD_NAME) == 0)
			*record = SD_LISTEN_FDS_START + i;
		else if (!acceptor_add_listener(acceptor, SD_LISTEN_FDS_START + i))
			complete = false;
		free(names[i]);
	}
	free(names);
	return complete && acceptor->polled_count > 1;
}

static bool acceptor_open_signals(struct acceptor *acceptor)
{
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGTERM);
	int descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	acceptor->polled[SIGNALS] = (struct pollfd){descriptor, POLLIN, 0};
	return descriptor >= 0 && sigprocmask(SIG_BLOCK, &signals, NULL) == 0;
}

static int64_t notify_interval_us(void)
{
	uint64_t watchdog_us;
	bool is_short = sd_watchdog_enabled(1, &watchdog_us) > 0 && watchdog_us / 2 < SECOND_US;
	return is_short ? (int64_t)watchdog_us / 2 : SECOND_US;
}

/* A process of another namespace is listed as 0, which pidfd_open(2) rejects: it is not adopted. */
static void acceptor_find_unknown(struct acceptor *acceptor)
{
	static pid_t processes[HANDLERS_MAX];
	size_t count = control_group_list(processes, HANDLERS_MAX);
	int64_t now = clock_now_us();
	for (size_t i = 0; i < count; i++)
		if (processes[i] != getpid())
			inherited_add_unknown(acceptor->record, processes[i], now);
}

static void acceptor_adopt(struct acceptor *acceptor)
{
	acceptor_find_unknown(acceptor);
	size_t ended = inherited_adopt(&acceptor->inherited, acceptor->record,
	                               acceptor->options.max_connections);
	if (ended > 0)
		accept_log_error("ended %zu handlers from before the last two restarts: more than "
		                 "--max-connections were left",
		                 ended);
}

const char *acceptor_open(struct acceptor *acceptor)
{
	int record;
	errno = 0;
	if (!acceptor_take_descriptors(acceptor, &record)) {
		errno = 0;
		return "systemd must pass 1 to 16 listening sockets";
	}
	acceptor->interval_us = notify_interval_us();
	acceptor->record = handler_record_open(record);
	if (acceptor->record == NULL)
		return "cannot keep a record of handlers";
	if (!acceptor_open_signals(acceptor))
		return "cannot wait for signals";
	if (!spawner_open(&acceptor->spawner, acceptor->options.command))
		return "cannot copy the environment";
	acceptor_adopt(acceptor);
	return NULL;
}

void acceptor_run_unavailable(struct acceptor *acceptor, const char *reason)
{
	int record;
	acceptor->unavailable = reason;
	if (!acceptor_take_descriptors(acceptor, &record))
		return;
	acceptor->record = handler_record_open(record);
	if (acceptor->record == NULL || !acceptor_open_signals(acceptor))
		return;
	acceptor->interval_us = UNAVAILABLE_IDLE_US;
	while (acceptor_wait(acceptor, true) && acceptor->state == ACCEPTOR_ACCEPTS &&
	       !acceptor->is_short)
		continue;
	if (acceptor->state != ACCEPTOR_STOPS)
		return;
	acceptor->options.max_connections = HANDLERS_MAX;
	acceptor_adopt(acceptor);
	acceptor_end_handlers(acceptor);
}
