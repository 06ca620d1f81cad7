/*
 * Entity tags (RFC 9110 8.8.3): making one for a state of a file, and comparing it with those that
 * a client names. What follows from a match is for conditions.h to say.
 */
#ifndef MAYFLY_HTTP_ENTITY_TAG_H
#define MAYFLY_HTTP_ENTITY_TAG_H

#include "base/buffer.h"
#include <time.h>

enum { ENTITY_TAG_MAX = 48 }; /* bytes of the longest tag that is made here */

/* What tells one state of a file's bytes from another, as stat(2) has it. */
struct file_state {
	uint64_t size; /* bytes */
	uint64_t device;
	uint64_t inode;
	struct timespec modified; /* st_mtim */
	struct timespec changed;  /* st_ctim: moves with every write, and nobody can set it back */
};

/*
 * Appends the tag of a file's representation in a content coding (for example "br"; empty for the
 * bytes as they are): a hash of times, device and inode, the size, the coding. The size and the
 * coding are public anyway and so cannot collide; the hash keeps the rest from view. Two states of
 * a file with one size share a hash once in 2^64. The tag is strong (RFC 9110 8.8.1) once the file
 * has rested: while it was modified or changed less than two seconds before `now`, or after it, a
 * further change could leave the same times behind, so the tag is weak and its opaque part one that
 * no strong tag ever has. The clock is to be read no later than the file's state.
 */
void entity_tag_add(struct buffer *text, const struct file_state *file, struct view coding,
                    struct timespec now);

/* How two tags are compared (RFC 9110 8.8.3.2). An empty view equals nothing. */
enum comparison {
	COMPARE_STRONG, /* the same opaque part, and neither is weak */
	COMPARE_WEAK,   /* the same opaque part */
};
bool entity_tag_equal(struct view a, struct view b, enum comparison comparison);

/*
 * Whether a list of tags, as in If-Match and If-None-Match (RFC 9110 13.1), has one that equals
 * `tag`. Empty members are skipped (RFC 9110 5.6.1); a list in which anything else stands has none.
 */
bool entity_tag_in_list(struct view list, struct view tag, enum comparison comparison);

#endif
