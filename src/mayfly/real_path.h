/*
 * The name that a file has below its site's directory when no symbolic link is on the way. Visitors
 * can make endless names of links to a directory that contains them, but not of this one.
 */
#ifndef MAYFLY_REAL_PATH_H
#define MAYFLY_REAL_PATH_H

#include "base/view.h"
#include <limits.h>

struct real_path {
	char bytes
	    [PATH_MAX]; /* without a slash at either end, terminated; empty: the directory itself */
	size_t length;
	unsigned links; /* components of the given path that are links */
	bool loops;     /* one of these leads to a directory that contains it */
};

/*
 * Finds the real name of `path`, which is relative to `directory`, has no component "." or ".." and
 * names what openat2(2) has found there beneath it. Returns false with errno set if the links have
 * changed since, or are more than the kernel follows; EAGAIN, ENOENT and the like are worth another
 * try, ENAMETOOLONG is not.
 */
bool real_path_find(struct real_path *real, int directory, struct view path);

/*
 * Whether hits may be counted under the path as it was given: with one link, which leads to no
 * directory that contains it. Then there are at most as many names of a file as there are links,
 * and one more.
 */
static inline bool real_path_allows_given(const struct real_path *real)
{
	return real->links <= 1 && !real->loops;
}

#endif
