/* Whether two names lead to one file. */
#ifndef MAYFLY_MAYFLYCTL_SAME_FILE_H
#define MAYFLY_MAYFLYCTL_SAME_FILE_H

#include <stdbool.h>

/* By device and inode, through symbolic links. False where one of them leads to no file. */
bool is_same_file(const char *name, const char *other);

#endif
