/*
 * Setting counts to nought: counter_reset of edit.h. A page is read, its records are chosen without
 * the lock, and then set to 0 one by one under it: what is counted in between is dropped with the
 * rest, and told.
 */
#include "edit.h"
#include "file.h"
#include "scan.h"
#include <sys/file.h>

enum { RECORDS_MAX = COUNTER_PAGE / COUNTER_RECORD_PATH };

struct reset {
	int file;
	bool (*drops)(void *context, const char *path, size_t path_length);
	void *context;
	struct counter_dropped *dropped;
};

/* The places in a page of the records that are to be dropped; returns how many there are. */
static size_t choose(const struct reset *reset, const unsigned char *page, size_t length,
                     size_t chosen[static RECORDS_MAX])
{
	struct counter_scan scan = {.page = page, .length = length};
	size_t count = 0;
	while (counter_scan(&scan))
		if (scan.is_record && scan.record.count > 0 &&
		    reset->drops(reset->context, scan.record.path, scan.record.path_length))
			chosen[count++] = scan.pos;
	return count;
}

/* Under the lock. */
static const char *drop(const struct reset *reset, uint64_t record)
{
	static const unsigned char ZERO[8];
	unsigned char count[8];
	if (counter_read(reset->file, count, sizeof count, record + COUNTER_RECORD_COUNT) !=
	    sizeof count)
		return "hits-damaged";
	const char *loss =
	    counter_write(reset->file, ZERO, sizeof ZERO, record + COUNTER_RECORD_COUNT);
	if (loss != NULL)
		return loss;
	reset->dropped->records++;
	reset->dropped->hits += counter_load64(count);
	return NULL;
}

static const char *reset_page(const struct reset *reset, uint64_t offset)
{
	unsigned char page[COUNTER_PAGE];
	size_t chosen[RECORDS_MAX];
	const char *loss;
	ssize_t length = counter_read_page(reset->file, page, offset, &loss);
	if (length < 0)
		return loss != NULL ? loss : "hits-damaged";
	size_t count = choose(reset, page, (size_t)length, chosen);
	if (count == 0)
		return NULL;
	loss = counter_lock(reset->file, LOCK_EX, COUNTER_WAIT_MS);
	if (loss != NULL)
		return loss;
	for (size_t i = 0; i < count && loss == NULL; i++)
		loss = drop(reset, offset + chosen[i]);
	counter_unlock(reset->file);
	return loss;
}

const char *counter_reset(int file,
                          bool (*drops)(void *context, const char *path, size_t path_length),
                          void *context, struct counter_dropped *dropped)
{
	struct reset reset = {file, drops, context, dropped};
	uint64_t end;
	*dropped = (struct counter_dropped){0, 0};
	const char *loss = counter_extent(file, &end);
	if (loss != NULL)
		return loss;
	uint64_t offset = counter_skip_hole(file, COUNTER_RECORDS, end);
	for (; offset < end && loss == NULL;
	     offset = counter_skip_hole(file, offset + COUNTER_PAGE, end))
		loss = reset_page(&reset, offset);
	return loss;
}
