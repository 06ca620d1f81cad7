/*
 * Mending a counter file: counter_repair of edit.h. It is done in place, as handlers hold the file
 * open, and by writing nothing but zeros over damage, links that lead forward, and at last the
 * header: who is killed in between leaves every good record where it was, with its count, in a file
 * that is as valid as before or more so.
 */
#include "repair.h"
#include "chain.h"
#include "edit.h"
#include "file.h"
#include "scan.h"
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Records that are linked in a bucket that has too many: half of its room is left for new ones. */
enum { KEPT_MAX = COUNTER_CHAIN_MAX / 2 };

static struct bucket {
	uint64_t head;   /* offset of the first record that was linked; 0: none yet */
	uint64_t link;   /* offset of the link of the last one */
	uint64_t target; /* what that link says */
	uint8_t records; /* good ones, counted up to COUNTER_CHAIN_MAX */
	uint8_t room;    /* further records that may be linked */
} buckets[COUNTER_BUCKETS];

/* Without the lock: what is added meanwhile does not matter. */
static void count_records(int file, uint64_t end)
{
	unsigned char page[COUNTER_PAGE];
	uint64_t offset = counter_skip_hole(file, COUNTER_RECORDS, end);
	memset(buckets, 0, sizeof buckets);
	for (; offset < end; offset = counter_skip_hole(file, offset + COUNTER_PAGE, end)) {
		ssize_t length = counter_read(file, page, sizeof page, offset);
		struct counter_scan scan = {.page = page,
		                            .length = length > 0 ? (size_t)length : 0};
		while (counter_scan(&scan)) {
			if (!scan.is_record)
				continue;
			uint8_t *records =
			    &buckets[counter_bucket_number(scan.record.hash)].records;
			if (*records < COUNTER_CHAIN_MAX)
				++*records;
		}
	}
}

/*
 * Decides how many records each bucket may link. One that has too many but whose chain is short
 * was cut before: its chain is left as it is, with the records that were added since.
 */
static void plan(int file)
{
	for (uint64_t number = 0; number < COUNTER_BUCKETS; number++) {
		struct bucket *bucket = &buckets[number];
		uint64_t head = COUNTER_TABLE + number * 8;
		if (bucket->records < COUNTER_CHAIN_MAX)
			bucket->room = COUNTER_CHAIN_MAX - 1;
		else if (counter_chain_end(file, head) != COUNTER_STEP_END)
			bucket->room = KEPT_MAX;
		else
			bucket->room = 0;
	}
}

static const char *set_link(int file, const struct bucket *bucket, uint64_t target)
{
	unsigned char bytes[8];
	if (bucket->target == target)
		return NULL;
	counter_store64(bytes, target);
	return counter_write(file, bytes, sizeof bytes, bucket->link);
}

/* A record that stays unlinked keeps its link, unless that is damaged. */
static const char *clear_damaged_link(int file, const struct counter_record *record, uint64_t place)
{
	static const unsigned char ZERO[8];
	if (!counter_link_is_damaged(record->next, place))
		return NULL;
	return counter_write(file, ZERO, sizeof ZERO, place + COUNTER_RECORD_NEXT);
}

/* Lets the last link of its bucket lead to a record. */
static const char *link_record(int file, const struct counter_record *record, uint64_t place)
{
	struct bucket *bucket = &buckets[counter_bucket_number(record->hash)];
	const char *loss = NULL;
	if (bucket->room == 0)
		return clear_damaged_link(file, record, place);
	bucket->room--;
	if (bucket->head == 0)
		bucket->head = place;
	else
		loss = set_link(file, bucket, place);
	bucket->link = place + COUNTER_RECORD_NEXT;
	bucket->target = record->next;
	return loss;
}

static const char *clear(int file, uint64_t offset, size_t length)
{
	static const unsigned char ZEROS[COUNTER_PAGE];
	return counter_write(file, ZEROS, length, offset);
}

/* Clears what is damaged in a page, and links its records; the header's page has none. */
static const char *mend_page(int file, uint64_t offset)
{
	unsigned char page[COUNTER_PAGE];
	const char *loss = NULL;
	ssize_t length = counter_read(file, page, sizeof page, offset);
	if (length < 0)
		return "hits-damaged";
	struct counter_scan scan = {
	    .page = page, .length = (size_t)length, .next = offset == 0 ? COUNTER_HEADER_SIZE : 0};
	while (loss == NULL && counter_scan(&scan)) {
		if (scan.is_record && offset >= COUNTER_RECORDS)
			loss = link_record(file, &scan.record, offset + scan.pos);
		else if (scan.damage > 0)
			loss = clear(file, offset + scan.pos, scan.damage);
	}
	return loss;
}

static const char *end_chains(int file)
{
	const char *loss = NULL;
	for (uint64_t number = 0; number < COUNTER_BUCKETS && loss == NULL; number++)
		if (buckets[number].head != 0)
			loss = set_link(file, &buckets[number], 0);
	return loss;
}

/* Lets a page of bucket heads lead to the first records; those of chains that are left as they are
 * stay. */
static const char *mend_heads(int file, uint64_t offset)
{
	unsigned char page[COUNTER_PAGE], mended[COUNTER_PAGE];
	if (counter_read(file, page, sizeof page, offset) != sizeof page)
		return "hits-damaged";
	memcpy(mended, page, sizeof mended);
	for (size_t pos = 0; pos < sizeof mended; pos += 8) {
		const struct bucket *bucket = &buckets[(offset + pos - COUNTER_TABLE) / 8];
		if (bucket->head != 0 || bucket->records < COUNTER_CHAIN_MAX)
			counter_store64(mended + pos, bucket->head);
	}
	if (memcmp(mended, page, sizeof page) == 0)
		return NULL;
	return counter_write(file, mended, sizeof mended, offset);
}

static const char *mend_header(int file)
{
	unsigned char header[COUNTER_HEADER_SIZE];
	if (counter_read(file, header, sizeof header, 0) != sizeof header)
		return "hits-damaged";
	if (memcmp(header, COUNTER_HEADER, COUNTER_HEADER_SIZE) == 0)
		return NULL;
	return counter_write(file, COUNTER_HEADER, COUNTER_HEADER_SIZE, 0);
}

/* Under the lock, in a file that has `end` bytes. */
static const char *mend(int file, uint64_t end)
{
	const char *loss = end < COUNTER_RECORDS ? counter_resize(file, COUNTER_RECORDS) : NULL;
	if (loss == NULL)
		loss = mend_page(file, 0);
	plan(file);
	uint64_t offset = counter_skip_hole(file, COUNTER_RECORDS, end);
	for (; offset < end && loss == NULL;
	     offset = counter_skip_hole(file, offset + COUNTER_PAGE, end))
		loss = mend_page(file, offset);
	if (loss == NULL)
		loss = end_chains(file);
	for (offset = COUNTER_TABLE; offset < COUNTER_RECORDS && loss == NULL;
	     offset += COUNTER_PAGE)
		loss = mend_heads(file, offset);
	return loss != NULL ? loss : mend_header(file);
}

static const char *mend_what_is_ours(int file)
{
	struct stat status;
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return "hits-not-a-file";
	switch (counter_state_of(file)) {
	case COUNTER_NEW:
		return NULL;
	case COUNTER_UNREADABLE:
		return "hits-damaged";
	case COUNTER_FOREIGN:
		if (!counter_is_repairable(file))
			return "hits-foreign";
		break;
	case COUNTER_READY:
		break;
	}
	return mend(file, (uint64_t)status.st_size);
}

const char *counter_repair(int file)
{
	struct stat status;
	count_records(file, fstat(file, &status) == 0 ? (uint64_t)status.st_size : 0);
	const char *loss = counter_lock(file, LOCK_EX, COUNTER_WAIT_MS);
	if (loss != NULL)
		return loss;
	loss = mend_what_is_ours(file);
	counter_unlock(file);
	return loss;
}
