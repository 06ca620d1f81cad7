/*
 * Ranges (RFC 9110 14): which bytes a Range field asks for, and the heads that go before them,
 * alone or as parts of multipart/byteranges. Whether the field counts at all is for conditions.h
 * to say.
 */
#ifndef MAYFLY_HTTP_RANGE_H
#define MAYFLY_HTTP_RANGE_H

#include "base/buffer.h"

enum {
	/* More than a reader asks for at once who knows what it lacks; a bound for the work. */
	RANGES_MAX = 16,
	/* Room for a part's head, and for the end, where boundary and type are below 200 bytes. */
	RANGES_PART_HEAD_MAX = 512,
};

struct range {
	uint64_t first, last; /* offsets of bytes, both of them in the range */
};

struct ranges {
	uint64_t whole; /* bytes of the representation */
	size_t count;   /* 1: a 206 with Content-Range; more: one with multipart/byteranges */
	struct range ranges[RANGES_MAX]; /* in the order in which they were asked for */
};

enum ranges_outcome {
	RANGES_IGNORED,       /* answer with the whole: 200 */
	RANGES_SATISFIABLE,   /* answer with what is in *ranges: 206 */
	RANGES_UNSATISFIABLE, /* 416 */
};

/*
 * Reads the value of a Range field (RFC 9110 14.1.2, 14.2) for a representation of `whole` bytes.
 * Ranges are clamped at its end; those that lie behind it are left out, as long as one does not.
 * Ignored are: an unknown unit, a malformed value, more than RANGES_MAX members, ranges that
 * overlap, and more than two that do not ascend, so that what is sent never exceeds the whole but
 * for the heads of the parts. An empty representation satisfies no "first-", and to "-suffix" it
 * is sent as a whole, as Content-Range cannot tell of no bytes.
 */
enum ranges_outcome ranges_parse(struct view value, uint64_t whole, struct ranges *ranges);

static inline uint64_t range_length(struct range range)
{
	return range.last - range.first + 1;
}

/*
 * Append the value of Content-Range (RFC 9110 14.4): "bytes 0-99/1000" of a 206, and that of a
 * 416, where an asterisk stands in place of the range.
 */
void range_add_content_range(struct buffer *text, struct range range, uint64_t whole);
void range_add_unsatisfied(struct buffer *text, uint64_t whole);

/*
 * multipart/byteranges (RFC 9110 14.6, RFC 2046 5.1): for each range its head and its bytes, at
 * last the end. The boundary is of letters and digits, at most 70, and such that the bytes cannot
 * hold it by chance: 16 random ones are enough. The media type is that of the representation.
 */
void ranges_add_multipart_type(struct buffer *text, struct view boundary);
void ranges_add_part_head(struct buffer *text, const struct ranges *ranges, size_t index,
                          struct view boundary, struct view media_type);
void ranges_add_end(struct buffer *text, struct view boundary);

/* The exact Content-Length of that body. */
uint64_t ranges_multipart_length(const struct ranges *ranges, struct view boundary,
                                 struct view media_type);

#endif
