/*
 * Ranges (RFC 9110 14): parses the Range field, and formats Content-Range and the headers of
 * multipart/byteranges. conditions.h decides whether the Range field applies. Pure.
 */
#ifndef MAYFLY_HTTP_RANGE_H
#define MAYFLY_HTTP_RANGE_H

#include "base/buffer.h"

enum {
	/* More than an honest client requests at once; limits the work for one request. */
	RANGES_MAX = 16,
	/* Enough for the header of a part without its type, and for the end, if the boundary is below 200 bytes. */
	RANGES_PART_HEAD_MAX = 512,
};

struct range {
	uint64_t first, last; /* byte offsets, both inclusive */
};

struct ranges {
	uint64_t whole; /* length of the representation in bytes */
	size_t count;   /* 1: a 206 with Content-Range; more: one with multipart/byteranges */
	struct range ranges[RANGES_MAX]; /* in the order of the request */
};

enum ranges_outcome {
	RANGES_IGNORED,       /* send the whole representation: 200 */
	RANGES_SATISFIABLE,   /* send *ranges: 206 */
	RANGES_UNSATISFIABLE, /* 416 */
};

/*@ predicate ranges_are_disjoint(struct ranges *r) =
      \forall integer i, j; 0 <= j < i < r->count ==>
        r->ranges[i].last < r->ranges[j].first || r->ranges[j].last < r->ranges[i].first; */

/*
 * Parses the value of a Range field (RFC 9110 14.1.2, 14.2) for a representation of `whole` bytes.
 * Ranges are cut at its end; ranges after its end are dropped, if at least one range remains.
 * The field is ignored if its unit is unknown, it is malformed, has more than RANGES_MAX members, or
 * two of its ranges overlap. The parts therefore never hold more bytes than the whole, headers
 * excluded. Ranges may be in any order, and stay in it (RFC 9110 15.3.7.2). For an empty
 * representation "first-" is unsatisfiable and "-suffix" is ignored, because Content-Range cannot
 * express zero bytes.
 */
/*@ requires readable(value) && \valid(ranges);
    assigns *ranges;
    ensures ranges->whole == whole;
    ensures \result == RANGES_SATISFIABLE ==> 1 <= ranges->count <= RANGES_MAX && ranges_are_disjoint(ranges);
    ensures \result == RANGES_SATISFIABLE ==> \forall integer i; 0 <= i < ranges->count ==>
      ranges->ranges[i].first <= ranges->ranges[i].last < whole; */
enum ranges_outcome ranges_parse(struct view value, uint64_t whole, struct ranges *ranges);

/*@ requires range.first <= range.last < UINT64_MAX;
    assigns \nothing;
    ensures \result == range.last - range.first + 1; */
static inline uint64_t range_length(struct range range)
{
	return range.last - range.first + 1;
}

/*
 * Append the value of Content-Range (RFC 9110 14.4): "bytes 0-99/1000" for 206; for 416 with an
 * asterisk instead of the range.
 */
void range_add_content_range(struct buffer *text, struct range range, uint64_t whole);
void range_add_unsatisfied(struct buffer *text, uint64_t whole);

/*
 * multipart/byteranges (RFC 9110 14.6, RFC 2046 5.1): each range has a header and its bytes; the
 * end follows the last one. The boundary has at most 70 letters and digits, and enough randomness
 * that the content does not contain it by chance: 16 random characters. media_type is the
 * representation's.
 */
void ranges_add_multipart_type(struct buffer *text, struct view boundary);
void ranges_add_part_head(struct buffer *text, const struct ranges *ranges, size_t index,
                          struct view boundary, struct view media_type);
void ranges_add_end(struct buffer *text, struct view boundary);

/* The exact length of the whole multipart body, in bytes. */
uint64_t ranges_multipart_length(const struct ranges *ranges, struct view boundary,
                                 struct view media_type);

#endif
