/* Counting a hit: adding to the count of a resource. */
#ifndef MAYFLY_COUNTER_ADD_H
#define MAYFLY_COUNTER_ADD_H

#include <stddef.h>
#include <stdint.h>

struct counter_result {
	uint64_t count;    /* the resource's count; 0 on error */
	const char *error; /* a reason code, or NULL */
};

/*
 * Adds one to the count of a resource under flock(LOCK_EX), for which it waits about lock_wait_ms
 * milliseconds. Returns the new count. Never writes to a file that is not a counter file or is
 * damaged. Calls flock, pread, pwrite and, for a new file or resource, fstat, fdatasync and
 * ftruncate; while it waits, also those of counter_lock. Errors:
 * - "hits-locked": the lock was not free in time
 * - "hits-path-too-long": more than COUNTER_PATH_MAX bytes
 * - "hits-not-a-file": a FIFO or a device
 * - "hits-foreign": not a counter file, or of another version
 * - "hits-damaged": not as a power failure can have left it, the bucket full, or unreadable
 * - "hits-disk-full": no room, no quota, or the limit of file sizes
 * - "hits-write-failed": any other error while writing
 */
struct counter_result counter_add(int file, const char *path, size_t path_length,
                                  unsigned lock_wait_ms);

/*
 * The same, for an amount of hits. With 0 the resource gets a record, and the result is its count:
 * errors that would keep hits from being added show. "hits-damaged" also if the count would not fit
 * 64 bits.
 */
struct counter_result counter_add_amount(int file, const char *path, size_t path_length,
                                         uint64_t amount, unsigned lock_wait_ms);

#endif
