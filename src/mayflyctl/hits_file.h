/* The counter file that `mayflyctl hits` works on: which it is, and what is wrong with it. */
#ifndef MAYFLY_MAYFLYCTL_HITS_FILE_H
#define MAYFLY_MAYFLYCTL_HITS_FILE_H

#include "command.h"
#include "hits_counts.h"
#include <limits.h>

/*
 * The name of the file: the one that was asked for, or where that is NULL, the one that the
 * installed units give to the handler. EXIT_DONE, or EXIT_FAILED after a complaint.
 */
enum exit_status hits_file_find(const char *asked, char name[static PATH_MAX]);

/* Opens a file that is there, with flags of open(2). -1 after a complaint. */
int hits_file_open(const char *name, int flags);

/*
 * The same for reading and writing; one that is not there is made, and belongs to whom its folder
 * belongs to, so that the handler may write to it.
 */
int hits_file_make(const char *name);

/*
 * Adds all counts of a file to *counts, each path once; *damaged is the number of damaged stretches
 * that were left out. NULL, or what is wrong, as hits_words.h has it; then errno is why the file
 * could not be opened, or 0 where it could.
 */
const char *hits_file_load(const char *name, struct counts *counts, uint64_t *damaged);

/* The same. EXIT_DONE, or EXIT_FAILED after a complaint. */
enum exit_status hits_file_read(const char *name, struct counts *counts, uint64_t *damaged);

/* Complains of a file, for a reason code of src/hits. EXIT_FAILED. */
enum exit_status hits_file_fail(const char *name, const char *reason);

#endif
