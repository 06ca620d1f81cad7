/*
 * The request target (RFC 9112 3.2): converts it to the canonical path of a resource. Pure. The
 * handler's resource.c finds the file for a path.
 */
#ifndef MAYFLY_HTTP_TARGET_H
#define MAYFLY_HTTP_TARGET_H

#include "base/view.h"
#include "status.h"

enum {
	/* Bytes of a decoded path: together with the name of an index file it fits a record of the
	 * counter file. */
	TARGET_PATH_MAX = 3500,
};

struct target {
	/*
	 * Percent-decoded once, without dot segments (RFC 3986 5.2.4) and repeated slashes. Begins
	 * with "/", ends with "/" if it names a directory. NUL-terminated, no NUL inside.
	 */
	char path[TARGET_PATH_MAX + 1];
	size_t path_length;
	bool has_query;
	struct view query;     /* after the "?", as received */
	struct view authority; /* of an absolute-form, otherwise empty */
};

/*
 * Parses a target in origin-form or absolute-form. Refuses other forms, bad percent-encoding, an
 * encoded NUL and a fragment with 400, and a path longer than TARGET_PATH_MAX with 414; the path is
 * then empty.
 */
struct refusal target_parse(struct view raw, struct target *target);

static inline struct view target_path(const struct target *target)
{
	return (struct view){target->path, target->path_length};
}

/* Whether a segment of a canonical path begins with a dot; a leading /.well-known/ is allowed. */
bool target_is_hidden(struct view path);

#endif
