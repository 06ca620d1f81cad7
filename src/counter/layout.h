/*
 * The layout of a counter file, as mayfly-hits(5) describes it: where its parts are, what a record
 * looks like, and which numbers are valid. Pure arithmetic over bytes; file.h reads and writes them.
 */
#ifndef MAYFLY_COUNTER_LAYOUT_H
#define MAYFLY_COUNTER_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	COUNTER_PAGE = 4096, /* bytes; no record crosses a multiple of it */
	COUNTER_HEADER_SIZE = 64,
	COUNTER_TABLE_BITS = 19,
	COUNTER_BUCKETS = 1 << COUNTER_TABLE_BITS,
	COUNTER_TABLE = COUNTER_PAGE,                          /* offset of the bucket heads */
	COUNTER_RECORDS = COUNTER_TABLE + 8 * COUNTER_BUCKETS, /* offset of the first record */

	/* Offsets in a record. */
	COUNTER_RECORD_COUNT = 0,
	COUNTER_RECORD_NEXT = 8,
	COUNTER_RECORD_PATH = 32,

	/* Bytes of the longest path that is counted: its record fills a page. */
	COUNTER_PATH_MAX = COUNTER_PAGE - COUNTER_RECORD_PATH,

	/*
	 * Records that one bucket may link. Honest paths spread over the buckets as if at random: the
	 * probability that any of the 2^19 gets more is 2e-177 with 1,000,000 resources, 1e-55 with
	 * 10,000,000 and 1e-10 with 30,000,000. FNV-1a is easily inverted, so without this limit a
	 * compromised handler could make each hit read millions of records under the lock.
	 */
	COUNTER_CHAIN_MAX = 128,
};

/* The header of this version of the format. A file with another one is never written to. */
extern const unsigned char COUNTER_HEADER[COUNTER_HEADER_SIZE];

/*@ // Where a bucket's head, and where a record may be.
    predicate is_head(integer offset) = COUNTER_TABLE <= offset <= COUNTER_RECORDS - 8 && offset % 8 == 0;
    predicate is_record_place(integer offset) = COUNTER_RECORDS <= offset && offset % 8 == 0; */

struct counter_record {
	uint64_t count;
	uint64_t next; /* offset of the next record of the bucket; 0: none */
	uint64_t hash;
	const char *path; /* in the bytes it was read from; not terminated */
	size_t path_length;
};

/* The hash of a path: FNV-1a of 64 bits. */
/*@ requires \valid_read(path + (0 .. path_length - 1));
    assigns \nothing; */
uint64_t counter_hash(const char *path, size_t path_length);

/* The bucket of records of this hash. */
/*@ assigns \nothing;
    ensures \result < COUNTER_BUCKETS; */
uint64_t counter_bucket_number(uint64_t hash);

/* The offset of a bucket's head: of the bucket of a hash, and of that of a number. */
/*@ assigns \nothing;
    ensures is_head(\result); */
uint64_t counter_bucket_head(uint64_t hash);
/*@ requires number < COUNTER_BUCKETS;
    assigns \nothing;
    ensures is_head(\result); */
uint64_t counter_head_of_number(uint64_t number);

/*
 * Whether a link is damaged, and not just left without its record by a power failure: no record can
 * be there, or it does not lead forward from the record at offset `record` that has it (0: a bucket
 * head). A link of 0, none, is not damaged.
 */
/*@ assigns \nothing;
    ensures !\result <==> link == 0 || (is_record_place(link) && link > record); */
bool counter_link_is_damaged(uint64_t link, uint64_t record);

/* The bytes that a record takes in the file, padding included. */
/*@ requires path_length <= UINT32_MAX;
    assigns \nothing;
    ensures \result % 8 == 0;
    ensures COUNTER_RECORD_PATH + path_length <= \result < COUNTER_RECORD_PATH + path_length + 8; */
size_t counter_record_size(size_t path_length);

/* The offset at which a record of this size is appended to a file of `end` bytes: the first one there
 * at which it does not cross a page. */
/*@ requires COUNTER_RECORDS <= end <= INT64_MAX && record_size <= COUNTER_PAGE;
    assigns \nothing;
    ensures is_record_place(\result) && end <= \result < end + COUNTER_PAGE;
    ensures \result % COUNTER_PAGE + record_size <= COUNTER_PAGE; */
uint64_t counter_record_place(uint64_t end, size_t record_size);

/*@ predicate is_record(struct counter_record *r, unsigned char *bytes, integer length) =
      r->path == (char *)bytes + COUNTER_RECORD_PATH && COUNTER_RECORD_PATH + r->path_length <= length; */

/*
 * Reads the record that begins at `bytes`, of which `length` are there. Returns false if there is
 * none: the hash protects the length and the path, but not the count and the link.
 */
/*@ requires \valid_read(bytes + (0 .. length - 1)) && \valid(record);
    assigns *record;
    ensures \result ==> is_record(record, bytes, length) && record->path_length <= UINT32_MAX; */
bool counter_record_read(const unsigned char *bytes, size_t length, struct counter_record *record);

/*
 * Writes a record with count 0 and no link to `bytes`, which must have room for
 * counter_record_size; the path has at most COUNTER_PATH_MAX bytes.
 */
/*@ requires path_length <= COUNTER_PATH_MAX && \valid_read(path + (0 .. path_length - 1));
    requires \valid(bytes + (0 .. (COUNTER_RECORD_PATH + path_length + 7) / 8 * 8 - 1));
    requires \separated(bytes + (0 .. COUNTER_PAGE - 1), path + (0 .. path_length - 1));
    assigns bytes[0 .. (COUNTER_RECORD_PATH + path_length + 7) / 8 * 8 - 1]; */
void counter_record_write(unsigned char *bytes, const char *path, size_t path_length);

/* Little-endian numbers of the file. */
/*@ requires \valid_read(bytes + (0 .. 7));
    assigns \nothing; */
uint64_t counter_load64(const unsigned char *bytes);
/*@ requires \valid(bytes + (0 .. 7));
    assigns bytes[0 .. 7]; */
void counter_store64(unsigned char *bytes, uint64_t number);

#endif
