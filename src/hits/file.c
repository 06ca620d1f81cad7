/*
 * Opening the counter file, locking it, reading and writing it at an offset; see hits.h and file.h.
 * What the bytes mean is left to layout.c.
 */
#include "file.h"
#include "hits.h"
#include "layout.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "offsets have 64 bits");

enum {
	FIRST_PAUSE_US = 50,
	LONGEST_PAUSE_US = 2000,
};

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

int hits_open(const char *file_name, const char **loss)
{
	int file;
	do
		file = open(file_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		            (mode_t)0640);
	while (file < 0 && errno == EINTR);
	*loss = file < 0 ? open_loss(errno) : NULL;
	return file;
}

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A lock is held for microseconds, and a blocking flock could be left only by a signal. */
const char *hits_lock(int file, int kind, unsigned wait_ms)
{
	int64_t deadline = 0, pause = FIRST_PAUSE_US;
	while (flock(file, kind | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return "hits-locked";
		int64_t now = now_us();
		if (deadline == 0)
			deadline = now + (int64_t)wait_ms * 1000;
		if (now >= deadline)
			return "hits-locked";
		if (pause > deadline - now)
			pause = deadline - now;
		nanosleep(&(struct timespec){.tv_nsec = (long)pause * 1000}, NULL);
		pause = pause * 2 < LONGEST_PAUSE_US ? pause * 2 : LONGEST_PAUSE_US;
	}
	return NULL;
}

void hits_unlock(int file)
{
	flock(file, LOCK_UN);
}

/*
 * One byte more than the header is read: the file grows beyond its header only when that is safe on
 * disk, so a file that ends with it is one that nobody finished making, or the power failed on.
 */
enum hits_state hits_state_of(int file)
{
	static const unsigned char ZEROS[HITS_HEADER_SIZE];
	unsigned char start[HITS_HEADER_SIZE + 1];
	ssize_t length = hits_read(file, start, sizeof start, 0);
	if (length < 0)
		return HITS_UNREADABLE;
	if (length == 0)
		return HITS_NEW;
	if (length < HITS_HEADER_SIZE)
		return HITS_FOREIGN;
	bool ours = memcmp(start, HITS_HEADER, HITS_HEADER_SIZE) == 0;
	if (length > HITS_HEADER_SIZE)
		return ours ? HITS_READY : HITS_FOREIGN;
	return ours || memcmp(start, ZEROS, HITS_HEADER_SIZE) == 0 ? HITS_NEW : HITS_FOREIGN;
}

ssize_t hits_read_some(int file, void *bytes, size_t length, uint64_t offset)
{
	for (;;) {
		ssize_t got = pread(file, bytes, length, (off_t)offset);
		if (got >= 0 || errno != EINTR)
			return got;
	}
}

ssize_t hits_read(int file, void *bytes, size_t length, uint64_t offset)
{
	size_t done = 0;
	while (done < length) {
		ssize_t got =
		    hits_read_some(file, (char *)bytes + done, length - done, offset + done);
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

const char *hits_write(int file, const void *bytes, size_t length, uint64_t offset)
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

const char *hits_resize(int file, uint64_t size)
{
	while (ftruncate(file, (off_t)size) != 0)
		if (errno != EINTR)
			return write_loss(errno);
	return NULL;
}

const char *hits_sync(int file)
{
	while (fdatasync(file) != 0)
		if (errno != EINTR)
			return write_loss(errno);
	return NULL;
}
