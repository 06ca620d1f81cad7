/* Reading and writing at an offset; see file.h. */
#include "file.h"
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "offsets have 64 bits");

ssize_t counter_read_some(int file, void *bytes, size_t length, uint64_t offset)
{
	/* No file is that long; pread() would fail, as if the file could not be read. */
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

static const char *error_of_write(int error)
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
			return error_of_write(put < 0 ? errno : ENOSPC);
		done += (size_t)put;
	}
	return NULL;
}

const char *counter_resize(int file, uint64_t size)
{
	while (ftruncate(file, (off_t)size) != 0)
		if (errno != EINTR)
			return error_of_write(errno);
	return NULL;
}

const char *counter_sync(int file)
{
	while (fdatasync(file) != 0)
		if (errno != EINTR)
			return error_of_write(errno);
	return NULL;
}
