/*
 * The sandbox that a handler enters before it reads the first byte of its client. In it the process
 * can read files under the root directory, and use what is open already: the connection, the counter
 * file, the log. A malicious request can affect only its own process.
 */
#ifndef MAYFLY_SANDBOX_H
#define MAYFLY_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Enters the sandbox, permanently: no_new_privs, no capability, not dumpable, resource limits,
 * Landlock (all that the kernel's version can deny), and the seccomp filter of src/seccomp/filter.c.
 * `root`: descriptor of the directory that may be read, or -1; `hits` and `robots`: descriptors of
 * the counter files, or -1; log_size: bytes in the file that is the log, or 0; out_is_file: the response goes into a
 * regular file, so that the size of files has no limit. Returns NULL, or the name of what the kernel
 * lacks; all other parts are then in force.
 */
const char *sandbox_enter(int root, int hits, int robots, uint64_t log_size, bool out_is_file);

#endif
