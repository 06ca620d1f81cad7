/* Going through the pages of a counter file; see pages.h. */
#include "pages.h"
#include "file.h"
#include "lock.h"
#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool counter_pages_next(struct counter_pages *pages)
{
	if (pages->next >= pages->end)
		return false;
	off_t data = lseek(pages->file, (off_t)pages->next, SEEK_DATA);
	if (data < 0 && errno == ENXIO)
		return false;
	pages->offset = data < 0 ? pages->next : (uint64_t)data / COUNTER_PAGE * COUNTER_PAGE;
	pages->next = pages->offset + COUNTER_PAGE;
	return pages->offset < pages->end;
}

/* A network file system can read nothing where the file has bytes: no record may seem to be missing. */
ssize_t counter_page_read(int file, unsigned char *page, uint64_t offset)
{
	struct stat status;
	ssize_t length = counter_read(file, page, COUNTER_PAGE, offset);
	if (length < 0 || length == COUNTER_PAGE)
		return length;
	bool is_end =
	    fstat(file, &status) == 0 && (uint64_t)status.st_size <= offset + (uint64_t)length;
	return is_end ? length : -1;
}

ssize_t counter_pages_read(const struct counter_pages *pages, unsigned char *page,
                           const char **error)
{
	*error = counter_lock(pages->file, LOCK_SH, COUNTER_LOCK_WAIT_MS);
	if (*error != NULL)
		return -1;
	ssize_t length = counter_page_read(pages->file, page, pages->offset);
	counter_unlock(pages->file);
	return length;
}
