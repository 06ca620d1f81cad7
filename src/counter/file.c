/*
 * Opening the counter file, locking it, reading and writing it at an offset; see hits.h and file.h.
 * What the bytes mean is left to layout.c.
 */
#include "file.h"
#include "counter.h"
#include "layout.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/time.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "offsets have 64 bits");

/*
 * Alarms within the time that a process waits for the lock. Each sends it to the end of the queue,
 * so with many alarms a crowd spends its time on waking up: 1,000 writers that wait one second
 * each, with 50 alarms, lost every third hit on 2 cores; with 4, none of 500,000.
 */
enum { LOCK_ALARMS = 4 };

static const char *open_loss(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "hits-missing-folder";
	case EACCES:
	case EPERM:
		return "hits-not-permitted";
	case EROFS:
		return "hits-read-only";
	case EISDIR:
	case ENXIO:
	case ENODEV:
		return "hits-not-a-file";
	case ENOSPC:
	case EDQUOT:
		return "hits-disk-full";
	default:
		return "hits-unavailable";
	}
}

int counter_open(const char *file_name, const char **loss)
{
	int file;
	do
		/* Not open: musl's sets close-on-exec once more behind it. */
		file = openat(AT_FDCWD, file_name,
		              O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, (mode_t)0640);
	while (file < 0 && errno == EINTR);
	*loss = file < 0 ? open_loss(errno) : NULL;
	return file;
}

static void stop_waiting(int signal)
{
	(void)signal;
}

/* An alarm each `us` microseconds, whatever was inherited, until this is called with 0. */
static void ring_each(long us)
{
	struct timeval pause = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
	struct sigaction wake = {.sa_handler = stop_waiting};
	sigset_t alarm;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigaction(SIGALRM, &wake, NULL);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){pause, pause}, NULL);
}

/*
 * Block in flock(): polling with LOCK_NB can starve. Alarms are counted, not time: while the
 * machine stood still, so did the process that holds the lock.
 */
const char *counter_lock(int file, int kind, unsigned wait_ms)
{
	int result = flock(file, kind | LOCK_NB);
	if (result == 0)
		return NULL;
	if (wait_ms == 0 || (errno != EWOULDBLOCK && errno != EINTR))
		return "hits-locked";
	ring_each((long)wait_ms * 1000 / LOCK_ALARMS);
	for (int alarms = 0; alarms < LOCK_ALARMS; alarms++) {
		result = flock(file, kind);
		if (result == 0 || errno != EINTR)
			break;
	}
	ring_each(0);
	return result == 0 ? NULL : "hits-locked";
}

void counter_unlock(int file)
{
	flock(file, LOCK_UN);
}

/*
 * One byte more than the header is read: the file grows beyond its header only when that is safe on
 * disk, so a file that ends with it is one that nobody finished making, or the power failed on.
 */
enum counter_state counter_state_of(int file)
{
	static const unsigned char ZEROS[COUNTER_HEADER_SIZE];
	unsigned char start[COUNTER_HEADER_SIZE + 1];
	ssize_t length = counter_read(file, start, sizeof start, 0);
	if (length < 0)
		return COUNTER_UNREADABLE;
	if (length == 0)
		return COUNTER_NEW;
	if (length < COUNTER_HEADER_SIZE)
		return COUNTER_FOREIGN;
	bool ours = memcmp(start, COUNTER_HEADER, COUNTER_HEADER_SIZE) == 0;
	if (length > COUNTER_HEADER_SIZE)
		return ours ? COUNTER_READY : COUNTER_FOREIGN;
	return ours || memcmp(start, ZEROS, COUNTER_HEADER_SIZE) == 0 ? COUNTER_NEW
	                                                              : COUNTER_FOREIGN;
}

ssize_t counter_read_some(int file, void *bytes, size_t length, uint64_t offset)
{
	/* No file reaches there; pread would call it an error, as if something were to be read. */
	if (offset > (uint64_t)INT64_MAX - length)
		return 0;
	for (;;) {
		ssize_t got = pread(file, bytes, length, (off_t)offset);
		if (got >= 0 || errno != EINTR)
			return got;
	}
}

ssize_t counter_read(int file, void *bytes, size_t length, uint64_t offset)
{
	size_t done = 0;
	while (done < length) {
		ssize_t got =
		    counter_read_some(file, (char *)bytes + done, length - done, offset + done);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/* The reason code of an errno that a change of the file ended with. */
static const char *write_loss(int error)
{
	bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
	return full ? "hits-disk-full" : "hits-write-failed";
}

const char *counter_write(int file, const void *bytes, size_t length, uint64_t offset)
{
	size_t done = 0;
	while (done < length) {
		ssize_t put =
		    pwrite(file, (const char *)bytes + done, length - done, (off_t)(offset + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return write_loss(put < 0 ? errno : ENOSPC);
		done += (size_t)put;
	}
	return NULL;
}

const char *counter_resize(int file, uint64_t size)
{
	while (ftruncate(file, (off_t)size) != 0)
		if (errno != EINTR)
			return write_loss(errno);
	return NULL;
}

const char *counter_sync(int file)
{
	while (fdatasync(file) != 0)
		if (errno != EINTR)
			return write_loss(errno);
	return NULL;
}
