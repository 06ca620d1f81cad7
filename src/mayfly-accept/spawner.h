/*
 * Starting a handler, as systemd does for a connection of an Accept=yes socket. The child shares the memory of
 * this process until it executes the handler's program, and this process does not wait for that: on a busy
 * machine the child waits for a processor first.
 */
#ifndef MAYFLY_ACCEPT_SPAWNER_H
#define MAYFLY_ACCEPT_SPAWNER_H

#include "client.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

enum {
	LAUNCHES_MAX = 16,    /* children that have not executed their program yet */
	LAUNCH_STACK = 16384, /* bytes */
};

/* What a child uses until it executes its program. */
struct launch {
	/* Not 0 until the child has executed or exited, then cleared by the kernel. */
	_Atomic(pid_t) pending;
	pid_t process;
	int connection;
	int error; /* errno if the program could not be executed, until spawner_failure */
	struct client client;
	char *program;
	char **command;
	char **environment; /* begins with these two */
	char address[sizeof "REMOTE_ADDR=" + IP_ADDRESS_SIZE];
	char port[sizeof "REMOTE_PORT=65535"];
	_Alignas(16) char stack[LAUNCH_STACK];
};

struct spawner {
	char **command; /* the handler's path and its arguments */
	struct launch launches[LAUNCHES_MAX];
	char **environments; /* those of all launches */
};

/*
 * Takes over the environment, except for NOTIFY_SOCKET, which is mayfly-accept's own
 * (sd_notify(3)). Call it after sd_listen_fds(3) and sd_watchdog_enabled(3), which remove their
 * variables. Returns false if there is no memory.
 */
bool spawner_open(struct spawner *spawner, char **command);

/*
 * Starts a handler: descriptors 0 and 1 are the connection, standard error is mayfly-accept's, no
 * signal is blocked, and REMOTE_ADDR and REMOTE_PORT are set (systemd.socket(5)). Returns its
 * process, or -1 with errno. If the program cannot be executed, the child sends the refusal to the client
 * and exits; see spawner_failure. The caller may close the connection at once.
 */
pid_t spawner_start(struct spawner *spawner, int connection, const struct client *client);

/*
 * Returns why a process that has exited could not execute the program, as errno, and sets *client; 0 if it
 * could. Call it when the process has been reaped: until then its launch stays in use, and with all of them in
 * use spawner_start fails with EAGAIN.
 */
int spawner_failure(struct spawner *spawner, pid_t process, struct client *client);

#endif
