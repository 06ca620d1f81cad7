/*
 * Where everything stands in a counter file, and what a record looks like: mayfly-hits(5) in code.
 * Pure arithmetic over bytes; file.h reads and writes them. Internal to src/hits.
 */
#ifndef MAYFLY_HITS_LAYOUT_H
#define MAYFLY_HITS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HITS_PAGE = 4096, /* no record crosses a multiple of this */
	HITS_HEADER_SIZE = 64,
	HITS_TABLE_BITS = 19,
	HITS_TABLE = HITS_PAGE,                                 /* offset of the bucket heads */
	HITS_RECORDS = HITS_TABLE + 8 * (1 << HITS_TABLE_BITS), /* offset of the first record */
	HITS_RECORD_COUNT = 0, /* where in a record its count and its link stand */
	HITS_RECORD_NEXT = 8,
	HITS_RECORD_PATH = 32,
};

/* The header of this format, in this geometry; no other is written to. */
extern const unsigned char HITS_HEADER[HITS_HEADER_SIZE];

struct hits_record {
	uint64_t count;
	uint64_t next; /* offset of the next record in its bucket; 0: none */
	uint64_t hash;
	const char *path; /* in the bytes it was read from, not terminated */
	size_t path_length;
};

/* FNV-1a of 64 bits. */
uint64_t hits_hash(const char *path, size_t path_length);

/* The offset of the bucket head that leads to records of this hash. */
uint64_t hits_bucket(uint64_t hash);

/* The bytes that a record takes in the file, padding included. */
size_t hits_record_size(size_t path_length);

/* The offset at which a record of this size is appended to a file of `end` bytes. */
uint64_t hits_record_place(uint64_t end, size_t record_size);

/*
 * Reads the record that begins at `bytes`, of which `length` are there. Returns false where none
 * does: the hash vouches for length and path.
 */
bool hits_record_read(const unsigned char *bytes, size_t length, struct hits_record *record);

/*
 * Writes a record with count 0 and no link to `bytes`, which must have room for hits_record_size;
 * the path is at most HITS_PATH_MAX bytes.
 */
void hits_record_write(unsigned char *bytes, const char *path, size_t path_length);

/* Numbers as they stand in the file. */
uint64_t hits_load64(const unsigned char *bytes);
void hits_store64(unsigned char *bytes, uint64_t number);

#endif
