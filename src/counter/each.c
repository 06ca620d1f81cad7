/*
 * Reading all counts: counter_each of hits.h. It looks at every page of records rather than
 * following links, and so finds the records whose links a power failure took as well.
 */
#include "counter.h"
#include "file.h"
#include "scan.h"

struct reader {
	void (*each)(void *context, const char *path, size_t path_length, uint64_t count);
	void *context;
	uint64_t damaged;
};

static void read_page(struct reader *reader, const unsigned char *page, size_t length)
{
	struct counter_scan scan = {.page = page, .length = length};
	while (counter_scan(&scan)) {
		const struct counter_record *record = &scan.record;
		if (scan.damage > 0)
			reader->damaged++;
		else if (scan.is_record && record->count > 0)
			reader->each(reader->context, record->path, record->path_length,
			             record->count);
	}
}

static const char *read_pages(struct reader *reader, int file, uint64_t end)
{
	unsigned char page[COUNTER_PAGE];
	uint64_t offset = counter_skip_hole(file, COUNTER_RECORDS, end);
	for (; offset < end; offset = counter_skip_hole(file, offset + COUNTER_PAGE, end)) {
		const char *reason;
		ssize_t length = counter_read_page(file, page, offset, &reason);
		if (reason != NULL)
			return reason;
		if (length >= 0)
			read_page(reader, page, (size_t)length);
		else
			reader->damaged++;
	}
	return NULL;
}

const char *counter_each(int file,
                         void (*each)(void *context, const char *path, size_t path_length,
                                      uint64_t count),
                         void *context, uint64_t *damaged)
{
	struct reader reader = {each, context, 0};
	uint64_t end;
	const char *reason = counter_extent(file, &end);
	if (reason == NULL)
		reason = read_pages(&reader, file, end);
	*damaged = reader.damaged;
	return reason;
}
