/*
 * The counter file: how often each resource was served. Shared by the handler, which adds hits, and
 * mayflyctl, which reads them. The format, and what it promises, are mayfly-hits(5)'s.
 */
#ifndef MAYFLY_HITS_HITS_H
#define MAYFLY_HITS_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* Bytes of the longest path that is counted: a record never crosses a page. */
	HITS_PATH_MAX = 4064,
};

struct hits_result {
	uint64_t count;   /* the resource's own new count; 0 when the hit was not counted */
	const char *loss; /* why it was not counted, a reason code for the log; NULL when it was */
};

/*
 * Opens the counter file for adding, and makes it (empty, mode 0640) where it does not exist.
 * Returns a descriptor (close-on-exec), or -1 with *loss set to a reason code: "hits-missing-folder",
 * "hits-not-permitted", "hits-read-only", "hits-not-a-file", "hits-unavailable".
 */
int hits_open(const char *file_name, const char **loss);

/*
 * Adds one to the count of a resource under flock(LOCK_EX), waiting at most lock_wait_ms milliseconds
 * for the lock. Never overwrites a file that is not Mayfly's or is damaged.
 * Losses: "hits-locked", "hits-foreign", "hits-damaged", "hits-disk-full", "hits-path-too-long",
 * "hits-write-failed".
 */
struct hits_result hits_add(int file, const char *path, size_t path_length, unsigned lock_wait_ms);

/*
 * Calls `each` for every record, in the file's order, under flock(LOCK_SH). Returns NULL, or the reason
 * code of what keeps it from being read; damaged records are skipped and counted in *damaged.
 */
const char *hits_each(int file, void (*each)(void *context, const char *path, size_t path_length, uint64_t count),
		      void *context, uint64_t *damaged);

#endif
