/* Opening the counter file to add hits. */
#ifndef MAYFLY_COUNTER_OPEN_H
#define MAYFLY_COUNTER_OPEN_H

/*
 * Opens the counter file for reading and writing; creates it (empty, mode 0640) if it does not
 * exist. Returns a descriptor (close-on-exec), or -1 with *error set to a reason code:
 * - "hits-missing-folder": its directory does not exist
 * - "hits-not-permitted"
 * - "hits-read-only": the file system is mounted read-only
 * - "hits-not-a-file": a directory, a socket or a device without driver
 * - "hits-disk-full": no room for another file
 * - "hits-unavailable": any other error of open(2)
 */
int counter_open(const char *file_name, const char **error);

#endif
