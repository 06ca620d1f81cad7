/*
 * Finding damage; see verify.h. Checks one page after another: a link without a record is no damage
 * but the trace of a power failure, and a count has no checksum. Follows links only to find chains
 * that are too long.
 */
#include "verify.h"
#include "chain.h"
#include "file.h"
#include "pages.h"
#include "scan.h"
#include "state.h"
#include <string.h>
#include <sys/stat.h>

enum {
	MAGIC_SIZE = 16, /* bytes of the header before the version */
	TRIED_MAX = 256, /* pages that are searched for a record if the header is another */
};

struct verify {
	int file;
	void (*report)(void *context, const struct counter_fault *fault);
	void *context;
	struct counter_verify_result *result;
};

/* Good records of each bucket, linked or not; counted up to COUNTER_CHAIN_MAX. */
static uint8_t bucket_records[COUNTER_BUCKETS];

static void report(struct verify *verify, enum counter_fault_kind kind, uint64_t offset,
                   uint64_t length, const struct counter_record *record)
{
	struct counter_fault fault = {.kind = kind, .offset = offset, .length = length};
	if (record != NULL) {
		fault.path = record->path;
		fault.path_length = record->path_length;
	}
	verify->result->faults++;
	verify->report(verify->context, &fault);
}

bool counter_is_repairable(int file)
{
	unsigned char page[COUNTER_PAGE];
	if (counter_read(file, page, MAGIC_SIZE, 0) != MAGIC_SIZE ||
	    memcmp(page, COUNTER_HEADER, MAGIC_SIZE) == 0)
		return false;
	for (uint64_t i = 0; i < TRIED_MAX; i++) {
		ssize_t length =
		    counter_read(file, page, sizeof page, COUNTER_RECORDS + i * COUNTER_PAGE);
		struct counter_scan scan = {.page = page,
		                            .length = length > 0 ? (size_t)length : 0};
		while (counter_scan_next(&scan))
			if (scan.is_record)
				return true;
		if (length <= 0)
			return false;
	}
	return false;
}

static void verify_header(struct verify *verify, const unsigned char *page, size_t length)
{
	struct counter_scan scan = {.page = page, .length = length, .next = COUNTER_HEADER_SIZE};
	if (memcmp(page, COUNTER_HEADER, COUNTER_HEADER_SIZE) != 0)
		report(verify, COUNTER_FAULT_HEADER, 0, COUNTER_HEADER_SIZE, NULL);
	while (counter_scan_next(&scan))
		if (scan.damage > 0)
			report(verify, COUNTER_FAULT_BYTES, scan.pos, scan.damage, NULL);
}

static void verify_heads(struct verify *verify, const unsigned char *page, size_t length,
                         uint64_t offset)
{
	for (size_t pos = 0; pos + 8 <= length; pos += 8)
		if (counter_link_is_damaged(counter_load64(page + pos), 0))
			report(verify, COUNTER_FAULT_LINK, offset + pos, 8, NULL);
}

static void verify_record(struct verify *verify, const struct counter_record *record,
                          uint64_t place)
{
	uint8_t *records = &bucket_records[counter_bucket_number(record->hash)];
	verify->result->records++;
	if (*records < COUNTER_CHAIN_MAX)
		++*records;
	if (counter_link_is_damaged(record->next, place))
		report(verify, COUNTER_FAULT_LINK, place + COUNTER_RECORD_NEXT, 8, record);
	if (record->count == UINT64_MAX)
		report(verify, COUNTER_FAULT_COUNT, place + COUNTER_RECORD_COUNT, 8, record);
}

static void verify_records(struct verify *verify, const unsigned char *page, size_t length,
                           uint64_t offset)
{
	struct counter_scan scan = {.page = page, .length = length};
	while (counter_scan_next(&scan)) {
		if (scan.is_record)
			verify_record(verify, &scan.record, offset + scan.pos);
		else if (scan.damage > 0)
			report(verify, COUNTER_FAULT_BYTES, offset + scan.pos, scan.damage, NULL);
	}
}

static const char *verify_page(struct verify *verify, const struct counter_pages *pages)
{
	unsigned char page[COUNTER_PAGE];
	const char *error;
	ssize_t length = counter_pages_read(pages, page, &error);
	if (error != NULL)
		return error;
	if (length < (pages->offset == 0 ? COUNTER_HEADER_SIZE : 0))
		report(verify, COUNTER_FAULT_UNREADABLE, pages->offset, COUNTER_PAGE, NULL);
	else if (pages->offset == 0)
		verify_header(verify, page, (size_t)length);
	else if (pages->offset < COUNTER_RECORDS)
		verify_heads(verify, page, (size_t)length, pages->offset);
	else
		verify_records(verify, page, (size_t)length, pages->offset);
	return NULL;
}

/* The header's page also if it is a hole. */
static const char *verify_pages(struct verify *verify, uint64_t end)
{
	struct counter_pages pages = {.file = verify->file, .next = COUNTER_TABLE, .end = end};
	const char *error = verify_page(verify, &pages);
	while (error == NULL && counter_pages_next(&pages))
		error = verify_page(verify, &pages);
	return error;
}

/* Follows only the chains of buckets that have enough records: no record is read here twice. */
static void verify_chains(struct verify *verify)
{
	for (uint64_t number = 0; number < COUNTER_BUCKETS; number++) {
		uint64_t head = counter_head_of_number(number);
		if (bucket_records[number] == COUNTER_CHAIN_MAX &&
		    counter_chain_end(verify->file, head) == COUNTER_STEP_FULL)
			report(verify, COUNTER_FAULT_CHAIN, head, 8, NULL);
	}
}

const char *counter_verify(int file,
                           void (*report_fault)(void *context, const struct counter_fault *fault),
                           void *context, struct counter_verify_result *result)
{
	struct verify verify = {file, report_fault, context, result};
	struct stat status;
	*result = (struct counter_verify_result){0, 0};
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return "hits-not-a-file";
	uint64_t end = (uint64_t)status.st_size;
	enum counter_state state = counter_state(file);
	if (state == COUNTER_STATE_NEW)
		return NULL;
	if (state == COUNTER_STATE_FOREIGN && !counter_is_repairable(file))
		return "hits-foreign";
	memset(bucket_records, 0, sizeof bucket_records);
	const char *error = verify_pages(&verify, end);
	if (error != NULL)
		return error;
	verify_chains(&verify);
	if (end < COUNTER_RECORDS)
		report(&verify, COUNTER_FAULT_SHORT, end, COUNTER_RECORDS - end, NULL);
	return NULL;
}
