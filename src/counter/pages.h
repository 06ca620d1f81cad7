/* The pages of a counter file, without its holes. Internal to src/counter. */
#ifndef MAYFLY_COUNTER_PAGES_H
#define MAYFLY_COUNTER_PAGES_H

#include "layout.h"
#include <sys/types.h>

struct counter_pages {
	int file;
	uint64_t next;   /* where to look for the next page: at first, the offset to begin at */
	uint64_t end;    /* where to end; offsets in bytes */
	uint64_t offset; /* of the page that was found */
};

/*
 * Finds the next page that is not in a hole of the file. Returns false if there is none. A file
 * system without SEEK_DATA has no holes.
 */
bool counter_pages_next(struct counter_pages *pages);

/*
 * Reads the page at an offset. Returns the number of bytes, which are fewer than COUNTER_PAGE only at the
 * end of the file; -1 if they cannot be read.
 */
ssize_t counter_page_read(int file, unsigned char *page, uint64_t offset);

/*
 * Reads that page under LOCK_SH, so that no count is half written. Returns the number of bytes; -1
 * with *error NULL if they cannot be read, -1 with *error "hits-locked" after COUNTER_LOCK_WAIT_MS.
 */
ssize_t counter_pages_read(const struct counter_pages *pages, unsigned char *page,
                           const char **error);

#endif
