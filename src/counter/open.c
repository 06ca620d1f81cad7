/* Opening the counter file; see open.h. */
#include "open.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

static const char *error_of_open(int error)
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

int counter_open(const char *file_name, const char **error)
{
	int file;
	do
		/* Not open(): musl's sets close-on-exec with a second system call. */
		file = openat(AT_FDCWD, file_name,
		              O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, (mode_t)0640);
	while (file < 0 && errno == EINTR);
	*error = file < 0 ? error_of_open(errno) : NULL;
	return file;
}
