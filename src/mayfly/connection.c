/* Receiving and sending with deadlines; see connection.h. */
#include "connection.h"
#include "clock.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
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
	SENDFILE_MAX = 0x40000000, /* a round number below what the kernel takes at once */
};

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* What fails because of them fails with an error: a client that has left is none of ours, and a
 * counter file that may not grow costs the hit alone. One call, where ignoring them takes two. */
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
	/* Otherwise the next file opened would become descriptor 2, and receive what is meant for a
	 * terminal. */
	if (fstat(STDERR_FILENO, &error) != 0 &&
	    (open("/dev/null", O_RDWR) != STDERR_FILENO || fstat(STDERR_FILENO, &error) != 0))
		return false;

	connection->in_is_socket = S_ISSOCK(in.st_mode);
	connection->out_is_socket = S_ISSOCK(out.st_mode);
	connection->out_is_file = S_ISREG(out.st_mode);
	connection->stderr_size = S_ISREG(error.st_mode) ? (uint64_t)error.st_size : 0;
	connection->stderr_is_client =
	    S_ISSOCK(error.st_mode) && (is_same(&error, &in) || is_same(&error, &out));
	connection->pace = pace;
	connection->sent = 0;
	block_signals();

	int yes = 1;
	if (connection->in_is_socket && ioctl(IN, FIONBIO, &yes) != 0)
		return false;
	if (connection->out_is_socket && !is_same(&in, &out) && ioctl(OUT, FIONBIO, &yes) != 0)
		return false;
	return true;
}

/* Waits for an event on a descriptor; true when it has come, false when the deadline has. */
static bool wait_for(int descriptor, short event, int64_t deadline)
{
	struct pollfd poll_descriptor = {descriptor, event, 0};
	for (;;) {
		int64_t left = deadline - clock_now_us();
		if (left <= 0)
			return false;
		int64_t milliseconds = (left + 999) / 1000;
		int ready =
		    poll(&poll_descriptor, 1, milliseconds < INT_MAX ? (int)milliseconds : INT_MAX);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return true; /* the read or write that follows says what is wrong */
	}
}

ssize_t connection_receive(struct connection *connection, char *buffer, size_t size,
                           int64_t deadline)
{
	/* A socket is asked first: the request is most often there. Reading a pipe would block. */
	bool wait = !connection->in_is_socket;
	for (;;) {
		if (wait && !wait_for(IN, POLLIN, deadline)) {
			errno = ETIMEDOUT;
			return -1;
		}
		ssize_t received = read(IN, buffer, size);
		if (received >= 0)
			return received;
		if (errno != EINTR && errno != EAGAIN)
			return -1;
		wait = true;
	}
}

/*
 * Bytes that the client has taken: those sent without those that wait in the kernel, which TCP keeps
 * until the client acknowledges them. If the kernel does not know how many wait, none do.
 */
static uint64_t bytes_taken(const struct connection *connection)
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
		bool ready = wait_for(OUT, POLLOUT, started + pace_wait_max_us(pace));
		pace_add(pace, clock_now_us() - started);
		if (pace_window_is_over(pace) && !pace_next_window(pace, bytes_taken(connection)))
			return false;
		if (ready)
			return true;
	}
}

static const char *send_failure(void)
{
	return errno == ETIMEDOUT ? "client-too-slow" : "client-left";
}

/* Whether a failed send is to be tried again, after waiting where that is what it takes. */
static bool may_retry(struct connection *connection)
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

/* One write, of as much as can be written without blocking. */
static ssize_t send_some(struct connection *connection, struct view bytes, bool more)
{
	if (connection->out_is_socket)
		return send(OUT, bytes.data, bytes.length, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
	if (!wait_to_send(connection)) {
		errno = ETIMEDOUT;
		return -1;
	}
	/* A pipe that is ready takes this much without blocking. */
	return write(OUT, bytes.data, bytes.length < PIPE_BUF ? bytes.length : PIPE_BUF);
}

const char *connection_send(struct connection *connection, struct view bytes, bool more)
{
	while (bytes.length > 0) {
		ssize_t sent = send_some(connection, bytes, more);
		if (sent < 0 && !may_retry(connection))
			return send_failure();
		if (sent <= 0)
			continue;
		connection->sent += (uint64_t)sent;
		bytes = view_from(bytes, (size_t)sent);
	}
	return NULL;
}

/* Sends a file by way of a buffer, for what sendfile cannot do. */
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
		const char *failure =
		    connection_send(connection, (struct view){buffer, (size_t)got}, false);
		if (failure != NULL)
			return failure;
		offset += (uint64_t)got;
		length -= (uint64_t)got;
	}
	return NULL;
}

const char *connection_send_file(struct connection *connection, int file, uint64_t offset,
                                 uint64_t length)
{
	if (!connection->out_is_socket)
		return copy_file(connection, file, offset, length);
	off_t position = (off_t)offset;
	while (length > 0) {
		size_t most = length < SENDFILE_MAX ? (size_t)length : SENDFILE_MAX;
		ssize_t sent = sendfile(OUT, file, &position, most);
		if (sent == 0)
			return "file-shrank";
		if (sent < 0 && (errno == EINVAL || errno == ENOSYS))
			return copy_file(connection, file, (uint64_t)position, length);
		if (sent < 0 && errno == EIO)
			return "file-unreadable";
		if (sent < 0 && !may_retry(connection))
			return send_failure();
		if (sent < 0)
			continue;
		connection->sent += (uint64_t)sent;
		length -= (uint64_t)sent;
	}
	return NULL;
}

void connection_finish(struct connection *connection, bool drain)
{
	static char nowhere[65536];
	if (!connection->in_is_socket || !connection->out_is_socket)
		return;
	if (!drain && recv(IN, nowhere, sizeof nowhere, MSG_DONTWAIT) <= 0)
		return;
	if (shutdown(OUT, SHUT_WR) != 0)
		return;
	int64_t deadline = clock_now_us() + seconds_us(DRAIN_SECONDS);
	for (size_t drained = 0; drained < DRAIN_BYTES;) {
		ssize_t received =
		    connection_receive(connection, nowhere, sizeof nowhere, deadline);
		if (received <= 0)
			return;
		drained += (size_t)received;
	}
}
