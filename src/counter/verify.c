/*
 * Looking for damage: counter_verify of edit.h. Each page is judged by itself: links that lead to
 * nothing are what a power failure leaves, and a count has nothing that vouches for it.
 */
#include "chain.h"
#include "edit.h"
#include "file.h"
#include "repair.h"
#include "scan.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum {
	MAGIC_SIZE = 16,   /* of the header, before the version */
	PAGES_TRIED = 256, /* for a record, where the header is not ours */
};

struct reading {
	int file;
	void (*found)(void *context, const struct counter_finding *finding);
	void *context;
	struct counter_survey *survey;
};

/* How many good records belong to each bucket, linked or not; no more than COUNTER_CHAIN_MAX. */
static uint8_t bucket_records[COUNTER_BUCKETS];

static void tell(struct reading *reading, enum counter_fault fault, uint64_t offset,
                 uint64_t length, const struct counter_record *record)
{
	struct counter_finding finding = {fault, offset, length, NULL, 0};
	if (record != NULL) {
		finding.path = record->path;
		finding.path_length = record->path_length;
	}
	reading->survey->faults++;
	reading->found(reading->context, &finding);
}

bool counter_is_repairable(int file)
{
	unsigned char page[COUNTER_PAGE];
	if (counter_read(file, page, MAGIC_SIZE, 0) != MAGIC_SIZE ||
	    memcmp(page, COUNTER_HEADER, MAGIC_SIZE) == 0)
		return false;
	for (uint64_t i = 0; i < PAGES_TRIED; i++) {
		ssize_t length =
		    counter_read(file, page, sizeof page, COUNTER_RECORDS + i * COUNTER_PAGE);
		struct counter_scan scan = {.page = page,
		                            .length = length > 0 ? (size_t)length : 0};
		while (counter_scan(&scan))
			if (scan.is_record)
				return true;
		if (length <= 0)
			return false;
	}
	return false;
}

static void judge_header(struct reading *reading, const unsigned char *page, size_t length)
{
	struct counter_scan scan = {.page = page, .length = length, .next = COUNTER_HEADER_SIZE};
	if (memcmp(page, COUNTER_HEADER, COUNTER_HEADER_SIZE) != 0)
		tell(reading, COUNTER_FAULT_HEADER, 0, COUNTER_HEADER_SIZE, NULL);
	while (counter_scan(&scan))
		if (scan.damage > 0)
			tell(reading, COUNTER_FAULT_BYTES, scan.pos, scan.damage, NULL);
}

static void judge_table(struct reading *reading, const unsigned char *page, size_t length,
                        uint64_t offset)
{
	for (size_t at = 0; at + 8 <= length; at += 8) {
		uint64_t head = counter_load64(page + at);
		if (counter_link_is_damaged(head, 0))
			tell(reading, COUNTER_FAULT_LINK, offset + at, 8, NULL);
	}
}

static void judge_record(struct reading *reading, const struct counter_record *record,
                         uint64_t place)
{
	reading->survey->records++;
	uint8_t *records = &bucket_records[counter_bucket_number(record->hash)];
	if (*records < COUNTER_CHAIN_MAX)
		++*records;
	if (counter_link_is_damaged(record->next, place))
		tell(reading, COUNTER_FAULT_LINK, place + COUNTER_RECORD_NEXT, 8, record);
	if (record->count == UINT64_MAX)
		tell(reading, COUNTER_FAULT_COUNT, place + COUNTER_RECORD_COUNT, 8, record);
}

static void judge_records(struct reading *reading, const unsigned char *page, size_t length,
                          uint64_t offset)
{
	struct counter_scan scan = {.page = page, .length = length};
	while (counter_scan(&scan)) {
		if (scan.is_record)
			judge_record(reading, &scan.record, offset + scan.pos);
		else if (scan.damage > 0)
			tell(reading, COUNTER_FAULT_BYTES, offset + scan.pos, scan.damage, NULL);
	}
}

static const char *judge_pages(struct reading *reading, uint64_t end)
{
	unsigned char page[COUNTER_PAGE];
	uint64_t offset = 0;
	for (; offset < end;
	     offset = counter_skip_hole(reading->file, offset + COUNTER_PAGE, end)) {
		const char *reason;
		ssize_t length = counter_read_page(reading->file, page, offset, &reason);
		if (reason != NULL)
			return reason;
		if (length < 0)
			tell(reading, COUNTER_FAULT_UNREADABLE, offset, COUNTER_PAGE, NULL);
		else if (offset == 0)
			judge_header(reading, page, (size_t)length);
		else if (offset < COUNTER_RECORDS)
			judge_table(reading, page, (size_t)length, offset);
		else
			judge_records(reading, page, (size_t)length, offset);
	}
	return NULL;
}

/* Follows only the chains of buckets that have enough records: no record is read here twice. */
static void judge_chains(struct reading *reading)
{
	for (uint64_t number = 0; number < COUNTER_BUCKETS; number++) {
		uint64_t head = COUNTER_TABLE + number * 8;
		if (bucket_records[number] == COUNTER_CHAIN_MAX &&
		    counter_chain_end(reading->file, head) == COUNTER_STEP_FULL)
			tell(reading, COUNTER_FAULT_CHAIN, head, 8, NULL);
	}
}

const char *counter_verify(int file,
                           void (*found)(void *context, const struct counter_finding *finding),
                           void *context, struct counter_survey *survey)
{
	struct reading reading = {file, found, context, survey};
	struct stat status;
	*survey = (struct counter_survey){0, 0};
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return "hits-not-a-file";
	uint64_t end = (uint64_t)status.st_size;
	enum counter_state state = counter_state_of(file);
	if (state == COUNTER_NEW)
		return NULL;
	if (state == COUNTER_FOREIGN && !counter_is_repairable(file))
		return "hits-foreign";
	memset(bucket_records, 0, sizeof bucket_records);
	const char *reason = judge_pages(&reading, end);
	if (reason != NULL)
		return reason;
	judge_chains(&reading);
	if (end < COUNTER_RECORDS)
		tell(&reading, COUNTER_FAULT_SHORT, end, COUNTER_RECORDS - end, NULL);
	return NULL;
}
