/*
 * Counts in memory: what a counter file or an export holds, to be chosen from, sorted and added up.
 * Pure but for memory.
 */
#ifndef MAYFLY_MAYFLYCTL_HITS_COUNTS_H
#define MAYFLY_MAYFLYCTL_HITS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct count {
	char *path; /* decoded; may hold any byte, and is terminated nonetheless */
	size_t path_length;
	uint64_t count;
};

/* Begins as {0}. */
struct counts {
	struct count *all;
	size_t size, room;
	bool out_of_memory; /* not all that was added is there */
};

/* Adds one; made to be given to counter_each with a struct counts as its context. */
void counts_add(void *list, const char *path, size_t path_length, uint64_t count);

/*
 * Sorts by path, byte by byte, and makes one of those that share a path. False where such a sum
 * does not fit 64 bits.
 */
bool counts_combine(struct counts *counts);

/* Sorts the most hit first; those that are hit alike, by path. */
void counts_sort_by_hits(struct counts *counts);

/* Keeps what matches a pattern of glob(7), whose '*' matches slashes too. */
void counts_keep_matching(struct counts *counts, const char *glob);
bool counts_match(const char *glob, const char *path);

/* Keeps the first so many. */
void counts_keep_first(struct counts *counts, size_t most);

/* All hits; UINT64_MAX where it is more. */
uint64_t counts_total(const struct counts *counts);

/*
 * A path as in a URL, which no byte of it can leave (buffer_add_path of http/text.h): this is how
 * it is shown everywhere. It holds until the next call.
 */
const char *counts_shown(const char *path, size_t path_length);

/* "12 hits on 1 resource". It holds until the next call. */
const char *counts_summary(uint64_t hits, uint64_t resources);

void counts_free(struct counts *counts);

#endif
