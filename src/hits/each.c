/*
 * Reading all counts: hits_each of hits.h. It looks at every page of records rather than following
 * links, and so finds the records whose links a power failure took as well.
 */
#include "file.h"
#include "hits.h"
#include "layout.h"
#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>

enum {
	LOCK_WAIT_MS = 5000,
};

struct reader {
	void (*each)(void *context, const char *path, size_t path_length, uint64_t count);
	void *context;
	uint64_t damaged;
};

/*
 * What is not a record is stepped over, eight bytes at a time, until one begins. Zeros are where
 * the next did not fit, or where a power failure took what stood there; a run of anything else is
 * damage.
 */
static void read_page(struct reader *reader, const unsigned char *page, size_t length)
{
	bool in_damage = false;
	for (size_t at = 0; at + 8 <= length;) {
		struct hits_record record;
		if (hits_record_read(page + at, length - at, &record)) {
			if (record.count > 0)
				reader->each(reader->context, record.path, record.path_length,
				             record.count);
			in_damage = false;
			at += hits_record_size(record.path_length);
			continue;
		}
		if (!in_damage && hits_load64(page + at) != 0) {
			in_damage = true;
			reader->damaged++;
		}
		at += 8;
	}
}

static const char *read_pages(struct reader *reader, int file, uint64_t end)
{
	unsigned char page[HITS_PAGE];
	for (uint64_t offset = HITS_RECORDS; offset < end; offset += HITS_PAGE) {
		const char *reason = hits_lock(file, LOCK_SH, LOCK_WAIT_MS);
		if (reason != NULL)
			return reason;
		ssize_t length = hits_read(file, page, sizeof page, offset);
		hits_unlock(file);
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
	struct stat status;
	*damaged = 0;
	enum hits_state state = hits_state_of(file);
	if (state == HITS_FOREIGN)
		return "hits-foreign";
	if (state == HITS_NEW)
		return NULL;
	if (state == HITS_UNREADABLE && (errno == ESPIPE || errno == EISDIR))
		return "hits-not-a-file";
	if (state == HITS_UNREADABLE || fstat(file, &status) != 0 || status.st_size < HITS_RECORDS)
		return "hits-damaged";
	const char *reason = read_pages(&reader, file, (uint64_t)status.st_size);
	*damaged = reader.damaged;
	return reason;
}
