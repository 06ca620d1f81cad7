/* Reading and writing all bytes; see transfer.h. */
#include "transfer.h"
#include <errno.h>
#include <unistd.h>

ssize_t transfer_read(int file, char *data, size_t size)
{
	size_t done = 0;
	while (done < size) {
		ssize_t got = read(file, data + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

bool transfer_write(int file, const char *data, size_t length)
{
	size_t done = 0;
	while (done < length) {
		ssize_t put = write(file, data + done, length - done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put == 0)
			errno = EIO;
		if (put <= 0)
			return false;
		done += (size_t)put;
	}
	return true;
}
