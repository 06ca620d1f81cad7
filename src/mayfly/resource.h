/* The resource that a canonical path names: a file beneath the root, held open. */
#ifndef MAYFLY_RESOURCE_H
#define MAYFLY_RESOURCE_H

#include "http/status.h"
#include "http/target.h"
#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>

struct site {
	int root;          /* descriptor of the root directory */
	const char *index; /* name of the file that answers for a directory */
};

struct resource {
	int file;          /* descriptor of a regular file, or -1 */
	bool is_directory; /* named without its slash: the client is to be sent to the name with it
	                    */
	struct stat stat;
	struct view
	    path; /* the target's canonical path, the index named: what hits are counted under */
	char path_buffer[TARGET_PATH_MAX + NAME_MAX + 1];
};

/* Opens the root directory. Returns false with errno set. */
bool site_open(struct site *site, const char *root, const char *index);

/*
 * Opens what the path names. Symbolic links are followed as long as they stay beneath the root;
 * nothing but regular files is served, and nothing that would block is waited for. Refusals: 404
 * "hidden", "not-found", "not-a-regular-file", "target-escapes-root", "symlink-loop",
 * "name-too-long"; 403 "file-forbidden"; 500 "file-open-failed". Whatever the result,
 * resource_close is to be called.
 */
struct refusal resource_open(const struct site *site, const struct target *target,
                             struct resource *resource);

void resource_close(struct resource *resource);

#endif
