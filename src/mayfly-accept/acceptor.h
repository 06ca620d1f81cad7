/*
 * The accepting process: accepts connections, starts a handler for each up to the limits, and ends
 * handlers that have run too long.
 */
#ifndef MAYFLY_ACCEPT_ACCEPTOR_H
#define MAYFLY_ACCEPT_ACCEPTOR_H

#include "accept_options.h"
#include "inherited.h"
#include "spawner.h"

enum { LISTENERS_MAX = 16 };

/* In the order in which they can follow each other. */
enum acceptor_state {
	ACCEPTOR_ACCEPTS,
	ACCEPTOR_HANDS_OVER, /* exits, and leaves the handlers to the next mayfly-accept */
	ACCEPTOR_STOPS,      /* exits, and ends the handlers first */
};

struct acceptor {
	struct accept_options options;
	struct spawner spawner;
	struct handler_record *record;
	struct inherited inherited;
	enum acceptor_state state;
	const char *unavailable; /* reason code of the 503 that each client gets, or NULL */
	struct pollfd polled[1 + LISTENERS_MAX]; /* the signals, then the listening sockets */
	nfds_t polled_count;
	bool is_short;          /* accept4(2) lacked descriptors or memory: skip one poll(2) */
	unsigned long accepted; /* connections that got a handler */
	unsigned long refused;
	int64_t interval_us;  /* between two notifications of systemd; poll(2) waits no longer */
	int64_t last_notify;  /* times in microseconds, CLOCK_MONOTONIC */
	int64_t last_handler; /* when a handler ran last */
	int64_t last_room;    /* when fewer than max_connections handlers ran last */
};

/*
 * Takes the sockets and the record of handlers that systemd passes (sd_listen_fds(3)), and what
 * else it needs. `acceptor->options` must be set. Returns NULL, or what failed, with errno if
 * that says more, or 0.
 */
const char *acceptor_open(struct acceptor *acceptor);

/* Serves until it is idle or is signalled: SIGTERM ends all handlers, SIGHUP leaves them. */
void acceptor_run(struct acceptor *acceptor);

/*
 * Answers each client with 503 and logs the reason code, until none has connected for a second or a
 * signal comes: SIGTERM ends all handlers of earlier acceptors, SIGHUP leaves them. For an acceptor
 * that cannot be opened. Does nothing if systemd has passed no sockets.
 */
void acceptor_run_unavailable(struct acceptor *acceptor, const char *reason);

#endif
