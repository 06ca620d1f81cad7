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
	size_t path_length;
	bool has_query;
	struct view query;     /* after the "?", as received */
	struct view authority; /* of an absolute-form, otherwise empty */
	/*
	 * Percent-decoded once, without dot segments (RFC 3986 5.2.4) and repeated slashes. Begins
	 * with "/", ends with "/" if it names a directory. NUL-terminated, no NUL inside.
	 */
	char path[TARGET_PATH_MAX + 1];
};

/*@ // The segment that begins at `from` is not empty, "." or "..".
    predicate is_clean_segment(char *path, integer length, integer from) =
      path[from] != '/' &&
      (path[from] == '.' ==> from + 1 < length && path[from + 1] != '/') &&
      (path[from] == '.' && path[from + 1] == '.' ==> from + 2 < length && path[from + 2] != '/');
    // No segment of a path is; except that the last one may be empty. No byte is NUL.
    predicate is_canonical(char *path, integer length) =
      (\forall integer i; 0 <= i < length ==> path[i] != '\0') &&
      (\forall integer i; 0 <= i < length - 1 && path[i] == '/' ==> is_clean_segment(path, length, i + 1)); */

/*
 * Parses a target in origin-form or absolute-form. Refuses other forms, bad percent-encoding, an
 * encoded NUL and a fragment with 400, and a path longer than TARGET_PATH_MAX with 414; the path is
 * then empty.
 */
/*@ requires readable(raw) && raw.length < INT64_MAX && \valid(target);
    assigns *target;
    ensures target->path_length <= TARGET_PATH_MAX;
    ensures readable(target->query) && readable(target->authority);
    ensures \result.status != 0 ==> target->path_length == 0;
    ensures \result.status == 0 ==> target->path_length > 0 && target->path[0] == '/' &&
      target->path[target->path_length] == '\0';
    ensures \result.status == 0 ==> is_canonical(&target->path[0], target->path_length); */
struct refusal target_parse(struct view raw, struct target *target);

/*@ requires \valid_read(target) && target->path_length <= TARGET_PATH_MAX;
    assigns \nothing;
    ensures readable(\result) && \result.data == &target->path[0] && \result.length == target->path_length; */
static inline struct view target_path(const struct target *target)
{
	return (struct view){target->path, target->path_length};
}

/* Whether a segment of a canonical path begins with a dot; a leading /.well-known/ is allowed. */
/*@ requires readable(path);
    assigns \nothing; */
bool target_is_hidden(struct view path);

#endif
