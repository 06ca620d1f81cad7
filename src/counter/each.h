/* Reading all counts. */
#ifndef MAYFLY_COUNTER_EACH_H
#define MAYFLY_COUNTER_EACH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Calls `each` for every record with a count, in the order of the file, which may be open for
 * reading only. LOCK_SH is held while a page is read and never while `each` runs: no reader, however
 * slow, keeps a hit waiting. A path may come more than once: its count is the sum. Damaged stretches
 * are skipped and counted in *damaged. Returns NULL, "hits-foreign", "hits-not-a-file",
 * "hits-damaged" or, after COUNTER_LOCK_WAIT_MS, "hits-locked".
 */
const char *counter_each(int file,
                         void (*each)(void *context, const char *path, size_t path_length,
                                      uint64_t count),
                         void *context, uint64_t *damaged);

#endif
