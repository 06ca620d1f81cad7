/* Range requests: the ranges that each value selects, and the bytes of a multipart body. */
#include "heap_copy.h"
#include "http/range.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint64_t TWO_TO_63 = UINT64_C(1) << 63;

struct range_case {
	const char *value;
	uint64_t whole;
	enum ranges_outcome result;
	size_t count;
	struct range ranges[4];
};

/* Parses a heap copy, so that AddressSanitizer notices a byte read beyond it. */
static enum ranges_outcome parse(const char *value, uint64_t whole, struct ranges *ranges)
{
	struct view copy = heap_copy(view_of(value));
	enum ranges_outcome result = ranges_parse(copy, whole, ranges);
	heap_free(copy);
	return result;
}

static void expect_case(const struct range_case *c)
{
	struct ranges ranges;
	enum ranges_outcome result = parse(c->value, c->whole, &ranges);
	if (result != c->result)
		fail_msg("%s: %d, not %d", c->value, (int)result, (int)c->result);
	if (result != RANGES_SATISFIABLE)
		return;
	assert_true(ranges.whole == c->whole);
	if (ranges.count != c->count)
		fail_msg("%s: %zu ranges, not %zu", c->value, ranges.count, c->count);
	for (size_t i = 0; i < c->count; i++)
		if (ranges.ranges[i].first != c->ranges[i].first ||
		    ranges.ranges[i].last != c->ranges[i].last)
			fail_msg("%s: range %zu is %llu-%llu", c->value, i,
			         (unsigned long long)ranges.ranges[i].first,
			         (unsigned long long)ranges.ranges[i].last);
}

static void expect_cases(const struct range_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_case(&cases[i]);
}

#define EXPECT(cases) expect_cases((cases), sizeof(cases) / sizeof(cases)[0])

static void test_single_range_is_selected(void **state)
{
	static const struct range_case CASES[] = {
	    {"bytes=0-499", 10000, RANGES_SATISFIABLE, 1, {{0, 499}}},
	    {"bytes=500-999", 10000, RANGES_SATISFIABLE, 1, {{500, 999}}},
	    {"bytes=-500", 10000, RANGES_SATISFIABLE, 1, {{9500, 9999}}},
	    {"bytes=9500-", 10000, RANGES_SATISFIABLE, 1, {{9500, 9999}}},
	    {"bytes=0-", 10000, RANGES_SATISFIABLE, 1, {{0, 9999}}},
	    {"bytes=0-0", 10000, RANGES_SATISFIABLE, 1, {{0, 0}}},
	    {"bytes=-1", 10000, RANGES_SATISFIABLE, 1, {{9999, 9999}}},
	    {"bytes=9999-", 10000, RANGES_SATISFIABLE, 1, {{9999, 9999}}},
	    {"bytes=9999-9999", 10000, RANGES_SATISFIABLE, 1, {{9999, 9999}}},
	    {"bytes=0-9999", 10000, RANGES_SATISFIABLE, 1, {{0, 9999}}},
	    {"bytes=0-0", 1, RANGES_SATISFIABLE, 1, {{0, 0}}},
	    {"bytes=-1", 1, RANGES_SATISFIABLE, 1, {{0, 0}}},
	    {"bytes=007-08", 10000, RANGES_SATISFIABLE, 1, {{7, 8}}},
	    {"BYTES=0-1", 10000, RANGES_SATISFIABLE, 1, {{0, 1}}},
	    {"Bytes=0-1", 10000, RANGES_SATISFIABLE, 1, {{0, 1}}},
	    {"bytes= 0-1", 10000, RANGES_SATISFIABLE, 1, {{0, 1}}},
	    {"bytes=,0-1 ,", 10000, RANGES_SATISFIABLE, 1, {{0, 1}}},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_range_is_cut_at_the_end(void **state)
{
	static const struct range_case CASES[] = {
	    {"bytes=0-10000", 10000, RANGES_SATISFIABLE, 1, {{0, 9999}}},
	    {"bytes=9999-10000", 10000, RANGES_SATISFIABLE, 1, {{9999, 9999}}},
	    {"bytes=-10000", 10000, RANGES_SATISFIABLE, 1, {{0, 9999}}},
	    {"bytes=-10001", 10000, RANGES_SATISFIABLE, 1, {{0, 9999}}},
	    {"bytes=-9999", 10000, RANGES_SATISFIABLE, 1, {{1, 9999}}},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_range_after_the_end_is_unsatisfiable(void **state)
{
	static const struct range_case CASES[] = {
	    {"bytes=10000-", 10000, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=10000-10001", 10000, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=-0", 10000, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=-000", 10000, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=10000-,20000-20001,-0", 10000, RANGES_UNSATISFIABLE, 0, {{0}}},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_empty_representation_has_no_range(void **state)
{
	static const struct range_case CASES[] = {
	    {"bytes=0-", 0, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=0-0", 0, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=5-9,7-", 0, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=-0", 0, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=-1", 0, RANGES_IGNORED, 0, {{0}}},
	    {"bytes=0-0,-5", 0, RANGES_IGNORED, 0, {{0}}},
	    {"bytes=x", 0, RANGES_IGNORED, 0, {{0}}},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_huge_numbers_do_not_overflow(void **state)
{
	static const char HUGE_LAST[] = "bytes=5-99999999999999999999999999999999999999";
	const struct range_case CASES[] = {
	    {HUGE_LAST, 10, RANGES_SATISFIABLE, 1, {{5, 9}}},
	    {HUGE_LAST, UINT64_MAX, RANGES_SATISFIABLE, 1, {{5, UINT64_MAX - 1}}},
	    {"bytes=18446744073709551615-", UINT64_MAX, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=18446744073709551616-", UINT64_MAX, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=18446744073709551616-18446744073709551617", 10, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=18446744073709551616-0", 10, RANGES_IGNORED, 0, {{0}}},
	    {"bytes=184467440737095516160-", 10, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=99999999999999999999999-", 10, RANGES_UNSATISFIABLE, 0, {{0}}},
	    {"bytes=-18446744073709551615", 10, RANGES_SATISFIABLE, 1, {{0, 9}}},
	    {"bytes=-18446744073709551616", 10, RANGES_SATISFIABLE, 1, {{0, 9}}},
	    {"bytes=-18446744073709551619", 10, RANGES_SATISFIABLE, 1, {{0, 9}}},
	    {"bytes=-99999999999999999999999", 10, RANGES_SATISFIABLE, 1, {{0, 9}}},
	    {"bytes=18446744073709551613-18446744073709551614",
	     UINT64_MAX,
	     RANGES_SATISFIABLE,
	     1,
	     {{UINT64_MAX - 2, UINT64_MAX - 1}}},
	    {"bytes=4294967296-4294967297",
	     TWO_TO_63,
	     RANGES_SATISFIABLE,
	     1,
	     {{4294967296, 4294967297}}},
	    {"bytes=9223372036854775807-",
	     TWO_TO_63,
	     RANGES_SATISFIABLE,
	     1,
	     {{TWO_TO_63 - 1, TWO_TO_63 - 1}}},
	    {"bytes=-1", TWO_TO_63, RANGES_SATISFIABLE, 1, {{TWO_TO_63 - 1, TWO_TO_63 - 1}}},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_several_ranges_are_kept_in_order(void **state)
{
	static const struct range_case CASES[] = {
	    {"bytes=0-0,-1", 10000, RANGES_SATISFIABLE, 2, {{0, 0}, {9999, 9999}}},
	    {"bytes=500-600,601-999", 10000, RANGES_SATISFIABLE, 2, {{500, 600}, {601, 999}}},
	    {"bytes=0-9 ,\t20-29,90-", 100, RANGES_SATISFIABLE, 3, {{0, 9}, {20, 29}, {90, 99}}},
	    {"bytes=0-1,4-5,8-9,-1",
	     100,
	     RANGES_SATISFIABLE,
	     4,
	     {{0, 1}, {4, 5}, {8, 9}, {99, 99}}},
	    {"bytes=,,0-1,, ,4-5,", 100, RANGES_SATISFIABLE, 2, {{0, 1}, {4, 5}}},
	    /* A range after the end is left out. */
	    {"bytes=0-1,100-,200-300", 100, RANGES_SATISFIABLE, 1, {{0, 1}}},
	    {"bytes=100-,0-1,-0", 100, RANGES_SATISFIABLE, 1, {{0, 1}}},
	    /* In any order, which the response keeps: for example the end of an archive first. */
	    {"bytes=-1,0-0", 100, RANGES_SATISFIABLE, 2, {{99, 99}, {0, 0}}},
	    {"bytes=50-59,40-49", 100, RANGES_SATISFIABLE, 2, {{50, 59}, {40, 49}}},
	    {"bytes=90-91,80-81,70-71", 100, RANGES_SATISFIABLE, 3, {{90, 91}, {80, 81}, {70, 71}}},
	    {"bytes=10-11,20-21,0-1", 100, RANGES_SATISFIABLE, 3, {{10, 11}, {20, 21}, {0, 1}}},
	    {"bytes=0-1,20-21,10-11", 100, RANGES_SATISFIABLE, 3, {{0, 1}, {20, 21}, {10, 11}}},
	    {"bytes=20-21,0-1,10-11", 100, RANGES_SATISFIABLE, 3, {{20, 21}, {0, 1}, {10, 11}}},
	    {"bytes=-1,0-0,50-59,40-49",
	     100,
	     RANGES_SATISFIABLE,
	     4,
	     {{99, 99}, {0, 0}, {50, 59}, {40, 49}}},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_overlapping_ranges_are_ignored(void **state)
{
	static const char *const VALUES[] = {
	    "bytes=0-,0-",           "bytes=0-0,0-0",           "bytes=0-10,10-20",
	    "bytes=10-20,0-10",      "bytes=0-99,20-29",        "bytes=20-29,0-99",
	    "bytes=0-1,4-5,5-6",     "bytes=0-1,1-5,8-9",       "bytes=0-1,-100",
	    "bytes=50-,-60",         "bytes=90-91,80-81,90-90", "bytes=10-19,30-39,0-10",
	    "bytes=30-39,0-1,20-30", "bytes=20-21,0-99,50-51",
	};
	struct ranges ranges;
	(void)state;
	for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++)
		if (parse(VALUES[i], 100, &ranges) != RANGES_IGNORED)
			fail_msg("%s: not ignored", VALUES[i]);
}

static void test_malformed_value_is_ignored(void **state)
{
	static const char *const VALUES[] = {
	    "",
	    "b",
	    "bytes",
	    "bytes=",
	    "bytes= ",
	    "bytes=,",
	    "bytes=, ,",
	    "bytes",
	    "bytes 0-1",
	    "bytes =0-1",
	    "bytes:0-1",
	    "0-1",
	    "=0-1",
	    "byte=0-1",
	    "bytess=0-1",
	    "xbytes=0-1",
	    "seconds=0-1",
	    "none",
	    "bytes=-",
	    "bytes=1",
	    "bytes=1-0",
	    "bytes=20-10",
	    "bytes=200-100",
	    "bytes=--1",
	    "bytes=1--",
	    "bytes=0--1",
	    "bytes=0-1-2",
	    "bytes=0 -1",
	    "bytes=0- 1",
	    "bytes=- 1",
	    "bytes=0-1 2-3",
	    "bytes=0-1;2-3",
	    "bytes=+0-1",
	    "bytes=0-+1",
	    "bytes=-+1",
	    "bytes=0x0-0x1",
	    "bytes=0-1x",
	    "bytes=a-b",
	    "bytes=a-",
	    "bytes=-b",
	    "bytes=*",
	    "bytes=0-1.5",
	    "bytes=0-1,x",
	    "bytes=x,0-1",
	    "bytes=0-1,5-4",
	    "bytes=100-,x",
	    "bytes=0-1,bytes=2-3",
	    "bytes=0/1",
	    "bytes=0:1",
	    "bytes=/-",
	    "bytes=:-",
	};
	struct ranges ranges;
	(void)state;
	for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++)
		if (parse(VALUES[i], 100, &ranges) != RANGES_IGNORED)
			fail_msg("%s: not ignored", VALUES[i]);
}

/*
 * Parses a value with this many members, each of one byte and not adjacent to the next, or all
 * after the end.
 */
static enum ranges_outcome parse_many(size_t members, bool after_end, struct ranges *ranges)
{
	char buffer[1024];
	struct buffer text = BUFFER(buffer);
	buffer_add(&text, VIEW("bytes="));
	for (size_t i = 0; i < members; i++) {
		buffer_add_number(&text, (after_end ? 100 : 0) + 2 * i);
		buffer_add(&text, VIEW("-"));
		buffer_add_number(&text, (after_end ? 100 : 0) + 2 * i);
		buffer_add(&text, VIEW(","));
	}
	assert_false(text.truncated);
	return ranges_parse(buffer_view(&text), 100, ranges);
}

static void test_more_than_the_maximum_of_ranges_is_ignored(void **state)
{
	struct ranges ranges;
	(void)state;
	assert_int_equal(parse_many(RANGES_MAX, false, &ranges), RANGES_SATISFIABLE);
	assert_int_equal(ranges.count, RANGES_MAX);
	assert_true(ranges.ranges[RANGES_MAX - 1].first == 2 * (RANGES_MAX - 1));
	assert_int_equal(parse_many(RANGES_MAX + 1, false, &ranges), RANGES_IGNORED);
	assert_int_equal(parse_many(RANGES_MAX, true, &ranges), RANGES_UNSATISFIABLE);
	assert_int_equal(parse_many(RANGES_MAX + 1, true, &ranges), RANGES_IGNORED);
	assert_int_equal(parse_many(50, false, &ranges), RANGES_IGNORED);
}

static void expect_text(const struct buffer *text, const char *expected)
{
	assert_false(text->truncated);
	if (!view_equal(buffer_view(text), view_of(expected)))
		fail_msg("%.*s, not %s", (int)text->length, text->data, expected);
}

static void test_content_range_is_formatted(void **state)
{
	char buffer[128];
	struct buffer text = BUFFER(buffer);
	(void)state;
	range_add_content_range(&text, (struct range){0, 99}, 1000);
	expect_text(&text, "bytes 0-99/1000");
	text = BUFFER(buffer);
	range_add_content_range(&text, (struct range){UINT64_MAX - 2, UINT64_MAX - 1}, UINT64_MAX);
	expect_text(&text, "bytes 18446744073709551613-18446744073709551614/18446744073709551615");
	text = BUFFER(buffer);
	range_add_unsatisfied(&text, 1000);
	expect_text(&text, "bytes */1000");
	text = BUFFER(buffer);
	range_add_unsatisfied(&text, 0);
	expect_text(&text, "bytes */0");
}

static void test_range_has_a_length(void **state)
{
	(void)state;
	assert_true(range_length((struct range){5, 5}) == 1);
	assert_true(range_length((struct range){0, 999}) == 1000);
	assert_true(range_length((struct range){0, UINT64_MAX - 1}) == UINT64_MAX);
}

/*
 * A complete body, built as by the handler, equals the format of RFC 2046 5.1 and has the
 * announced length.
 */
static void test_multipart_body_has_its_format_and_length(void **state)
{
	static const char CONTENT[] = "0123456789abcdefghij";
	static const char BODY[] = "\r\n--B0undary\r\n"
	                           "Content-Type: text/plain; charset=utf-8\r\n"
	                           "Content-Range: bytes 0-2/20\r\n"
	                           "\r\n"
	                           "012"
	                           "\r\n--B0undary\r\n"
	                           "Content-Type: text/plain; charset=utf-8\r\n"
	                           "Content-Range: bytes 10-10/20\r\n"
	                           "\r\n"
	                           "a"
	                           "\r\n--B0undary\r\n"
	                           "Content-Type: text/plain; charset=utf-8\r\n"
	                           "Content-Range: bytes 18-19/20\r\n"
	                           "\r\n"
	                           "ij"
	                           "\r\n--B0undary--\r\n";
	struct view boundary = VIEW("B0undary"), type = VIEW("text/plain; charset=utf-8");
	struct ranges ranges;
	char buffer[1024];
	struct buffer text = BUFFER(buffer);
	(void)state;
	assert_int_equal(parse("bytes=0-2,10-10,-2", 20, &ranges), RANGES_SATISFIABLE);
	for (size_t i = 0; i < ranges.count; i++) {
		ranges_add_part_head(&text, &ranges, i, boundary, type);
		buffer_add(&text, (struct view){CONTENT + ranges.ranges[i].first,
		                                (size_t)range_length(ranges.ranges[i])});
	}
	ranges_add_end(&text, boundary);
	expect_text(&text, BODY);
	assert_true(ranges_multipart_length(&ranges, boundary, type) == sizeof BODY - 1);
}

static void test_multipart_length_beyond_32_bits_is_exact(void **state)
{
	struct ranges ranges = {TWO_TO_63, 2, {{0, TWO_TO_63 / 2}, {TWO_TO_63 - 1, TWO_TO_63 - 1}}};
	struct ranges small = {TWO_TO_63, 2, {{0, 0}, {TWO_TO_63 - 1, TWO_TO_63 - 1}}};
	struct view boundary = VIEW("0123456789abcdef"), type = VIEW("video/mp4");
	(void)state;
	/* "0-4611686018427387904" is eighteen digits longer than "0-0". */
	assert_true(ranges_multipart_length(&ranges, boundary, type) -
	                ranges_multipart_length(&small, boundary, type) ==
	            TWO_TO_63 / 2 + 18);
}

static void test_multipart_type_has_the_boundary(void **state)
{
	char buffer[128];
	struct buffer text = BUFFER(buffer);
	(void)state;
	ranges_add_multipart_type(&text, VIEW("B0undary"));
	expect_text(&text, "multipart/byteranges; boundary=B0undary");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_single_range_is_selected),
	    cmocka_unit_test(test_range_is_cut_at_the_end),
	    cmocka_unit_test(test_range_after_the_end_is_unsatisfiable),
	    cmocka_unit_test(test_empty_representation_has_no_range),
	    cmocka_unit_test(test_huge_numbers_do_not_overflow),
	    cmocka_unit_test(test_several_ranges_are_kept_in_order),
	    cmocka_unit_test(test_overlapping_ranges_are_ignored),
	    cmocka_unit_test(test_malformed_value_is_ignored),
	    cmocka_unit_test(test_more_than_the_maximum_of_ranges_is_ignored),
	    cmocka_unit_test(test_content_range_is_formatted),
	    cmocka_unit_test(test_range_has_a_length),
	    cmocka_unit_test(test_multipart_body_has_its_format_and_length),
	    cmocka_unit_test(test_multipart_length_beyond_32_bits_is_exact),
	    cmocka_unit_test(test_multipart_type_has_the_boundary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
