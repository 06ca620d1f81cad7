/* Setting counts to zero. */
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

#endif
