/*
 * Lists of counts: what a counter file or an export holds, added up, selected and sorted. A list
 * takes a fixed amount of memory; what does not fit goes to a temporary file without a name, in
 * $TMPDIR or /var/tmp.
 */
#ifndef MAYFLY_MAYFLYCTL_HITS_COUNTS_H
#define MAYFLY_MAYFLYCTL_HITS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct count {
	const char *path; /* decoded, any byte, terminated; valid until the next counts_next */
	size_t path_length;
	uint64_t count;
};

enum counts_order {
	COUNTS_BY_HITS, /* highest first; equal counts by path */
	COUNTS_BY_PATH, /* byte by byte */
};

/* Begins as {0}. */
struct counts {
	size_t size;    /* counts that were added; from counts_combine on, one per path */
	uint64_t total; /* from counts_combine on, the sum of all; UINT64_MAX if it is larger */
	const char *problem; /* why something is missing or wrong, or NULL */
	struct counts_store *store;
};

/*
 * Adds one; the callback of counter_each, with a struct counts as its context. A path has at most
 * COUNTER_PATH_MAX bytes.
 */
void counts_add(void *list, const char *path, size_t path_length, uint64_t count);

/*
 * Sorts by path and adds up counts of the same path; to be called before what follows. More may be
 * added and combined after it. Returns counts->problem, also "a count does not fit 64 bits".
 */
const char *counts_combine(struct counts *counts);

/*
 * Keeps what matches a pattern (NULL: everything), sorts it, and keeps the first `max`. Call it
 * once, after counts_combine.
 */
void counts_select(struct counts *counts, const char *glob, enum counts_order order, size_t max);

/* To read all, call counts_rewind and then counts_next until it returns false. */
void counts_rewind(struct counts *counts);
bool counts_next(struct counts *counts, struct count *count);

void counts_free(struct counts *counts);

/* Whether a path matches a pattern of glob(7) whose '*' matches slashes too. */
bool counts_match(const char *glob, const char *path);

/* Whether a pattern can match a path at all: these begin with a slash. */
bool counts_can_match(const char *glob);

/*
 * A path as it is shown everywhere: as in a URL (buffer_add_path), in printable ASCII without
 * quotes and backslashes. Valid until the next call.
 */
const char *counts_shown(const char *path, size_t path_length);

/* "12 hits on 1 resource". Valid until the next call. */
const char *counts_summary(uint64_t hits, uint64_t resources);

#endif
