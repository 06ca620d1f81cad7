/* Reading the list of robots; see robots_list.h. */
#include "robots_list.h"
#include "http/robots.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { NAME_SHOWN_MAX = 80 }; /* bytes */

/* Reads up to `size` bytes. Returns their number, or -1 with errno set. */
static ssize_t read_all(int file, char *bytes, size_t size)
{
	size_t length = 0;
	while (length < size) {
		ssize_t got = read(file, bytes + length, size - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

bool robots_list_read(const char *file_name, struct view *list)
{
	static char bytes[ROBOTS_LIST_MAX + 1];
	*list = VIEW("");
	int file;
	do
		/* Not open(): musl's sets close-on-exec with a second system call. */
		file = openat(AT_FDCWD, file_name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (file < 0 && errno == EINTR);
	if (file < 0)
		return false;
	ssize_t length = read_all(file, bytes, sizeof bytes);
	int error = errno;
	(void)close(file);
	errno = length < 0 ? error : 0;
	if (length < 0 || length > ROBOTS_LIST_MAX)
		return false;
	*list = (struct view){bytes, (size_t)length};
	return true;
}

void robots_list_add_error(struct buffer *error, const char *file_name, bool is_read,
                           struct view list)
{
	const char *cause = errno != 0 ? strerror(errno) : "larger than 16 KiB";
	size_t line = is_read ? robots_list_check(list) : 0;
	if (is_read && line == 0)
		return;
	buffer_add(error, is_read ? VIEW("line ") : VIEW("cannot use the list of robots "));
	if (is_read) {
		buffer_add_number(error, line);
		buffer_add(error, VIEW(" of the list of robots "));
	}
	buffer_add_escaped_max(error, view_of(file_name), NAME_SHOWN_MAX);
	buffer_add(error, VIEW(": "));
	buffer_add_string(error, is_read ? "no text after !, or after line 1000" : cause);
}
