/* Opening the counter file; see open.h. */
#include "open.h"
#include "base/buffer.h"
#include "state.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

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

static const char *check_existing(const char *file_name)
{
	const char *error;
	int file = counter_open(file_name, &error);
	if (file < 0)
		return error;
	error = counter_check(file);
	(void)close(file);
	return error;
}

const char *counter_check_name(const char *file_name)
{
	char array[PATH_MAX];
	struct buffer directory = BUFFER(array);
	if (access(file_name, F_OK) == 0)
		return check_existing(file_name);
	const char *slash = strrchr(file_name, '/');
	buffer_add(&directory, slash != NULL ? (struct view){file_name, (size_t)(slash - file_name)}
	                                     : VIEW("."));
	buffer_add(&directory, VIEW("/\0"));
	if (directory.truncated)
		return error_of_open(ENAMETOOLONG);
	return access(array, W_OK | X_OK) == 0 ? NULL : error_of_open(errno);
}
