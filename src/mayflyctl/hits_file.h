/*
 * The counter file that a command works on: which one it is, opening it, and what is
 * wrong with it.
 */
#ifndef MAYFLY_MAYFLYCTL_HITS_FILE_H
#define MAYFLY_MAYFLYCTL_HITS_FILE_H

#include "command.h"
#include "hits_counts.h"
#include "site_list.h"
#include <limits.h>

/* Where `make install` puts the counter files. */
#define DEFAULT_HITS "/var/lib/mayfly/hits"
#define DEFAULT_ROBOTS "/var/lib/mayfly/robots"

/* The row of --hits in tables of options. */
#define HITS_FILE_ROW                                                                              \
	{                                                                                          \
		0, "hits", "FILE", "the counter file (default: that of the site)"                  \
	}

/* The row of --robots in tables of options. */
#define HITS_ROBOTS_ROW                                                                            \
	{                                                                                          \
		0, "robots", "", "use the counter file of robots instead"                          \
	}

/*
 * Copies the name of the counter file: `asked`, or if that is NULL, the one that the installed
 * units of the site pass to the handler; of the main site if `site` is NULL. EXIT_DONE, or
 * EXIT_FAILED after an error message.
 */
enum exit_status hits_file_find(const char *asked, const char *site, char name[static PATH_MAX]);

/*
 * The same for the counter file of robots: if `asked` is a counter file, the file "robots" in its
 * directory.
 */
enum exit_status hits_file_find_robots(const char *asked, const char *site,
                                       char name[static PATH_MAX]);

/*
 * Adds the counts of robots for these counts (hits_file_load), if there is a counter file of robots that this
 * user may read: *is_loaded. Returns EXIT_DONE, or EXIT_FAILED after an error message.
 */
enum exit_status hits_file_load_robots(const char *asked, const char *site, struct counts *counts,
                                       bool *is_loaded);

/*
 * Opens an existing file with flags of open(2). Returns a descriptor, or -1 after an error message.
 */
int hits_file_open(const char *name, int flags);

/*
 * Opens a file for reading and writing. Creates a missing file with the owner of its directory, so
 * that the handler can write to it. Returns a descriptor, or -1 after an error message.
 */
int hits_file_open_or_create(const char *name);

/*
 * Adds all counts of a file to *counts and combines them; sets *damaged to the number of damaged
 * parts that were skipped. Returns NULL, or an error that is printed after the file's name; errno
 * is then that of open(2), or 0 if the file was opened.
 */
const char *hits_file_load(const char *name, struct counts *counts, uint64_t *damaged);

/* The same, but prints the error, and returns EXIT_DONE or EXIT_FAILED. */
enum exit_status hits_file_read(const char *name, struct counts *counts, uint64_t *damaged);

/*
 * Whether the hits of robots are missing because hits_file_load failed with this problem. Returns false if the file
 * does not exist, is not a counter file (any directory may have a file "robots"), or may not be read by this user.
 */
bool hits_file_misses_counts(const char *problem);

/* Returns the meaning of a reason code of src/counter, which is printed after the file's name. */
const char *hits_file_problem(const char *reason);

/* Prints the meaning of a reason code as an error. Returns EXIT_FAILED. */
enum exit_status hits_file_error(const char *name, const char *reason);

#endif
