/* Going through the pages of a counter file; see pages.h. */
#include "pages.h"
#include "file.h"
#include "lock.h"
#include <errno.h>
#include <sys/file.h>
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

ssize_t counter_pages_read(const struct counter_pages *pages, unsigned char *page,
                           const char **error)
{
	*error = counter_lock(pages->file, LOCK_SH, COUNTER_LOCK_WAIT_MS);
	if (*error != NULL)
		return -1;
	ssize_t length = counter_read(pages->file, page, COUNTER_PAGE, pages->offset);
	counter_unlock(pages->file);
	return length;
}
