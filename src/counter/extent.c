/* Where the records of a counter file end, and whether it is one; see file.h. */
#include "counter.h"
#include "file.h"
#include "layout.h"
#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

const char *counter_extent(int file, uint64_t *end)
{
	struct stat status;
	*end = 0;
	enum counter_state state = counter_state_of(file);
	if (state == COUNTER_FOREIGN)
		return "hits-foreign";
	if (state == COUNTER_NEW)
		return NULL;
	if (state == COUNTER_UNREADABLE && (errno == ESPIPE || errno == EISDIR))
		return "hits-not-a-file";
	if (state == COUNTER_UNREADABLE || fstat(file, &status) != 0 ||
	    status.st_size < COUNTER_RECORDS)
		return "hits-damaged";
	*end = (uint64_t)status.st_size;
	return NULL;
}

const char *counter_check(int file)
{
	struct stat status;
	uint64_t end;
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return "hits-not-a-file";
	return counter_extent(file, &end);
}

uint64_t counter_skip_hole(int file, uint64_t offset, uint64_t end)
{
	if (offset >= end)
		return end;
	off_t data = lseek(file, (off_t)offset, SEEK_DATA);
	if (data < 0)
		return errno == ENXIO ? end : offset;
	return (uint64_t)data / COUNTER_PAGE * COUNTER_PAGE;
}

ssize_t counter_read_page(int file, unsigned char *page, uint64_t offset, const char **reason)
{
	*reason = counter_lock(file, LOCK_SH, COUNTER_WAIT_MS);
	if (*reason != NULL)
		return -1;
	ssize_t length = counter_read(file, page, COUNTER_PAGE, offset);
	counter_unlock(file);
	return length;
}
