/*
 * Opening files as root in directories of other users. The owner of a directory can replace an
 * entry at any moment: by a symbolic link, by a hard link to another user's file, by a FIFO, or by
 * a link to a device. Therefore, for root:
 *
 * - A path is resolved once, to an open directory and a name in it. Later calls use these two.
 * - Symbolic links of root are followed. Those of another user are followed only to directories and
 *   files of that user.
 * - Only regular files are opened: opening a device can have effects, and opening a FIFO can block.
 * - Root writes to an existing file only if it belongs to the owner of its directory, or the
 *   directory belongs to root; if more users can write to the directory, also only if the file has
 *   one hard link.
 * - New files are created with O_EXCL and O_NOFOLLOW.
 *
 * For other users the kernel resolves paths as usual; they too open only regular files.
 */
#ifndef MAYFLY_MAYFLYCTL_SAFE_PATH_H
#define MAYFLY_MAYFLYCTL_SAFE_PATH_H

#include <limits.h>
#include <stdbool.h>

struct safe_path {
	int directory; /* open, O_PATH; to be closed */
	char name[NAME_MAX + 1];
};

enum safe_path_end { SAFE_PATH_KEEP_LINK, SAFE_PATH_FOLLOW_LINK };

/*
 * Resolves `path` to the directory of its last name, which need not exist. `end` says whether a
 * symbolic link of that name is followed. Returns false (errno) if the directory cannot be opened;
 * errno is ENOLINK if a link of another user leads to a file that the user does not own.
 */
bool safe_path_find(struct safe_path *found, const char *path, enum safe_path_end end);

/*
 * Opens the regular file at `path` with flags of open(2). Returns a descriptor, or -1 (errno):
 * ENOLINK as above, EMLINK if root must not write to the file, ENODEV if it is not a regular file.
 */
int safe_path_open(const char *path, int flags);

/* Returns the meaning of an errno of these functions in words. */
const char *safe_path_problem(int error);

#endif
