/*
 * The client's connection on descriptors 0 and 1, which may be a socket, pipes or files:
 * receiving and sending with deadlines. Knows nothing of HTTP, nor who the client is (peer.h).
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
	bool out_is_file;      /* the response goes into a regular file */
	bool stderr_is_client; /* classic inetd: descriptor 2 is the client's socket */
	uint64_t stderr_size; /* bytes that the file has that descriptor 2 is; 0 where it is none */
	struct pace pace;     /* at which the client takes responses */
	uint64_t sent;        /* bytes that the kernel has taken */
};

/*
 * Takes over descriptors 0, 1 and 2: opens /dev/null as descriptor 2 if that is closed, makes sockets
 * non-blocking, blocks SIGPIPE and SIGXFSZ. `pace` says how fast the client must take responses.
 * Returns false, with errno set, if descriptor 0 or 1 is not open.
 */
bool connection_open(struct connection *connection, struct pace pace);

/* deadline: microseconds of clock_now_us. Returns bytes received, 0 at the end, or -1 with errno
 * set, which is ETIMEDOUT when the deadline has passed. */
ssize_t connection_receive(struct connection *connection, char *buffer, size_t size,
                           int64_t deadline);

/*
 * Sends all the bytes; `more` says that more follow at once and may share the segment. Returns
 * NULL, or a reason code: "client-left"; "client-too-slow" if it took too few bytes in a window of
 * the pace.
 */
const char *connection_send(struct connection *connection, struct view bytes, bool more);

/*
 * Sends length bytes of a file from offset on. Reason codes as above, and "file-shrank" when the
 * file ends early, "file-unreadable" when reading it fails.
 */
const char *connection_send_file(struct connection *connection, int file, uint64_t offset,
                                 uint64_t length);

/*
 * Ends the connection so that the client still sees the response: what it has sent, or (drain) is
 * sending, and nobody will read would otherwise have the kernel reset the connection (RFC
 * 9112 9.6).
 */
void connection_finish(struct connection *connection, bool drain);

#endif
