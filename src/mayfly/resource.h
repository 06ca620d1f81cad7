/* The resource that a canonical path names: a file beneath the site's folder, held open. */
#ifndef MAYFLY_RESOURCE_H
#define MAYFLY_RESOURCE_H

#include "http/status.h"
#include "http/target.h"
#include "options.h"
#include <limits.h>
#include <sys/stat.h>

struct site {
	int root;                      /* descriptor of the root directory */
	const struct options *options; /* names of indexes, virtual hosts */
};

struct resource {
	int folder;         /* descriptor of the site's folder: the root, or a host's beneath it */
	int file;           /* descriptor of a regular file, or of a directory to list; or -1 */
	bool is_directory;  /* named without its slash: the client is to be sent to the name with it
	                    */
	bool is_listing;    /* `file` is the directory, named with its slash, that has no index */
	bool through_links; /* symbolic links led to `file` */
	struct stat stat;
	struct view path; /* the target's canonical path, the index named; terminated */
	/* What hits are counted under, "//host" before it on a host's site: the path; or, if this has
	 * more than one link in it, or one to a directory that contains it, that of the file without
	 * links (real_path.h). */
	struct view hit_path;
	char buffer[2 + NAME_MAX + TARGET_PATH_MAX + NAME_MAX + 1];
	char hit_buffer[2 + NAME_MAX + 1 + PATH_MAX + 1]; /* of such a hit path */
};

/* Opens the root directory. Returns false with errno set. */
bool site_open(struct site *site, const struct options *options);

/* Whether the root directory can still be entered. */
bool site_is_usable(const struct site *site);

/*
 * Opens what the path names on the site of the host. Nothing but regular files is served, and,
 * where the options say so, a listing of a directory without an index; nothing that would block is
 * waited for. Refusals: 404 "host-unknown", "hidden", "not-found", "not-a-regular-file",
 * "target-escapes-root", "symlink-loop", "name-too-long"; 403 "file-forbidden"; 500
 * "file-open-failed"; 503 "root-unusable" if the root directory cannot be entered. Whatever the result, resource_close is to be called.
 */
struct refusal resource_open(const struct site *site, struct view host, const struct target *target,
                             struct resource *resource);

/*
 * Opens another regular file beneath the site's folder, for reading. Returns a descriptor and its
 * status, or -1 where there is none that can be read.
 */
int resource_open_beside(const struct resource *resource, const char *name, struct stat *stat);

/*
 * Appends what hits on a name of a directory's listing are counted under. Returns false if that is not
 * to be found now.
 */
bool resource_add_hit_path(const struct resource *directory, struct view name,
                           struct buffer *hit_path);

/* Closes what resource_open has opened, but for the site's root. */
void resource_close(const struct site *site, struct resource *resource);

#endif
