/*
 * Repairing a counter file; see repair.h. It is done in place, because handlers have the file open,
 * by writing zeros over damage, links that lead forward, and the header last. A process that is
 * killed in between leaves every good record in its place, with its count, in a file that is at
 * least as valid as before.
 */
#include "repair.h"
#include "chain.h"
#include "file.h"
#include "lock.h"
#include "pages.h"
#include "scan.h"
#include "state.h"
#include "verify.h"
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

/* --- Under a shared lock for each page. Records that are added between two pages do not matter. --- */

static const char *count_records(int file)
{
	unsigned char page[COUNTER_PAGE];
	struct counter_pages pages = {.file = file, .next = COUNTER_RECORDS};
	struct stat status;
	const char *error;
	memset(buckets, 0, sizeof buckets);
	if (fstat(file, &status) != 0)
		return "hits-not-a-file";
	pages.end = (uint64_t)status.st_size;
	while (counter_pages_next(&pages)) {
		ssize_t length = counter_pages_read(&pages, page, &error);
		if (length < 0)
			return error != NULL ? error : "hits-damaged";
		struct counter_scan scan = {.page = page, .length = (size_t)length};
		while (counter_scan_next(&scan)) {
			if (!scan.is_record)
				continue;
			uint8_t *records =
			    &buckets[counter_bucket_number(scan.record.hash)].records;
			if (*records < COUNTER_CHAIN_MAX)
				++*records;
		}
	}
	return NULL;
}

/* --- Under the lock. --- */

/*
 * Decides how many records each bucket may link. If one has too many but its chain is short, an
 * earlier repair has cut it: the chain is left as it is, with the records that were added since.
 */
static void plan(int file)
{
	for (uint64_t number = 0; number < COUNTER_BUCKETS; number++) {
		struct bucket *bucket = &buckets[number];
		uint64_t head = counter_head_of_number(number);
		if (bucket->records < COUNTER_CHAIN_MAX)
			bucket->room = COUNTER_CHAIN_MAX - 1;
		else if (counter_chain_end(file, head) != COUNTER_STEP_END)
			bucket->room = KEPT_MAX;
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

/* Sets the last link of its bucket to a record, if the bucket has room. */
static const char *link_record(int file, const struct counter_record *record, uint64_t place)
{
	struct bucket *bucket = &buckets[counter_bucket_number(record->hash)];
	const char *error = NULL;
	if (bucket->room == 0)
		return clear_damaged_link(file, record, place);
	bucket->room--;
	if (bucket->head == 0)
		bucket->head = place;
	else
		error = set_link(file, bucket, place);
	bucket->link = place + COUNTER_RECORD_NEXT;
	bucket->target = record->next;
	return error;
}

static const char *clear(int file, uint64_t offset, size_t length)
{
	static const unsigned char ZEROS[COUNTER_PAGE];
	return counter_write(file, ZEROS, length, offset);
}

/* Clears what is damaged in a page, and links its records; the header's page has none. */
static const char *repair_page(int file, uint64_t offset)
{
	unsigned char page[COUNTER_PAGE];
	const char *error = NULL;
	ssize_t length = counter_page_read(file, page, offset);
	if (length < 0)
		return "hits-damaged";
	struct counter_scan scan = {
	    .page = page, .length = (size_t)length, .next = offset == 0 ? COUNTER_HEADER_SIZE : 0};
	while (error == NULL && counter_scan_next(&scan)) {
		if (scan.is_record && offset >= COUNTER_RECORDS)
			error = link_record(file, &scan.record, offset + scan.pos);
		else if (scan.damage > 0)
			error = clear(file, offset + scan.pos, scan.damage);
	}
	return error;
}

static const char *end_chains(int file)
{
	const char *error = NULL;
	for (uint64_t number = 0; number < COUNTER_BUCKETS && error == NULL; number++)
		if (buckets[number].head != 0)
			error = set_link(file, &buckets[number], 0);
	return error;
}

/* Sets a page of bucket heads to the first records, but for chains that are left as they are. */
static const char *repair_heads(int file, uint64_t offset)
{
	unsigned char page[COUNTER_PAGE], repaired[COUNTER_PAGE];
	if (counter_read(file, page, sizeof page, offset) != sizeof page)
		return "hits-damaged";
	memcpy(repaired, page, sizeof repaired);
	for (size_t pos = 0; pos < sizeof repaired; pos += 8) {
		const struct bucket *bucket = &buckets[(offset + pos - COUNTER_TABLE) / 8];
		if (bucket->head != 0 || bucket->records < COUNTER_CHAIN_MAX)
			counter_store64(repaired + pos, bucket->head);
	}
	if (memcmp(repaired, page, sizeof page) == 0)
		return NULL;
	return counter_write(file, repaired, sizeof repaired, offset);
}

static const char *repair_header(int file)
{
	unsigned char header[COUNTER_HEADER_SIZE];
	if (counter_read(file, header, sizeof header, 0) != sizeof header)
		return "hits-damaged";
	if (memcmp(header, COUNTER_HEADER, COUNTER_HEADER_SIZE) == 0)
		return NULL;
	return counter_write(file, COUNTER_HEADER, COUNTER_HEADER_SIZE, 0);
}

static const char *repair(int file, uint64_t end)
{
	struct counter_pages pages = {.file = file, .next = COUNTER_RECORDS, .end = end};
	const char *error = end < COUNTER_RECORDS ? counter_resize(file, COUNTER_RECORDS) : NULL;
	if (error == NULL)
		error = repair_page(file, 0);
	plan(file);
	while (error == NULL && counter_pages_next(&pages))
		error = repair_page(file, pages.offset);
	if (error == NULL)
		error = end_chains(file);
	for (uint64_t offset = COUNTER_TABLE; offset < COUNTER_RECORDS && error == NULL;
	     offset += COUNTER_PAGE)
		error = repair_heads(file, offset);
	return error != NULL ? error : repair_header(file);
}

static const char *repair_if_ours(int file)
{
	struct stat status;
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return "hits-not-a-file";
	switch (counter_state(file)) {
	case COUNTER_STATE_NEW:
		return NULL;
	case COUNTER_STATE_UNREADABLE:
		return "hits-damaged";
	case COUNTER_STATE_FOREIGN:
		if (!counter_is_repairable(file))
			return "hits-foreign";
		break;
	case COUNTER_STATE_READY:
		break;
	}
	return repair(file, (uint64_t)status.st_size);
}

const char *counter_repair(int file)
{
	const char *error = count_records(file);
	if (error == NULL)
		error = counter_lock(file, LOCK_EX, COUNTER_LOCK_WAIT_MS);
	if (error != NULL)
		return error;
	error = repair_if_ours(file);
	counter_unlock(file);
	return error;
}
