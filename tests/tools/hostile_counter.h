/*
 * Counter files as a compromised handler could leave them: shared by the unit tests and by
 * hostile_counter.c. Errors end the program.
 */
#ifndef MAYFLY_TESTS_HOSTILE_COUNTER_H
#define MAYFLY_TESTS_HOSTILE_COUNTER_H

#include "counter/layout.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOSTILE_PATH = 10, HOSTILE_RECORD = 48 /* bytes that the record of such a path takes */ };

/*
 * Writes a path of HOSTILE_PATH bytes for this number, in the bucket whose head is at this offset:
 * "/" and six digits, then three bytes that give the hash its low bits. A step of FNV-1a can be
 * reversed, and only the lowest 19 bits choose the bucket.
 */
static inline void hostile_path(char path[static HOSTILE_PATH + 1], unsigned number, uint64_t head)
{
	const uint64_t inverse = 0x6957b, mask = COUNTER_BUCKETS - 1; /* of the FNV prime */
	snprintf(path, HOSTILE_PATH + 1, "/%06x", number);
	uint64_t begin = counter_hash(path, 7) & mask, end = (head - COUNTER_TABLE) / 8 * inverse;
	for (uint64_t i = 0; i < 65536; i++) {
		uint64_t first = (((end ^ (i & 255)) * inverse ^ i >> 8) * inverse ^ begin) & mask;
		if (first > 255)
			continue;
		path[7] = (char)first;
		path[8] = (char)(i >> 8);
		path[9] = (char)(i & 255);
		return;
	}
	fprintf(stderr, "no path for bucket head %llu\n", (unsigned long long)head);
	abort();
}

static inline void hostile_write(int file, const void *bytes, size_t length, uint64_t offset)
{
	if (pwrite(file, bytes, length, (off_t)offset) == (ssize_t)length)
		return;
	perror("pwrite");
	abort();
}

/*
 * Appends records to a counter file of `end` bytes, each linked to the next, all in one bucket and
 * with the counts 1, 2, 3 and so on; the last links to 0. Returns the offset of the first, which no
 * link leads to yet. A page holds the same number of them, from its beginning.
 */
static inline uint64_t hostile_chain(int file, uint64_t end, uint64_t head, unsigned records)
{
	enum { PER_PAGE = COUNTER_PAGE / HOSTILE_RECORD };
	uint64_t start = (end + COUNTER_PAGE - 1) / COUNTER_PAGE * COUNTER_PAGE, offset = start;
	for (unsigned number = 0; number < records; offset += COUNTER_PAGE) {
		unsigned char page[COUNTER_PAGE] = {0};
		size_t pos = 0;
		for (; pos < PER_PAGE * HOSTILE_RECORD && number < records; pos += HOSTILE_RECORD) {
			char path[HOSTILE_PATH + 1];
			uint64_t next = offset + pos + HOSTILE_RECORD;
			if (pos + HOSTILE_RECORD == PER_PAGE * HOSTILE_RECORD)
				next = offset + COUNTER_PAGE;
			hostile_path(path, number++, head);
			counter_record_write(page + pos, path, HOSTILE_PATH);
			counter_store64(page + pos + COUNTER_RECORD_COUNT, number);
			counter_store64(page + pos + COUNTER_RECORD_NEXT,
			                number < records ? next : 0);
		}
		hostile_write(file, page, pos, offset);
	}
	return start;
}

#endif
