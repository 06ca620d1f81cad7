/*
 * What a handler gives up before it looks at the first byte of its client. Behind it the process
 * can read beneath the root, and use what is open already: the connection, the counter file, the
 * log. A request that breaks the handler breaks nothing else.
 */
#ifndef MAYFLY_SANDBOX_H
#define MAYFLY_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Enters it, for good: no_new_privs, no capability, not dumpable, limits of resources, Landlock
 * (the newest that the kernel knows), seccomp with the table of src/seccomp/filter.c. `root` is the
 * descriptor of the directory that may be read, `hits` that of the counter file; -1: none. log_size
 * says how many bytes a log has that is a file. A response that goes into a file (out_is_file) may
 * be as large as what is served: no limit on the size of files then.
 * Returns NULL, or what this kernel lacks, in words; all else is in force then nevertheless.
 */
const char *sandbox_enter(int root, int hits, uint64_t log_size, bool out_is_file);

#endif
