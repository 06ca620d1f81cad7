/*
 * Ranges: the sent bytes are, byte by byte, those that a slow reference finds in the
 * field, and a multipart body has the announced length. The reference marks each byte of
 * a small representation.
 */
#include "fuzz.h"
#include "http/range.h"
#include <ctype.h>

enum {
	WHOLE_MAX = 300, /* bytes of a representation that the reference can mark */
	TEXT_MAX = 1000,
};

/* Result of the reference: how often each byte was requested, and properties of the field. */
struct reference {
	bool malformed;
	bool suffix_of_nothing; /* "-5" of an empty representation */
	unsigned members;
	unsigned satisfiable;
	uint64_t firsts[RANGES_MAX]; /* first byte of each satisfiable member, in their order */
	unsigned requested[WHOLE_MAX];
};

/* A number too large for 64 bits counts as the largest, as range.h says and strtoull does. */
static uint64_t number_of(const char *digits, size_t length)
{
	char copy[TEXT_MAX + 1] = "";
	memcpy(copy, digits, length);
	return strtoull(copy, NULL, 10);
}

static void mark(struct reference *reference, uint64_t first, uint64_t last)
{
	reference->firsts[reference->satisfiable++ % RANGES_MAX] = first;
	for (uint64_t at = first; at <= last; at++)
		reference->requested[at]++;
}

/* Evaluates one member, without white space around it. */
static void reference_add_member(struct reference *reference, const char *member, uint64_t whole)
{
	size_t digits = strspn(member, "0123456789");
	const char *last_digits = member + digits + 1;
	size_t more = member[digits] == '-' ? strspn(last_digits, "0123456789") : 0;
	if (member[digits] != '-' || last_digits[more] != '\0' || digits + more == 0) {
		reference->malformed = true;
		return;
	}
	reference->members++;
	uint64_t first = number_of(member, digits), last = number_of(last_digits, more);
	if (digits == 0) {
		reference->suffix_of_nothing |= last > 0 && whole == 0;
		if (last > 0 && whole > 0)
			mark(reference, last < whole ? whole - last : 0, whole - 1);
		return;
	}
	if (more > 0 && last < first)
		reference->malformed = true;
	else if (first < whole)
		mark(reference, first, more > 0 && last < whole ? last : whole - 1);
}

static void reference_parse(struct reference *reference, char *value, uint64_t whole)
{
	char *rest = value + strlen("bytes="), *member;
	*reference = (struct reference){0};
	if (strncasecmp(value, "bytes=", strlen("bytes=")) != 0) {
		reference->malformed = true;
		return;
	}
	while ((member = strsep(&rest, ",")) != NULL) {
		member += strspn(member, " \t");
		for (size_t end = strlen(member); end > 0 && isblank(member[end - 1]); end--)
			member[end - 1] = '\0';
		if (*member != '\0')
			reference_add_member(reference, member, whole);
	}
}

static bool overlap(const struct reference *reference)
{
	for (size_t at = 0; at < WHOLE_MAX; at++)
		if (reference->requested[at] > 1)
			return true;
	return false;
}

static enum ranges_outcome expected(const struct reference *reference)
{
	if (reference->malformed || reference->suffix_of_nothing || reference->members == 0 ||
	    reference->members > RANGES_MAX || overlap(reference))
		return RANGES_IGNORED;
	return reference->satisfiable > 0 ? RANGES_SATISFIABLE : RANGES_UNSATISFIABLE;
}

static void expect_coverage(const struct reference *reference, const struct ranges *ranges)
{
	unsigned covered[WHOLE_MAX] = {0};
	HOLDS(ranges->count == reference->satisfiable && ranges->count <= RANGES_MAX);
	for (size_t i = 0; i < ranges->count; i++) {
		HOLDS(ranges->ranges[i].first <= ranges->ranges[i].last);
		HOLDS(ranges->ranges[i].last < ranges->whole);
		HOLDS(ranges->ranges[i].first == reference->firsts[i]);
		for (uint64_t at = ranges->ranges[i].first; at <= ranges->ranges[i].last; at++)
			covered[at]++;
	}
	HOLDS(memcmp(covered, reference->requested, sizeof covered) == 0);
}

static void expect_length(const struct ranges *ranges)
{
	const struct view boundary = VIEW("0123456789abcdef"), type = VIEW("text/plain");
	char buffer[RANGES_PART_HEAD_MAX];
	uint64_t length = 0;
	for (size_t i = 0; i < ranges->count; i++) {
		struct buffer text = BUFFER(buffer);
		ranges_add_part_head(&text, ranges, i, boundary, type);
		HOLDS(!text.truncated);
		length += text.length + range_length(ranges->ranges[i]);
	}
	struct buffer end = BUFFER(buffer);
	ranges_add_end(&end, boundary);
	HOLDS(ranges_multipart_length(ranges, boundary, type) == length + end.length);
}

/* For a representation of any size: no byte is sent twice, and none beyond its end. */
static void expect_bounds(struct view value, uint64_t whole)
{
	struct ranges ranges;
	uint64_t sum = 0;
	if (ranges_parse(value, whole, &ranges) != RANGES_SATISFIABLE)
		return;
	HOLDS(ranges.count > 0 && ranges.count <= RANGES_MAX);
	for (size_t i = 0; i < ranges.count; i++) {
		HOLDS(ranges.ranges[i].first <= ranges.ranges[i].last &&
		      ranges.ranges[i].last < whole);
		HOLDS(range_length(ranges.ranges[i]) <= whole - sum);
		sum += range_length(ranges.ranges[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reference reference;
	struct input input = {data, size};
	struct ranges ranges;
	char value[TEXT_MAX + 1] = "";
	uint64_t large = take(&input, 8);
	uint64_t whole = take(&input, 2) % WHOLE_MAX;
	struct view field = take_rest(&input);
	if (field.length > TEXT_MAX || memchr(field.data, '\0', field.length) != NULL)
		return 0;
	expect_bounds(field, large);

	memcpy(value, field.data, field.length);
	reference_parse(&reference, value, whole);
	enum ranges_outcome result = ranges_parse(field, whole, &ranges);
	HOLDS(result == expected(&reference));
	if (result != RANGES_SATISFIABLE)
		return 0;
	expect_coverage(&reference, &ranges);
	expect_length(&ranges);
	return 0;
}
