/*
 * Reading all counts; see each.h. Reads all pages instead of following links, to find also records
 * whose link was lost in a power failure.
 */
#include "each.h"
#include "pages.h"
#include "scan.h"
#include "state.h"

struct reader {
	void (*each)(void *context, const char *path, size_t path_length, uint64_t count);
	void *context;
	uint64_t damaged;
};

static void read_page(struct reader *reader, const unsigned char *page, size_t length)
{
	struct counter_scan scan = {.page = page, .length = length};
	while (counter_scan_next(&scan)) {
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
	struct counter_pages pages = {.file = file, .next = COUNTER_RECORDS, .end = end};
	while (counter_pages_next(&pages)) {
		const char *error;
		ssize_t length = counter_pages_read(&pages, page, &error);
		if (error != NULL)
			return error;
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
	const char *error = counter_records_end(file, &end);
	if (error == NULL)
		error = read_pages(&reader, file, end);
	*damaged = reader.damaged;
	return error;
}
