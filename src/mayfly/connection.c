/* Receiving and sending with time limits; see connection.h. */
#include "connection.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	IN = 0,
	OUT = 1,
	DRAIN_BYTES = 8 * 1024 * 1024,
	DRAIN_SECONDS = 5,
	PIPE_QUIET_SECONDS = 1,    /* drain a pipe until nothing has come for so long */
	SENDFILE_MAX = 0x40000000, /* bytes per call: a round number below the kernel's limit */
	CORK_MIN = 1024 * 1024,    /* bytes; two system calls would not pay for less */
};

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * Blocks SIGPIPE and SIGXFSZ, so that a write fails with EPIPE or EFBIG instead: a client has left,
 * or the counter file cannot grow. Blocking both takes one system call, ignoring them two.
 */
static void block_signals(void)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	sigaddset(&signals, SIGXFSZ);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
}

bool connection_open(struct connection *connection, struct pace pace)
{
	struct stat in, out, error;
	if (fstat(IN, &in) != 0 || fstat(OUT, &out) != 0)
		return false;
	/* Otherwise the next file opened would become descriptor 2, and error messages be written
	 * to it. */
	if (fstat(STDERR_FILENO, &error) != 0 &&
	    (open("/dev/null", O_RDWR) != STDERR_FILENO || fstat(STDERR_FILENO, &error) != 0))
		return false;

	connection->in_is_socket = S_ISSOCK(in.st_mode);
	connection->out_is_socket = S_ISSOCK(out.st_mode);
	connection->out_is_file = S_ISREG(out.st_mode);
	connection->stderr_size = S_ISREG(error.st_mode) ? (uint64_t)error.st_size : 0;
	connection->stderr_is_client =
	    S_ISSOCK(error.st_mode) && (is_same_file(&error, &in) || is_same_file(&error, &out));
	connection->pace = pace;
	connection->sent = 0;
	connection->out_is_nonblocking = false;
	block_signals();
	return true;
}

bool connection_is_accepted(const struct connection *connection)
{
	struct sockaddr_storage name;
	socklen_t length = sizeof name;
	return connection->in_is_socket &&
	       getsockname(IN, (struct sockaddr *)&name, &length) == 0 &&
	       length > sizeof name.ss_family;
}

/* Waits for an event of poll(2) on a descriptor. Returns false if the deadline passes first. */
static bool descriptor_wait(int descriptor, short event, int64_t deadline)
{
	struct pollfd poll_descriptor = {descriptor, event, 0};
	for (;;) {
		int64_t left = deadline - clock_now_us();
		if (left <= 0)
			return false;
		/* At most a day: the largest timeout of options.c. */
		int ready = poll(&poll_descriptor, 1, (int)((left + 999) / 1000));
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return true; /* the next read or write fails with the error */
	}
}

/* Flags instead of O_NONBLOCK save a system call for most connections: see connection_send_file. */
static ssize_t receive_some(const struct connection *connection, char *buffer, size_t size)
{
	return connection->in_is_socket ? recv(IN, buffer, size, MSG_DONTWAIT)
	                                : read(IN, buffer, size);
}

ssize_t connection_receive(struct connection *connection, char *buffer, size_t size,
                           int64_t deadline)
{
	/* Mostly the request is there already, so try a socket first; a pipe would block. */
	bool wait = !connection->in_is_socket;
	for (;;) {
		if (wait && !descriptor_wait(IN, POLLIN, deadline)) {
			errno = ETIMEDOUT;
			return -1;
		}
		ssize_t received = receive_some(connection, buffer, size);
		if (received >= 0)
			return received;
		if (errno != EINTR && errno != EAGAIN)
			return -1;
		wait = true;
	}
}

/*
 * Returns how many bytes the client has received: those sent, less those that are in the kernel's
 * buffer, where TCP keeps them until the client acknowledges them. If their number is unknown, all
 * count as received.
 */
static uint64_t bytes_received(const struct connection *connection)
{
	int bytes;
	int failed =
	    connection->out_is_socket ? ioctl(OUT, SIOCOUTQ, &bytes) : ioctl(OUT, FIONREAD, &bytes);
	uint64_t waiting = failed ? 0 : (uint64_t)bytes;
	return connection->sent > waiting ? connection->sent - waiting : 0;
}

/* Waits until more can be sent. Returns false if the client is too slow. */
static bool wait_to_send(struct connection *connection)
{
	struct pace *pace = &connection->pace;
	for (;;) {
		int64_t started = clock_now_us();
		bool ready = descriptor_wait(OUT, POLLOUT, started + pace_wait_max_us(pace));
		pace_add(pace, clock_now_us() - started);
		if (pace_window_is_over(pace) &&
		    !pace_next_window(pace, bytes_received(connection)))
			return false;
		if (ready)
			return true;
	}
}

/* Returns the reason code of a failed send. */
static const char *send_error(void)
{
	return errno == ETIMEDOUT ? "client-too-slow" : "client-left";
}

/* Waits if the failed send can be repeated after that. Returns false with errno set if it cannot. */
static bool prepare_retry(struct connection *connection)
{
	if (errno == EINTR)
		return true;
	if (errno != EAGAIN)
		return false;
	if (wait_to_send(connection))
		return true;
	errno = ETIMEDOUT;
	return false;
}

/* Sends as many bytes as one call can without blocking. */
static ssize_t send_some(struct connection *connection, struct view bytes, bool more)
{
	if (connection->out_is_socket)
		return send(OUT, bytes.data, bytes.length,
		            MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
	if (!wait_to_send(connection)) {
		errno = ETIMEDOUT;
		return -1;
	}
	/* A pipe that is ready accepts this many bytes without blocking. */
	return write(OUT, bytes.data, bytes.length < PIPE_BUF ? bytes.length : PIPE_BUF);
}

const char *connection_send(struct connection *connection, struct view bytes, bool more)
{
	while (bytes.length > 0) {
		ssize_t sent = send_some(connection, bytes, more);
		if (sent < 0 && !prepare_retry(connection))
			return send_error();
		if (sent <= 0)
			continue;
		connection->sent += (uint64_t)sent;
		bytes = view_from(bytes, (size_t)sent);
	}
	return NULL;
}

/* Sends a file through a buffer, for descriptors that sendfile(2) does not support. */
static const char *copy_file(struct connection *connection, int file, uint64_t offset,
                             uint64_t length)
{
	static char buffer[65536];
	while (length > 0) {
		size_t wanted = length < sizeof buffer ? (size_t)length : sizeof buffer;
		ssize_t got = pread(file, buffer, wanted, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? "file-shrank" : "file-unreadable";
		const char *error =
		    connection_send(connection, (struct view){buffer, (size_t)got}, false);
		if (error != NULL)
			return error;
		offset += (uint64_t)got;
		length -= (uint64_t)got;
	}
	return NULL;
}

/* Makes the socket non-blocking. Returns false if sendfile(2) cannot be used. */
static bool prepare_sendfile(struct connection *connection)
{
	int yes = 1;
	if (connection->out_is_socket && !connection->out_is_nonblocking)
		connection->out_is_nonblocking = ioctl(OUT, FIONBIO, &yes) == 0;
	return connection->out_is_nonblocking;
}

/*
 * Makes TCP send full segments only, or sends the rest. Under BBR a program that sends as this one does reaches
 * nginx's rate only with it; without it 0.75 of that rate (tests/bench/BENCHMARKS.md, "files").
 */
static void set_cork(int on)
{
	/* Fails for a Unix socket. */
	(void)setsockopt(OUT, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

static const char *send_file(struct connection *connection, int file, uint64_t offset,
                             uint64_t length)
{
	off_t position = (off_t)offset;
	while (length > 0) {
		size_t wanted = length < SENDFILE_MAX ? (size_t)length : SENDFILE_MAX;
		ssize_t sent = sendfile(OUT, file, &position, wanted);
		if (sent == 0)
			return "file-shrank";
		if (sent < 0 && (errno == EINVAL || errno == ENOSYS))
			return copy_file(connection, file, (uint64_t)position, length);
		if (sent < 0 && errno == EIO)
			return "file-unreadable";
		if (sent < 0 && !prepare_retry(connection))
			return send_error();
		if (sent < 0)
			continue;
		connection->sent += (uint64_t)sent;
		length -= (uint64_t)sent;
	}
	return NULL;
}

const char *connection_send_file(struct connection *connection, int file, uint64_t offset,
                                 uint64_t length)
{
	if (!prepare_sendfile(connection))
		return copy_file(connection, file, offset, length);
	if (length < CORK_MIN)
		return send_file(connection, file, offset, length);
	set_cork(1);
	const char *error = send_file(connection, file, offset, length);
	set_cork(0);
	return error;
}

/* Whether bytes have come that were not read. */
static bool has_unread_bytes(const struct connection *connection)
{
	char byte;
	int bytes;
	if (connection->in_is_socket)
		return recv(IN, &byte, sizeof byte, MSG_DONTWAIT) > 0;
	return ioctl(IN, FIONREAD, &bytes) == 0 && bytes > 0;
}

/*
 * A TLS wrapper closes the connection when the handler closes its pipe, even if the client still sends. So
 * the pipe stays open while bytes come. A client that waits for the end of the connection sends none.
 */
static int64_t drain_deadline(const struct connection *connection, int64_t deadline)
{
	int64_t quiet = clock_now_us() + clock_us(PIPE_QUIET_SECONDS);
	return connection->out_is_socket || deadline < quiet ? deadline : quiet;
}

void connection_finish(struct connection *connection, bool drain)
{
	static char discarded[65536];
	if (!drain && !has_unread_bytes(connection))
		return;
	if (connection->out_is_socket && shutdown(OUT, SHUT_WR) != 0)
		return;
	int64_t deadline = clock_now_us() + clock_us(DRAIN_SECONDS);
	for (size_t drained = 0; drained < DRAIN_BYTES;) {
		ssize_t received = connection_receive(connection, discarded, sizeof discarded,
		                                      drain_deadline(connection, deadline));
		if (received <= 0)
			return;
		drained += (size_t)received;
	}
}
