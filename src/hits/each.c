/*
 * Reading all counts: hits_each of hits.h. It looks at every page of records rather than following
 * links, and so finds the records whose links a power failure took as well.
 */
#include "file.h"
#include "hits.h"
#include "scan.h"

struct reader {
	void (*each)(void *context, const char *path, size_t path_length, uint64_t count);
	void *context;
	uint64_t damaged;
};

static void read_page(struct reader *reader, const unsigned char *page, size_t length)
{
	struct hits_scan scan = {.page = page, .length = length};
	while (hits_scan(&scan)) {
		const struct hits_record *record = &scan.record;
		if (scan.damage > 0)
			reader->damaged++;
		else if (scan.is_record && record->count > 0)
			reader->each(reader->context, record->path, record->path_length,
			             record->count);
	}
}

static const char *read_pages(struct reader *reader, int file, uint64_t end)
{
	unsigned char page[HITS_PAGE];
	for (uint64_t offset = HITS_RECORDS; offset < end; offset += HITS_PAGE) {
		const char *reason;
		ssize_t length = hits_read_page(file, page, offset, &reason);
		if (reason != NULL)
			return reason;
		if (length >= 0)
			read_page(reader, page, (size_t)length);
		else
			reader->damaged++;
	}
	return NULL;
}

const char *hits_each(int file,
                      void (*each)(void *context, const char *path, size_t path_length,
                                   uint64_t count),
                      void *context, uint64_t *damaged)
{
	struct reader reader = {each, context, 0};
	uint64_t end;
	const char *reason = hits_extent(file, &end);
	if (reason == NULL)
		reason = read_pages(&reader, file, end);
	*damaged = reader.damaged;
	return reason;
}
