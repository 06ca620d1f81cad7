/* The arithmetic of the counter file's layout; see layout.h. */
#include "layout.h"
#include "hits.h"
#include <endian.h>
#include <string.h>

enum {
	RECORD_HASH = 16,
	RECORD_LENGTH = 24,
	RECORD_RESERVED = 28,
};

_Static_assert(HITS_RECORDS % HITS_PAGE == 0, "the first record begins a page");
_Static_assert(HITS_PATH_MAX == HITS_PAGE - HITS_RECORD_PATH, "the longest record fills a page");

const unsigned char HITS_HEADER[HITS_HEADER_SIZE] = {'M',
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
                                                     [20] = HITS_TABLE_BITS};

uint64_t hits_load64(const unsigned char *bytes)
{
	uint64_t number;
	memcpy(&number, bytes, sizeof number);
	return le64toh(number);
}

void hits_store64(unsigned char *bytes, uint64_t number)
{
	number = htole64(number);
	memcpy(bytes, &number, sizeof number);
}

static uint32_t load32(const unsigned char *bytes)
{
	uint32_t number;
	memcpy(&number, bytes, sizeof number);
	return le32toh(number);
}

uint64_t hits_hash(const char *path, size_t path_length)
{
	uint64_t hash = 0xcbf29ce484222325;
	for (size_t i = 0; i < path_length; i++)
		hash = (hash ^ (unsigned char)path[i]) * 0x100000001b3;
	return hash;
}

uint64_t hits_bucket(uint64_t hash)
{
	return HITS_TABLE + hash % (1 << HITS_TABLE_BITS) * 8;
}

size_t hits_record_size(size_t path_length)
{
	return (HITS_RECORD_PATH + path_length + 7) / 8 * 8;
}

uint64_t hits_record_place(uint64_t end, size_t record_size)
{
	uint64_t place = (end + 7) / 8 * 8;
	uint64_t left_of_page = HITS_PAGE - place % HITS_PAGE;
	return record_size <= left_of_page ? place : place + left_of_page;
}

bool hits_record_read(const unsigned char *bytes, size_t length, struct hits_record *record)
{
	if (length < HITS_RECORD_PATH)
		return false;
	record->count = hits_load64(bytes + HITS_RECORD_COUNT);
	record->next = hits_load64(bytes + HITS_RECORD_NEXT);
	record->hash = hits_load64(bytes + RECORD_HASH);
	record->path = (const char *)bytes + HITS_RECORD_PATH;
	record->path_length = load32(bytes + RECORD_LENGTH);
	return record->path_length <= length - HITS_RECORD_PATH &&
	       load32(bytes + RECORD_RESERVED) == 0 &&
	       hits_hash(record->path, record->path_length) == record->hash;
}

void hits_record_write(unsigned char *bytes, const char *path, size_t path_length)
{
	uint32_t length = htole32((uint32_t)path_length);
	memset(bytes, 0, hits_record_size(path_length));
	hits_store64(bytes + RECORD_HASH, hits_hash(path, path_length));
	memcpy(bytes + RECORD_LENGTH, &length, sizeof length);
	memcpy(bytes + HITS_RECORD_PATH, path, path_length);
}
