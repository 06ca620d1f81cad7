/*
 * The real path of a file: the one without symbolic links, relative to its site's directory. A link to
 * a directory that contains it gives a file an unlimited number of paths, but only one real path.
 */
#ifndef MAYFLY_REAL_PATH_H
#define MAYFLY_REAL_PATH_H

#include "base/view.h"
#include <limits.h>

struct real_path {
	char bytes[PATH_MAX]; /* without a slash at either end; empty: the directory itself */
	size_t length;
	unsigned links;    /* components of the given path that are links */
	bool ends_in_link; /* its last component is one */
	bool loops;        /* one of them leads to a directory that contains it */
};

/*
 * Finds the real path of `path`, which is relative to `directory`, has no component "." or "..", and
 * was opened there with open_beneath. Returns false with errno set if the links have changed since,
 * or are more than the kernel follows. A second try can succeed unless errno is ENAMETOOLONG.
 */
bool real_path_find(struct real_path *real, int directory, struct view path);

/*
 * Whether hits may be counted under the given path: if it has at most one link in it, which does not
 * lead to a directory that contains it. A file then has at most one path per link, and the real one.
 */
bool real_path_allows_given(const struct real_path *real);

#endif
