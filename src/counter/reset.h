/* Setting counts to zero, and taking back what was added. */
#ifndef MAYFLY_COUNTER_RESET_H
#define MAYFLY_COUNTER_RESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counter_dropped {
	uint64_t records;
	uint64_t hits;
};

/*
 * Sets the count of each record to 0 for whose path `drops` returns true, and adds up what was
 * dropped: a hit is in *dropped, or still in the file. `drops` runs without the lock, which is held
 * for one page at a time. Returns NULL, an error of counter_each, "hits-disk-full" or
 * "hits-write-failed"; counts that were set to 0 before an error stay so.
 */
const char *counter_reset(int file,
                          bool (*drops)(void *context, const char *path, size_t path_length),
                          void *context, struct counter_dropped *dropped);

/*
 * Takes back an amount that counter_add_amount has added; hits that were counted since stay. Returns NULL,
 * "hits-locked", "hits-disk-full", "hits-write-failed", or "hits-damaged" if the resource has no such count
 * any more or the file cannot be read.
 */
const char *counter_subtract(int file, const char *path, size_t path_length, uint64_t amount);

#endif
