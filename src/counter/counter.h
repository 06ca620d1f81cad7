/*
 * The counter file: how often each resource was served. Shared by the handler, which adds hits, and
 * mayflyctl, which reads them. The format, and what it promises, are mayfly-hits(5)'s.
 */
#ifndef MAYFLY_COUNTER_COUNTER_H
#define MAYFLY_COUNTER_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* Bytes of the longest path that is counted: a record never crosses a page. */
	COUNTER_PATH_MAX = 4064,
};

struct counter_result {
	uint64_t count;   /* the resource's own new count; 0 when the hit was not counted */
	const char *loss; /* why it was not counted, a reason code for the log; NULL when it was */
};

/*
 * Opens the counter file for adding, and makes it (empty, mode 0640) where it does not exist.
 * Returns a descriptor (close-on-exec), or -1 with *loss set to a reason code:
 * "hits-missing-folder", "hits-not-permitted", "hits-read-only", "hits-not-a-file",
 * "hits-disk-full" (no room for another file), "hits-unavailable" (anything else).
 */
int counter_open(const char *file_name, const char **loss);

/*
 * Adds one to the count of a resource under flock(LOCK_EX), waiting about lock_wait_ms
 * milliseconds for the lock at most. Never overwrites a file that is not Mayfly's or is damaged. It
 * calls flock, pread, pwrite and, for a new file or resource, fstat, fdatasync and ftruncate; while
 * it waits, also sigaction and sigprocmask for SIGALRM, and setitimer. Losses:
 * - "hits-locked": the lock was not to be had in time
 * - "hits-path-too-long": more than COUNTER_PATH_MAX bytes
 * - "hits-not-a-file": a FIFO or a device
 * - "hits-foreign": not Mayfly's, or of a format that this library does not know
 * - "hits-damaged": Mayfly's, but not as any power failure can have left it; or not readable
 * - "hits-disk-full": no room, no quota, or a limit on the size of files was met
 * - "hits-write-failed": any other failure to write
 */
struct counter_result counter_add(int file, const char *path, size_t path_length,
                                  unsigned lock_wait_ms);

/*
 * Looks, without the lock and without reading any record, whether hits can be added to the file.
 * Returns NULL, or "hits-not-a-file", "hits-foreign" or "hits-damaged".
 */
const char *counter_check(int file);

/*
 * Looks up the count of a resource: 0, without a loss, where nothing was counted. Takes no lock,
 * since readers who share one without end would keep all hits waiting; a record is whole before it
 * is linked and its count is stored at once, so that at worst, in the middle of a repair, the
 * number is wrong. The cost does not depend on how many resources there are. Losses:
 * "hits-not-a-file", "hits-foreign", "hits-damaged".
 */
struct counter_result counter_get(int file, const char *path, size_t path_length);

/*
 * Calls `each` for every record that was counted at least once, in the file's order. The descriptor
 * may be open for reading only. LOCK_SH is held while a page is read and never while `each` runs,
 * so that no reader, however slow, keeps a hit waiting. After a power failure a path may come more
 * than once: its counts are to be added up. Damaged stretches are skipped and counted in *damaged.
 * Returns NULL, or the reason code of what keeps the file from being read: "hits-foreign",
 * "hits-not-a-file", "hits-damaged", and "hits-locked" (after five seconds).
 */
const char *counter_each(int file,
                         void (*each)(void *context, const char *path, size_t path_length,
                                      uint64_t count),
                         void *context, uint64_t *damaged);

#endif
