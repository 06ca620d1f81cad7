/* Reading and writing all bytes, although read(2) and write(2) may transfer fewer or be interrupted. */
#ifndef MAYFLY_MAYFLYCTL_TRANSFER_H
#define MAYFLY_MAYFLYCTL_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Reads from a file or pipe until its end, or until `size` bytes are read. Returns the number of bytes, or
 * -1 (errno) if not all could be read.
 */
ssize_t transfer_read(int file, char *data, size_t size);

/* Writes all bytes. Returns false (errno) if some could not be written. */
bool transfer_write(int file, const char *data, size_t length);

#endif
