/*
 * Entity tags (RFC 9110 8.8.3): makes the tag of a file, and compares tags. conditions.h evaluates
 * the conditions of a request with them. Pure.
 */
#ifndef MAYFLY_HTTP_ENTITY_TAG_H
#define MAYFLY_HTTP_ENTITY_TAG_H

#include "base/buffer.h"
#include <time.h>

enum { ENTITY_TAG_MAX = 48 }; /* bytes of the longest tag of entity_tag_add */

/* The values of stat(2) that identify a version of a file. */
struct file_state {
	uint64_t size; /* bytes */
	uint64_t device;
	uint64_t inode;
	struct timespec modified; /* st_mtim */
	struct timespec changed;  /* st_ctim: changes with every write, and cannot be set */
};

/*
 * Appends the tag of a file in a content coding ("br", say; empty for the file itself): a hash of
 * times, device and inode, the size, and the coding. The hash hides the values that are not public;
 * two versions of one size have the same hash with a probability of 2^-64. The tag is strong (RFC
 * 9110 8.8.1) if both times are at least two seconds before `now`. Otherwise another change could
 * leave the times equal, so the tag is weak, and differs from each strong tag. Read the clock before
 * calling stat(2).
 */
/*@ requires buffer_is_valid(text) && \valid_read(file) && readable(coding) && is_apart(text, coding);
    requires \separated(text, file) && \separated(file, text->data + (0 .. text->capacity - 1));
    requires now.tv_sec >= INT64_MIN + 2;
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures buffer_is_valid(text) && text->length >= \old(text->length); */
void entity_tag_add(struct buffer *text, const struct file_state *file, struct view coding,
                    struct timespec now);

/* Whether two tags are equal (RFC 9110 8.8.3.2); an empty view equals nothing. */
enum comparison {
	COMPARE_STRONG, /* the same opaque part, and neither is weak */
	COMPARE_WEAK,   /* the same opaque part */
};
/*@ requires readable(a) && readable(b);
    assigns \nothing;
    ensures \result ==> a.length > 0 && b.length > 0;
    ensures \result && comparison == COMPARE_STRONG ==> a.length == b.length; */
bool entity_tag_equal(struct view a, struct view b, enum comparison comparison);

/*
 * Whether a list of tags, as in If-Match and If-None-Match (RFC 9110 13.1), has one that equals
 * `tag`. Skips empty members (RFC 9110 5.6.1). Returns false if the list is malformed.
 */
/*@ requires readable(list) && readable(tag);
    assigns \nothing;
    ensures \result ==> list.length > 0 && tag.length > 0; */
bool entity_tag_in_list(struct view list, struct view tag, enum comparison comparison);

#endif
