/* Reading and writing at an offset of the counter file. Internal to src/counter. */
#ifndef MAYFLY_COUNTER_FILE_H
#define MAYFLY_COUNTER_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads `length` bytes at an offset. Returns how many were read, fewer only at the file's end, or
 * -1 (errno). counter_read_some makes one call, and may return fewer anywhere.
 */
/*@ requires \valid((unsigned char *)bytes + (0 .. length - 1));
    assigns ((unsigned char *)bytes)[0 .. length - 1];
    ensures -1 <= \result <= length; */
ssize_t counter_read(int file, void *bytes, size_t length, uint64_t offset);
/*@ requires \valid((unsigned char *)bytes + (0 .. length - 1));
    assigns ((unsigned char *)bytes)[0 .. length - 1];
    ensures -1 <= \result <= length;
    ensures \result > 0 ==> offset <= INT64_MAX; */
ssize_t counter_read_some(int file, void *bytes, size_t length, uint64_t offset);

/*
 * Writes bytes at an offset, sets the file's size in bytes, and waits until the data is on disk.
 * They return NULL, "hits-disk-full" or "hits-write-failed".
 */
const char *counter_write(int file, const void *bytes, size_t length, uint64_t offset);
const char *counter_resize(int file, uint64_t size);
const char *counter_sync(int file);

#endif
