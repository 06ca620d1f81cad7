/*
 * Counts in memory: what a counter file or an export holds, to be selected, sorted and added up.
 * Pure but for memory.
 */
#ifndef MAYFLY_MAYFLYCTL_HITS_COUNTS_H
#define MAYFLY_MAYFLYCTL_HITS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct count {
	char *path; /* decoded, any byte, terminated */
	size_t path_length;
	uint64_t count;
};

/* Begins as {0}. */
struct counts {
	struct count *all;
	size_t size, room;
	bool out_of_memory; /* something was not added */
};

/* Adds one; the callback of counter_each, with a struct counts as its context. */
void counts_add(void *list, const char *path, size_t path_length, uint64_t count);

/*
 * Sorts by path, byte by byte, and adds up those with the same path. Returns false if such a sum
 * does not fit 64 bits.
 */
bool counts_combine(struct counts *counts);

/* Sorts by count, highest first; equal counts by path. */
void counts_sort_by_hits(struct counts *counts);

/* Keeps what matches a pattern of glob(7) whose '*' matches slashes too. */
void counts_keep_matching(struct counts *counts, const char *glob);
bool counts_match(const char *glob, const char *path);

/* Whether a pattern can match a path at all: these begin with a slash. */
bool counts_can_match(const char *glob);

/* Keeps the first `max`. */
void counts_keep_first(struct counts *counts, size_t max);

/* The sum of all; UINT64_MAX if it is larger. */
uint64_t counts_total(const struct counts *counts);

/*
 * A path as it is shown everywhere: as in a URL (buffer_add_path), in printable ASCII. Valid until
 * the next call.
 */
const char *counts_shown(const char *path, size_t path_length);

/* "12 hits on 1 resource". Valid until the next call. */
const char *counts_summary(uint64_t hits, uint64_t resources);

void counts_free(struct counts *counts);

#endif
