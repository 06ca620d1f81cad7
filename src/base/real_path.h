/*
 * The real path of a file: the one without symbolic links, relative to its site's directory. A link to
 * a directory that contains it gives a file an unlimited number of paths, but only one real path.
 */
#ifndef MAYFLY_BASE_REAL_PATH_H
#define MAYFLY_BASE_REAL_PATH_H

#include "beneath.h"
#include "view.h"
#include <limits.h>

struct real_path {
	char bytes[PATH_MAX]; /* without a slash at either end; empty: the directory itself */
	size_t length;
	unsigned links;    /* components of the given path that are links */
	bool ends_in_link; /* its last component is one */
	bool loops;        /* one of them leads to a directory that contains it */
};

/*
 * The absolute path of a directory, as the text of absolute links to it begins. In parts, so that it need
 * not be copied: "", "/srv/mayfly" and "/example.org". Components are compared, so that further slashes
 * and "." do not matter. If `root` is empty, no absolute link leads to the directory.
 */
struct absolute_path {
	struct view working; /* the working directory if `root` is relative; else empty */
	struct view root;
	struct view host; /* empty without --vhosts */
};

/*
 * The absolute path of a directory that a program was given as `root`. `working`: what getcwd(3) returns,
 * if `root` is relative; empty if that is unknown.
 */
struct absolute_path absolute_path_of(struct view working, struct view root);

/*
 * Opens a name as open_beneath does, and follows absolute links as well if their text begins with the
 * directory's own absolute path. The kernel would follow them from the root of the file system
 * (RESOLVE_BENEATH forbids that) or take the directory for that root (RESOLVE_IN_ROOT, in which
 * /srv/mayfly/a would be /srv/mayfly/srv/mayfly/a). They are therefore resolved here, and the real path
 * is then opened with open_beneath: whatever the links say, the kernel opens nothing outside.
 */
int real_path_open(int directory, const struct absolute_path *absolute, const char *name,
                   enum opening opening);

/*
 * Finds the real path of `path`, which is relative to `directory`, has no component "." or "..", and
 * was opened there with real_path_open. Returns false with errno set if the links have changed since,
 * or are more than the kernel follows. A second try can succeed unless errno is ENAMETOOLONG.
 */
bool real_path_find(struct real_path *real, int directory, const struct absolute_path *absolute,
                    struct view path);

/*
 * Whether hits may be counted under the given path: if it has at most one link in it, which does not
 * lead to a directory that contains it. A file then has at most one path per link, and the real one.
 */
bool real_path_allows_given(const struct real_path *real);

#endif
