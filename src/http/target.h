/*
 * The request target (RFC 9112 3.2): from the bytes of the request line to the canonical path of a
 * resource. Pure. Which file a path names is the handler's resource.c.
 */
#ifndef MAYFLY_HTTP_TARGET_H
#define MAYFLY_HTTP_TARGET_H

#include "base/view.h"
#include "status.h"

enum {
	/* Bytes of a decoded path: with an index's name behind it, a record of the counter file
	   holds it. */
	TARGET_PATH_MAX = 3500,
};

struct target {
	/*
	 * Percent-decoded once, dot segments removed (RFC 3986 5.2.4), runs of slashes made one;
	 * begins with "/", ends with "/" where it names a directory; terminated, and without NUL
	 * inside.
	 */
	char path[TARGET_PATH_MAX + 1];
	size_t path_length;
	bool has_query;
	struct view query;     /* behind the "?", as it was sent */
	struct view authority; /* of the absolute-form, else empty */
};

/*
 * Reads an origin-form or absolute-form target. Refusals: 400 for a target of another form, bad
 * percent-encoding, an encoded NUL, a fragment; 414 for a path longer than TARGET_PATH_MAX. The
 * path is then empty.
 */
struct refusal target_parse(struct view raw, struct target *target);

static inline struct view target_path(const struct target *target)
{
	return (struct view){target->path, target->path_length};
}

/* Whether a canonical path has a segment that begins with a dot, the leading /.well-known/ aside.
 */
bool target_is_hidden(struct view path);

#endif
