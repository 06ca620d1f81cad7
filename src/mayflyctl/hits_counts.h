/*
 * Lists of counts: the contents of a counter file or an export, added up, selected and sorted. A
 * list takes a fixed amount of memory; the rest goes to a temporary file without a name, in $TMPDIR
 * or /var/tmp.
 */
#ifndef MAYFLY_MAYFLYCTL_HITS_COUNTS_H
#define MAYFLY_MAYFLYCTL_HITS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct count {
	const char *path; /* decoded, any byte, terminated; valid until the next counts_next */
	size_t path_length;
	uint64_t count;
};

/* Compares two paths byte by byte. Returns a value less than, equal to or greater than 0. */
int count_compare_paths(const struct count *a, const struct count *b);

enum counts_order {
	COUNTS_BY_HITS, /* highest first; equal counts by path */
	COUNTS_BY_PATH, /* byte by byte */
};

/* Initialize to {0}. */
struct counts {
	size_t size;         /* number of counts; after counts_combine, one per path */
	uint64_t total;      /* after counts_combine, the sum of all; UINT64_MAX if it is larger */
	const char *problem; /* why the list is incomplete or wrong, or NULL */
	struct counts_store *store;
};

/*
 * Adds a count. This is the callback of counter_each; `list` is a struct counts. A path has at most
 * COUNTER_PATH_MAX bytes.
 */
void counts_add(void *list, const char *path, size_t path_length, uint64_t count);

/*
 * Sorts by path and adds up counts of the same path. Call it after the last counts_add and before
 * the functions below; afterwards more counts may be added and combined. Returns counts->problem,
 * for example "a count does not fit 64 bits".
 */
const char *counts_combine(struct counts *counts);

/*
 * Adds all counts of `from`, each path after `prefix`, cut at COUNTER_PATH_MAX bytes; and its problem,
 * if `to` has none. Call it after counts_combine of `from`.
 */
void counts_add_all(struct counts *to, const char *prefix, struct counts *from);

/*
 * Keeps the counts whose paths match a pattern (NULL: all), sorts them, and keeps the first `max`.
 * Call it once, after counts_combine.
 */
void counts_select(struct counts *counts, const char *glob, enum counts_order order, size_t max);

/* To read all counts, call counts_rewind, then counts_next until it returns false. */
void counts_rewind(struct counts *counts);
bool counts_next(struct counts *counts, struct count *count);

void counts_free(struct counts *counts);

/* Creates a file without a name, in $TMPDIR or /var/tmp. Returns NULL on failure. */
FILE *counts_temporary_file(void);

/* Whether a path matches a pattern of glob(7) in which '*' matches slashes too. */
bool counts_match(const char *glob, const char *path);

/* Whether a pattern can match any path: all paths begin with a slash. */
bool counts_can_match(const char *glob);

/*
 * Returns a path as all output shows it: as in a URL (buffer_add_path), in printable ASCII without
 * quotes and backslashes. Valid until the next call.
 */
const char *counts_shown(const char *path, size_t path_length);

/* Returns "12 hits on 1 resource". Valid until the next call. */
const char *counts_summary(uint64_t hits, uint64_t resources);

#endif
