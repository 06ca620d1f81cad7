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

/*
 * Checks whether hits can be added to the file of this name, without adding any. Does not create a
 * missing file, which must belong to the user that handlers run as, but checks that it could be
 * created. Returns NULL, or an error of counter_open or counter_check.
 */
const char *counter_check_name(const char *file_name);

#endif
