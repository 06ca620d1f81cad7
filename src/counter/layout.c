/* The arithmetic of the counter file's layout; see layout.h. */
#include "layout.h"
#include "base/fnv.h"
#include <endian.h>
#include <string.h>

enum {
	RECORD_HASH = 16,
	RECORD_LENGTH = 24,
	RECORD_RESERVED = 28,
};

_Static_assert(COUNTER_RECORDS % COUNTER_PAGE == 0, "the first record begins a page");

const unsigned char COUNTER_HEADER[COUNTER_HEADER_SIZE] = {'M',
                                                           'a',
                                                           'y',
                                                           'f',
                                                           'l',
                                                           'y',
                                                           ' ',
                                                           'h',
                                                           'i',
                                                           't',
                                                           's',
                                                           '\n',
                                                           [16] = 1, /* version of the format */
                                                           [20] = COUNTER_TABLE_BITS};

uint64_t counter_load64(const unsigned char *bytes)
{
	uint64_t number;
	memcpy(&number, bytes, sizeof number);
	return le64toh(number);
}

void counter_store64(unsigned char *bytes, uint64_t number)
{
	number = htole64(number);
	memcpy(bytes, &number, sizeof number);
}

/*@ requires \valid_read(bytes + (0 .. 3));
    assigns \nothing; */
static uint32_t load32(const unsigned char *bytes)
{
	uint32_t number;
	memcpy(&number, bytes, sizeof number);
	return le32toh(number);
}

uint64_t counter_hash(const char *path, size_t path_length)
{
	return fnv_add(FNV_START, path, path_length);
}

uint64_t counter_bucket_number(uint64_t hash)
{
	return hash % COUNTER_BUCKETS;
}

uint64_t counter_head_of_number(uint64_t number)
{
	return COUNTER_TABLE + number * 8;
}

uint64_t counter_bucket_head(uint64_t hash)
{
	return counter_head_of_number(counter_bucket_number(hash));
}

bool counter_link_is_damaged(uint64_t link, uint64_t record)
{
	return link != 0 && (link % 8 != 0 || link < COUNTER_RECORDS || link <= record);
}

size_t counter_record_size(size_t path_length)
{
	return (COUNTER_RECORD_PATH + path_length + 7) / 8 * 8;
}

uint64_t counter_record_place(uint64_t end, size_t record_size)
{
	uint64_t place = (end + 7) / 8 * 8;
	uint64_t left_of_page = COUNTER_PAGE - place % COUNTER_PAGE;
	return record_size <= left_of_page ? place : place + left_of_page;
}

bool counter_record_read(const unsigned char *bytes, size_t length, struct counter_record *record)
{
	if (length < COUNTER_RECORD_PATH)
		return false;
	record->count = counter_load64(bytes + COUNTER_RECORD_COUNT);
	record->next = counter_load64(bytes + COUNTER_RECORD_NEXT);
	record->hash = counter_load64(bytes + RECORD_HASH);
	record->path = (const char *)bytes + COUNTER_RECORD_PATH;
	record->path_length = load32(bytes + RECORD_LENGTH);
	return record->path_length <= length - COUNTER_RECORD_PATH &&
	       load32(bytes + RECORD_RESERVED) == 0 &&
	       counter_hash(record->path, record->path_length) == record->hash;
}

void counter_record_write(unsigned char *bytes, const char *path, size_t path_length)
{
	uint32_t length = htole32((uint32_t)path_length);
	memset(bytes, 0, counter_record_size(path_length));
	counter_store64(bytes + RECORD_HASH, counter_hash(path, path_length));
	memcpy(bytes + RECORD_LENGTH, &length, sizeof length);
	memcpy(bytes + COUNTER_RECORD_PATH, path, path_length);
}
