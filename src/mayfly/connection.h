/*
 * The connection on descriptors 0 and 1, which may be a socket, pipes or files: receiving and sending
 * with time limits. Independent of HTTP, and of the client's address (peer.h).
 */
#ifndef MAYFLY_CONNECTION_H
#define MAYFLY_CONNECTION_H

#include "base/view.h"
#include "pace.h"
#include <stdint.h>
#include <sys/types.h>

struct connection {
	bool in_is_socket;
	bool out_is_socket;
	bool out_is_file;      /* descriptor 1 is a regular file */
	bool stderr_is_client; /* descriptor 2 is the connection's socket, as under classic inetd */
	uint64_t
	    stderr_size;  /* bytes in the file that descriptor 2 is; 0 if it is no regular file */
	struct pace pace; /* how fast the client must receive responses */
	uint64_t sent;    /* bytes that the kernel has accepted */
	bool out_is_nonblocking; /* set before the first sendfile(2), which has no flag for it */
};

/*
 * Prepares descriptors 0, 1 and 2: opens /dev/null as descriptor 2 if it is closed, blocks SIGPIPE and
 * SIGXFSZ. Returns false with errno set if descriptor 0 or 1 is not
 * open.
 */
bool connection_open(struct connection *connection, struct pace pace);

/*
 * Whether descriptor 0 is a socket with a name: one that a server has accepted, unlike the nameless
 * ends of a socketpair(2), by which some programs run commands. Makes a system call that the sandbox
 * denies.
 */
bool connection_is_accepted(const struct connection *connection);

/*
 * Receives up to `size` bytes. `deadline`: microseconds of clock_now_us. Returns their number; 0 at
 * the end; -1 with errno set: ETIMEDOUT after the deadline.
 */
ssize_t connection_receive(struct connection *connection, char *buffer, size_t size,
                           int64_t deadline);

/*
 * Sends all the bytes. `more`: further bytes follow at once, and may share the TCP segment. Returns
 * NULL or a reason code: "client-left"; "client-too-slow" if the client received too few bytes in a
 * window of the pace.
 */
const char *connection_send(struct connection *connection, struct view bytes, bool more);

/*
 * Sends `length` bytes of a file, from `offset` on. Returns as connection_send does, and also
 * "file-shrank" if the file ends early, "file-unreadable" if it cannot be read.
 */
const char *connection_send_file(struct connection *connection, int file, uint64_t offset,
                                 uint64_t length);

/*
 * Closes the connection for sending, unless it is a pipe, and reads and discards what the client has sent or, if `drain`,
 * may still send, up to a limit. If bytes were left unread, the kernel would reset the connection,
 * and the client could lose the response (RFC 9112 9.6).
 */
void connection_finish(struct connection *connection, bool drain);

#endif
