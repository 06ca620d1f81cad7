/* Parses ranges and formats their headers; see range.h. */
#include "range.h"
#include "base/parse.h"
#include "list.h"

/*@ requires \valid(range);
    assigns *range;
    ensures \result == RANGES_SATISFIABLE ==> range->first <= range->last < whole; */
static enum ranges_outcome resolve_suffix(uint64_t suffix, uint64_t whole, struct range *range)
{
	if (suffix == 0)
		return RANGES_UNSATISFIABLE;
	if (whole == 0)
		return RANGES_IGNORED;
	*range = (struct range){suffix < whole ? whole - suffix : 0, whole - 1};
	return RANGES_SATISFIABLE;
}

/* "first-last", "first-" or "-suffix" (RFC 9110 14.1.1). No file reaches a number above 64 bits. */
/*@ requires \valid(range) && readable(spec);
    assigns *range;
    ensures \result == RANGES_SATISFIABLE ==> range->first <= range->last < whole; */
static enum ranges_outcome read_spec(struct view spec, uint64_t whole, struct range *range)
{
	uint64_t first, last;
	bool fits;
	bool has_first = parse_digits(&spec, &first, &fits);
	if (spec.length == 0 || spec.data[0] != '-')
		return RANGES_IGNORED;
	spec = view_from(spec, 1);
	bool has_last = parse_digits(&spec, &last, &fits);
	if (spec.length > 0 || (!has_first && !has_last))
		return RANGES_IGNORED;
	if (!has_first)
		return resolve_suffix(last, whole, range);
	if (has_last && last < first)
		return RANGES_IGNORED;
	if (first >= whole)
		return RANGES_UNSATISFIABLE;
	*range = (struct range){first, has_last && last < whole ? last : whole - 1};
	return RANGES_SATISFIABLE;
}

/*@ requires a.first <= a.last && b.first <= b.last;
    assigns \nothing;
    ensures !\result <==> a.last < b.first || b.last < a.first; */
static bool range_overlaps(struct range a, struct range b)
{
	return a.first <= b.last && b.first <= a.last;
}

/*
 * Overlapping ranges indicate a broken client or an attack (RFC 9110 14.2). Their order does not: the
 * index of an archive or a map is at its end, and a client that has read it asks for parts in the order
 * in which it needs them.
 */
/*@ requires \valid_read(ranges) && ranges->count <= RANGES_MAX;
    requires \forall integer i; 0 <= i < ranges->count ==> ranges->ranges[i].first <= ranges->ranges[i].last;
    assigns \nothing;
    ensures !\result ==> ranges_are_disjoint(ranges); */
static bool ranges_overlap(const struct ranges *ranges)
{
	/*@ loop invariant 1 <= i && (i <= ranges->count || ranges->count == 0);
	    loop invariant \forall integer k, l; 0 <= l < k < i ==>
	      ranges->ranges[k].last < ranges->ranges[l].first || ranges->ranges[l].last < ranges->ranges[k].first;
	    loop assigns i;
	    loop variant ranges->count - i; */
	for (size_t i = 1; i < ranges->count; i++)
		/*@ loop invariant j <= i;
		    loop invariant \forall integer l; 0 <= l < j ==>
		      ranges->ranges[i].last < ranges->ranges[l].first || ranges->ranges[l].last < ranges->ranges[i].first;
		    loop assigns j;
		    loop variant i - j; */
		for (size_t j = 0; j < i; j++)
			if (range_overlaps(ranges->ranges[i], ranges->ranges[j]))
				return true;
	return false;
}

enum ranges_outcome ranges_parse(struct view value, uint64_t whole, struct ranges *ranges)
{
	struct view spec;
	size_t members = 0;
	ranges->whole = whole;
	ranges->count = 0;
	if (!parse_prefix(&value, VIEW("bytes=")))
		return RANGES_IGNORED;
	/*@ loop invariant readable(value) && value.length <= \at(value.length, Pre);
	    loop invariant ranges->count <= members <= RANGES_MAX && ranges->whole == whole;
	    loop invariant \forall integer i; 0 <= i < ranges->count ==>
	      ranges->ranges[i].first <= ranges->ranges[i].last < whole;
	    loop assigns value, spec, members, *ranges;
	    loop variant value.length; */
	while (list_next(&value, &spec)) {
		struct range range;
		enum ranges_outcome next_action = read_spec(spec, whole, &range);
		if (next_action == RANGES_IGNORED || ++members > RANGES_MAX)
			return RANGES_IGNORED;
		if (next_action == RANGES_SATISFIABLE)
			ranges->ranges[ranges->count++] = range;
	}
	if (members == 0 || ranges_overlap(ranges))
		return RANGES_IGNORED;
	return ranges->count > 0 ? RANGES_SATISFIABLE : RANGES_UNSATISFIABLE;
}

void range_add_content_range(struct buffer *text, struct range range, uint64_t whole)
{
	buffer_add(text, VIEW("bytes "));
	buffer_add_number(text, range.first);
	buffer_add(text, VIEW("-"));
	buffer_add_number(text, range.last);
	buffer_add(text, VIEW("/"));
	buffer_add_number(text, whole);
}

void range_add_unsatisfied(struct buffer *text, uint64_t whole)
{
	buffer_add(text, VIEW("bytes */"));
	buffer_add_number(text, whole);
}

void ranges_add_multipart_type(struct buffer *text, struct view boundary)
{
	buffer_add(text, VIEW("multipart/byteranges; boundary="));
	buffer_add(text, boundary);
}

/* The CRLF before a boundary belongs to it; before the first one, it ends an empty preamble. */
static void add_boundary(struct buffer *text, struct view boundary)
{
	buffer_add(text, VIEW("\r\n--"));
	buffer_add(text, boundary);
}

void ranges_add_part_head(struct buffer *text, const struct ranges *ranges, size_t index,
                          struct view boundary, struct view media_type)
{
	add_boundary(text, boundary);
	buffer_add(text, VIEW("\r\nContent-Type: "));
	buffer_add(text, media_type);
	buffer_add(text, VIEW("\r\nContent-Range: "));
	range_add_content_range(text, ranges->ranges[index], ranges->whole);
	buffer_add(text, VIEW("\r\n\r\n"));
}

void ranges_add_end(struct buffer *text, struct view boundary)
{
	add_boundary(text, boundary);
	buffer_add(text, VIEW("--\r\n"));
}

uint64_t ranges_multipart_length(const struct ranges *ranges, struct view boundary,
                                 struct view media_type)
{
	char buffer[RANGES_PART_HEAD_MAX];
	struct buffer text = BUFFER(buffer);
	ranges_add_end(&text, boundary);
	uint64_t length = text.length;
	for (size_t i = 0; i < ranges->count; i++) {
		text = BUFFER(buffer);
		ranges_add_part_head(&text, ranges, i, boundary, VIEW(""));
		length += text.length + media_type.length + range_length(ranges->ranges[i]);
	}
	return length;
}
