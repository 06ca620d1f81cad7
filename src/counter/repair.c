/*
 * Mending a counter file: counter_repair of edit.h. It is done in place, as handlers hold the file
 * open, and by writing nothing but zeros over damage, links that lead forward, and at last the
 * header: who is killed in between leaves every good record where it was, with its count, in a file
 * that is as valid as before or more so.
 */
#include "repair.h"
#include "edit.h"
#include "file.h"
#include "scan.h"
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { BUCKETS = 1 << COUNTER_TABLE_BITS };

/* Of each bucket, the link behind the last record so far: where it stands, and what it says. */
static uint64_t link_places[BUCKETS], link_targets[BUCKETS];

static const char *set_link(int file, uint64_t bucket, uint64_t target)
{
	unsigned char bytes[8];
	if (link_targets[bucket] == target)
		return NULL;
	counter_store64(bytes, target);
	return counter_write(file, bytes, sizeof bytes, link_places[bucket]);
}

/* Lets the last link of its bucket lead to a record. */
static const char *link_record(int file, const struct counter_record *record, uint64_t place)
{
	uint64_t bucket = (counter_bucket(record->hash) - COUNTER_TABLE) / 8;
	const char *loss = set_link(file, bucket, place);
	link_places[bucket] = place + COUNTER_RECORD_NEXT;
	link_targets[bucket] = record->next;
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

static const char *read_table(int file)
{
	unsigned char page[COUNTER_PAGE];
	for (uint64_t bucket = 0; bucket < BUCKETS; bucket++) {
		uint64_t place = COUNTER_TABLE + bucket * 8;
		if (place % COUNTER_PAGE == 0 &&
		    counter_read(file, page, sizeof page, place) != sizeof page)
			return "hits-damaged";
		link_places[bucket] = place;
		link_targets[bucket] = counter_load64(page + place % COUNTER_PAGE);
	}
	return NULL;
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
		loss = read_table(file);
	if (loss == NULL)
		loss = mend_page(file, 0);
	for (uint64_t offset = COUNTER_RECORDS; offset < end && loss == NULL;
	     offset += COUNTER_PAGE)
		loss = mend_page(file, offset);
	for (uint64_t bucket = 0; bucket < BUCKETS && loss == NULL; bucket++)
		loss = set_link(file, bucket, 0);
	if (loss == NULL)
		loss = mend_header(file);
	return loss;
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
	const char *loss = counter_lock(file, LOCK_EX, COUNTER_WAIT_MS);
	if (loss != NULL)
		return loss;
	loss = mend_what_is_ours(file);
	counter_unlock(file);
	return loss;
}
