/* Copying a counter file; see hits_copy.h. Runs of zeros take no place on the disk. */
#include "hits_copy.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, NAMES_TRIED = 99 };

/* Opens a file that was not there; -1 (errno). */
static int make_file(const char *name, char copy[static PATH_MAX])
{
	char now[32] = "";
	time_t seconds = time(NULL);
	struct tm date;
	if (localtime_r(&seconds, &date) != NULL)
		(void)strftime(now, sizeof now, "%Y%m%dT%H%M%S", &date);
	for (int i = 1; i <= NAMES_TRIED; i++) {
		int length = i == 1 ? snprintf(copy, PATH_MAX, "%s.damaged-%s", name, now)
		                    : snprintf(copy, PATH_MAX, "%s.damaged-%s-%d", name, now, i);
		if (length >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		int file = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)0600);
		if (file >= 0 || errno != EEXIST)
			return file;
	}
	return -1;
}

static bool write_block(int file, const char *block, size_t length, off_t offset)
{
	static const char ZEROS[BLOCK];
	if (memcmp(block, ZEROS, length) == 0)
		return true;
	for (size_t done = 0; done < length;) {
		ssize_t put = pwrite(file, block + done, length - done, offset + (off_t)done);
		if (put < 0 && errno != EINTR)
			return false;
		done += put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* False where it failed (errno). */
static bool copy_bytes(int from, int to, off_t size)
{
	char block[BLOCK];
	for (off_t offset = 0; offset < size;) {
		ssize_t got = pread(from, block, sizeof block, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || !write_block(to, block, (size_t)got, offset))
			return false;
		if (got == 0)
			break;
		offset += got;
	}
	return ftruncate(to, size) == 0;
}

/* Whoever may not give the copy away keeps it. */
static bool finish(int to, const struct stat *status)
{
	if (fchown(to, status->st_uid, status->st_gid) != 0 && errno != EPERM)
		return false;
	return fchmod(to, status->st_mode & 0777) == 0 && fsync(to) == 0;
}

enum exit_status hits_copy(int file, const char *name, char copy[static PATH_MAX])
{
	struct stat status;
	int to = make_file(name, copy);
	if (to < 0)
		return fail("no copy can be kept beside %s: %s", name, strerror(errno));
	bool copied = fstat(file, &status) == 0 && copy_bytes(file, to, status.st_size) &&
	              finish(to, &status);
	int error = errno;
	(void)close(to);
	if (copied)
		return EXIT_DONE;
	(void)unlink(copy);
	return fail("%s cannot be copied to %s: %s", name, copy, strerror(error));
}
