/* Where the records of a counter file end, and whether it is one; see file.h. */
#include "file.h"
#include "hits.h"
#include "layout.h"
#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>

const char *hits_extent(int file, uint64_t *end)
{
	struct stat status;
	*end = 0;
	enum hits_state state = hits_state_of(file);
	if (state == HITS_FOREIGN)
		return "hits-foreign";
	if (state == HITS_NEW)
		return NULL;
	if (state == HITS_UNREADABLE && (errno == ESPIPE || errno == EISDIR))
		return "hits-not-a-file";
	if (state == HITS_UNREADABLE || fstat(file, &status) != 0 || status.st_size < HITS_RECORDS)
		return "hits-damaged";
	*end = (uint64_t)status.st_size;
	return NULL;
}

const char *hits_check(int file)
{
	struct stat status;
	uint64_t end;
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return "hits-not-a-file";
	return hits_extent(file, &end);
}

ssize_t hits_read_page(int file, unsigned char *page, uint64_t offset, const char **reason)
{
	*reason = hits_lock(file, LOCK_SH, HITS_WAIT_MS);
	if (*reason != NULL)
		return -1;
	ssize_t length = hits_read(file, page, HITS_PAGE, offset);
	hits_unlock(file);
	return length;
}
