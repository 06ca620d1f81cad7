/* The resource that a canonical path names: an open file or directory inside the site's directory. */
#ifndef MAYFLY_RESOURCE_H
#define MAYFLY_RESOURCE_H

#include "base/real_path.h"
#include "http/status.h"
#include "http/target.h"
#include "options.h"
#include <limits.h>
#include <sys/stat.h>

struct site {
	int root;                      /* descriptor of the root directory */
	const struct options *options; /* names of indexes, virtual hosts */
	struct absolute_path absolute; /* of the root, as --root names it */
};

struct resource {
	int site_directory; /* descriptor: the root, or with --vhosts a subdirectory of it */
	struct absolute_path absolute; /* of the site's directory, as --root and the host name it */
	int file;          /* descriptor of a regular file, or of a directory to list; or -1 */
	bool is_directory; /* named without the slash at its end: respond with a redirection */
	bool
	    has_slash_too_many; /* only with --extension; named with a slash at its end: likewise */
	bool is_listing; /* `file` is a directory without an index file: respond with a listing */
	bool has_rules;  /* _redirects and _headers in the site's directory are not served */
	bool is_rules_file;     /* links led to one of them */
	bool is_site_directory; /* links led to the site's directory */
	bool through_links;     /* the path has symbolic links in it */
	bool name_is_link;      /* the last component of the path is one */
	struct stat stat;
	/* Canonical path, with the name of the index file or the extension; NUL-terminated. */
	struct view path;
	/*
	 * The path that hits are counted under, after "//host" with --vhosts: `path`; or the real path
	 * of the file if `path` has more than one link in it, or one to a directory that contains it
	 * (real_path.h).
	 */
	struct view hit_path;
	char buffer[2 + NAME_MAX + TARGET_PATH_MAX + NAME_MAX + 1];
	char hit_buffer[2 + NAME_MAX + 1 + PATH_MAX + 1]; /* of a hit path that is a real path */
};

/* A name in a directory that has been opened, or of a file beside one, fits into a buffer of PATH_MAX bytes. */
_Static_assert((int)TARGET_PATH_MAX + 2 * NAME_MAX < PATH_MAX, "a path and two names");

/* Opens the root directory. Returns false with errno set. */
bool site_open(struct site *site, const struct options *options);

/* Whether the root directory can still be entered. */
bool site_is_usable(const struct site *site);

/*
 * Opens the file that the target names on the site of the host: a regular file, or with --list a
 * directory without an index file. Never blocks on a FIFO or a device. Refusals: 404 "host-unknown",
 * "hidden", "rules-file", "not-found", "not-a-regular-file", "target-escapes-root", "symlink-loop",
 * "name-too-long"; 403 "file-forbidden"; 500 "file-open-failed"; 503 "root-unusable" if the root
 * directory cannot be entered. The caller calls resource_close, whatever the result.
 */
struct refusal resource_open(const struct site *site, struct view host, const struct target *target,
                             struct resource *resource);

/*
 * Opens as resource_open does, but where that would be redirected, the file at the end: the index file of a
 * directory that is named without its slash, or the file of --extension without the slash too many. Changes
 * the target accordingly. Refusals: those of resource_open, and 404 "not-found" for a listing.
 */
struct refusal resource_open_final(const struct site *site, struct view host, struct target *target,
                                   struct resource *resource);

/*
 * Opens only the directory of the host's site, for resource_open_rules. Refusals: 404 "host-unknown",
 * 503 "root-unusable". The caller calls resource_close, whatever the result.
 */
struct refusal resource_open_site(const struct site *site, struct view host,
                                  struct resource *resource);

/*
 * Opens a name of the same site as real_path_open does. `name`: relative to the site's directory.
 */
int resource_open_name(const struct resource *resource, const char *name, enum opening opening);

/*
 * Opens a file of rules for reading. `name`: relative to the site's directory, and may be a link there.
 * Returns a descriptor, or -1 with errno set: ENOENT or EISDIR if the site has no such file.
 */
int resource_open_rules(const struct resource *resource, const char *name);

/* Whether an errno means that the system failed to open a path, rather than that nothing is served there. */
bool resource_may_exist(int error);

/*
 * Opens another regular file of the same site for reading. `name`: relative to the site's directory.
 * Returns a descriptor and fills in *stat, or returns -1 if there is no such readable file, or if links
 * lead to a file of rules.
 */
int resource_open_beside(const struct resource *resource, const char *name, struct stat *stat);

/*
 * Appends the path that hits of a file in a listed directory are counted under. `name`: the file's
 * name in the directory. Returns false if the path cannot be found.
 */
bool resource_add_hit_path(const struct resource *directory, struct view name,
                           struct buffer *hit_path);

/* Closes the resource's file, so that it is not served. The site's directory remains open. */
void resource_close_file(struct resource *resource);

/* Closes what resource_open has opened. */
void resource_close(const struct site *site, struct resource *resource);

#endif
