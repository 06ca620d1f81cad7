/*
 * Setting counts to zero, and taking back; see reset.h. The records of a page are selected without the lock, and then
 * set to 0 one by one under it. Hits that are counted in between are dropped, too, and
 * included in the sum.
 */
#include "reset.h"
#include "chain.h"
#include "file.h"
#include "lock.h"
#include "pages.h"
#include "scan.h"
#include "state.h"
#include <sys/file.h>

enum { RECORDS_MAX = COUNTER_PAGE / COUNTER_RECORD_PATH };

struct reset {
	bool (*drops)(void *context, const char *path, size_t path_length);
	void *context;
	struct counter_dropped *dropped;
};

/* Sets the places in a page of the records to drop. Returns their number. */
static size_t select_records(const struct reset *reset, const unsigned char *page, size_t length,
                             size_t places[static RECORDS_MAX])
{
	struct counter_scan scan = {.page = page, .length = length};
	size_t count = 0;
	while (counter_scan_next(&scan))
		if (scan.is_record && scan.record.count > 0 &&
		    reset->drops(reset->context, scan.record.path, scan.record.path_length))
			places[count++] = scan.pos;
	return count;
}

/* Under the lock. */
static const char *drop(const struct reset *reset, int file, uint64_t record)
{
	static const unsigned char ZERO[8];
	unsigned char count[8];
	if (counter_read(file, count, sizeof count, record + COUNTER_RECORD_COUNT) != sizeof count)
		return "hits-damaged";
	const char *error = counter_write(file, ZERO, sizeof ZERO, record + COUNTER_RECORD_COUNT);
	if (error != NULL)
		return error;
	reset->dropped->records++;
	reset->dropped->hits += counter_load64(count);
	return NULL;
}

static const char *reset_page(const struct reset *reset, const struct counter_pages *pages)
{
	unsigned char page[COUNTER_PAGE];
	size_t places[RECORDS_MAX];
	const char *error;
	ssize_t length = counter_pages_read(pages, page, &error);
	if (length < 0)
		return error != NULL ? error : "hits-damaged";
	size_t count = select_records(reset, page, (size_t)length, places);
	if (count == 0)
		return NULL;
	error = counter_lock(pages->file, LOCK_EX, COUNTER_LOCK_WAIT_MS);
	if (error != NULL)
		return error;
	for (size_t i = 0; i < count && error == NULL; i++)
		error = drop(reset, pages->file, pages->offset + places[i]);
	counter_unlock(pages->file);
	return error;
}

const char *counter_reset(int file,
                          bool (*drops)(void *context, const char *path, size_t path_length),
                          void *context, struct counter_dropped *dropped)
{
	struct reset reset = {drops, context, dropped};
	struct counter_pages pages = {.file = file, .next = COUNTER_RECORDS};
	*dropped = (struct counter_dropped){0, 0};
	const char *error = counter_records_end(file, &pages.end);
	while (error == NULL && counter_pages_next(&pages))
		error = reset_page(&reset, &pages);
	return error;
}

/* Under the lock. */
static const char *subtract(int file, const char *path, size_t path_length, uint64_t amount)
{
	unsigned char bytes[8];
	struct counter_chain chain;
	if (counter_state(file) != COUNTER_STATE_READY ||
	    counter_chain_find(&chain, file, path, path_length) != COUNTER_STEP_RECORD ||
	    chain.record.count < amount)
		return "hits-damaged";
	counter_store64(bytes, chain.record.count - amount);
	return counter_write(file, bytes, sizeof bytes, chain.pos + COUNTER_RECORD_COUNT);
}

const char *counter_subtract(int file, const char *path, size_t path_length, uint64_t amount)
{
	const char *error = counter_lock(file, LOCK_EX, COUNTER_LOCK_WAIT_MS);
	if (error != NULL)
		return error;
	error = subtract(file, path, path_length, amount);
	counter_unlock(file);
	return error;
}
