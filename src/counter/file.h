/*
 * What adding and reading share of the descriptor: the lock, whole reads and writes at an offset,
 * and what the file's beginning says. Internal to src/counter.
 */
#ifndef MAYFLY_COUNTER_FILE_H
#define MAYFLY_COUNTER_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How long those wait for the lock who look at, or change, the file as a whole: in milliseconds. */
enum { COUNTER_WAIT_MS = 5000 };

enum counter_state {
	COUNTER_READY,      /* has our header, and was grown to hold the table */
	COUNTER_NEW,        /* is empty, or was left by who died while making it */
	COUNTER_FOREIGN,    /* has another beginning */
	COUNTER_UNREADABLE, /* see errno */
};

/*
 * Takes the lock, LOCK_SH or LOCK_EX, within wait_ms milliseconds. Returns NULL, or "hits-locked".
 */
const char *counter_lock(int file, int kind, unsigned wait_ms);
void counter_unlock(int file);

/* Reads the file's beginning, without a lock of its own, and says what it is. */
enum counter_state counter_state_of(int file);

/*
 * Sets *end to the offset at which the records end, 0 in a file that has none yet. Returns NULL, or
 * "hits-foreign", "hits-not-a-file" or "hits-damaged" where they cannot be read.
 */
const char *counter_extent(int file, uint64_t *end);

/*
 * The offset of the first page from `offset`, a multiple of COUNTER_PAGE, to `end` that is not in a
 * hole of the file; `end` or more if there is none. A file system without SEEK_DATA has no holes.
 */
uint64_t counter_skip_hole(int file, uint64_t offset, uint64_t end);

/*
 * Reads the page at this offset under LOCK_SH, so that no number is half written. Returns how many
 * bytes there are; -1 with *reason NULL where the system fails to read them, -1 with *reason
 * "hits-locked" where the lock is not to be had.
 */
ssize_t counter_read_page(int file, unsigned char *page, uint64_t offset, const char **reason);

/*
 * Returns how many bytes were read, or -1 (errno): counter_read fewer than `length` only at the
 * file's end, counter_read_some, which asks the system once, whenever it gets fewer.
 */
ssize_t counter_read(int file, void *bytes, size_t length, uint64_t offset);
ssize_t counter_read_some(int file, void *bytes, size_t length, uint64_t offset);

/* Returns NULL, or the reason code of why not all was written. */
const char *counter_write(int file, const void *bytes, size_t length, uint64_t offset);

/* Sets the file's size; puts what was written on disk. Both return NULL or a reason code. */
const char *counter_resize(int file, uint64_t size);
const char *counter_sync(int file);

#endif
