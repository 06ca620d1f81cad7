/*
 * Parsing numbers, words, parts and percent-encoded bytes, in heap copies, so that AddressSanitizer
 * notices a byte read beyond them.
 */
#include "base/parse.h"
#include "heap_copy.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static bool parse_copy(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
	struct view copy = heap_copy(view_of(text));
	bool parsed = parse_number(copy, min, max, number);
	heap_free(copy);
	return parsed;
}

static void expect_number(const char *text, uint64_t min, uint64_t max, uint64_t expected)
{
	uint64_t number = 0;
	if (!parse_copy(text, min, max, &number) || number != expected)
		fail_msg("\"%s\" yields %" PRIu64 ", not %" PRIu64, text, number, expected);
}

static void test_number_is_parsed(void **state)
{
	(void)state;
	expect_number("0", 0, 0, 0);
	expect_number("7", 7, 7, 7);
	expect_number("007", 0, 10, 7);
	expect_number("86400", 1, 86400, 86400);
	expect_number("18446744073709551615", 0, UINT64_MAX, UINT64_MAX);
	expect_number("00000000000000000000000000018446744073709551615", 0, UINT64_MAX, UINT64_MAX);
}

static void test_invalid_number_is_refused(void **state)
{
	(void)state;
	static const char *const TEXTS[] = {"",
	                                    " 1",
	                                    "1 ",
	                                    "+1",
	                                    "-1",
	                                    "0x1",
	                                    "1.0",
	                                    "a",
	                                    "1a",
	                                    "18446744073709551616",
	                                    "99999999999999999999999"};
	for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
		uint64_t number = 42;
		if (parse_copy(TEXTS[i], 0, UINT64_MAX, &number) || number != 42)
			fail_msg("\"%s\" yields %" PRIu64, TEXTS[i], number);
	}
}

static void test_number_out_of_bounds_is_refused(void **state)
{
	uint64_t number = 42;
	(void)state;
	assert_false(parse_copy("0", 1, 10, &number));
	assert_false(parse_copy("11", 1, 10, &number));
	assert_true(number == 42);
	expect_number("1", 1, 10, 1);
	expect_number("10", 1, 10, 10);
}

static void test_leading_digits_are_parsed(void **state)
{
	struct view rest = VIEW("12h30");
	uint64_t number;
	bool fits;
	(void)state;
	assert_true(parse_digits(&rest, &number, &fits) && fits && number == 12);
	assert_true(view_equal(rest, VIEW("h30")));
	assert_false(parse_digits(&rest, &number, &fits));
	assert_true(view_equal(rest, VIEW("h30")) && number == 0);
	rest = VIEW("18446744073709551615-");
	assert_true(parse_digits(&rest, &number, &fits) && fits && number == UINT64_MAX);
	rest = VIEW("184467440737095516160-");
	assert_true(parse_digits(&rest, &number, &fits) && !fits && number == UINT64_MAX);
	assert_true(view_equal(rest, VIEW("-")));
}

static void test_word_is_found_among_choices(void **state)
{
	(void)state;
	assert_int_equal(parse_choice(VIEW("auto"), VIEW("auto|require|off")), 0);
	assert_int_equal(parse_choice(VIEW("require"), VIEW("auto|require|off")), 1);
	assert_int_equal(parse_choice(VIEW("off"), VIEW("auto|require|off")), 2);
	assert_int_equal(parse_choice(VIEW("of"), VIEW("auto|require|off")), -1);
	assert_int_equal(parse_choice(VIEW("off|"), VIEW("auto|require|off")), -1);
	assert_int_equal(parse_choice(VIEW("auto|require"), VIEW("auto|require|off")), -1);
	assert_int_equal(parse_choice(VIEW("AUTO"), VIEW("auto|require|off")), -1);
	assert_int_equal(parse_choice(VIEW(""), VIEW("auto|require|off")), -1);
}

static void expect_cut(const char *text, bool separated, const char *part, const char *rest)
{
	struct view whole = heap_copy(view_of(text)), found;
	struct view left = whole;
	if (parse_cut(&left, ':', &found) != separated || !view_equal(found, view_of(part)) ||
	    !view_equal(left, view_of(rest)))
		fail_msg("\"%s\" is cut into \"%.*s\" and \"%.*s\"", text, (int)found.length,
		         found.data, (int)left.length, left.data);
	heap_free(whole);
}

static void test_text_is_cut_at_the_first_separator(void **state)
{
	(void)state;
	expect_cut("a:b", true, "a", "b");
	expect_cut("a:b:c", true, "a", "b:c");
	expect_cut("a:", true, "a", "");
	expect_cut(":b", true, "", "b");
	expect_cut(":", true, "", "");
	expect_cut("ab", false, "ab", "");
	expect_cut("", false, "", "");
	struct view nothing = {NULL, 0}, part;
	assert_false(parse_cut(&nothing, ':', &part));
	assert_true(part.length == 0 && nothing.length == 0);
}

static void test_words_are_separated_by_one_space(void **state)
{
	struct view rest = VIEW("GET / HTTP/1.1");
	(void)state;
	assert_true(view_equal(parse_word(&rest), VIEW("GET")));
	assert_true(view_equal(parse_word(&rest), VIEW("/")));
	assert_true(view_equal(parse_word(&rest), VIEW("HTTP/1.1")));
	assert_true(view_equal(parse_word(&rest), VIEW("")));
	rest = VIEW("a  b");
	assert_true(view_equal(parse_word(&rest), VIEW("a")));
	assert_true(view_equal(parse_word(&rest), VIEW("")));
	assert_true(view_equal(rest, VIEW("b")));
}

static void expect_byte(const char *text, int expected, size_t used)
{
	struct view whole = heap_copy(view_of(text));
	struct view rest = whole;
	int byte = parse_percent_byte(&rest);
	if (byte != expected || whole.length - rest.length != used)
		fail_msg("\"%s\" gives %d and uses %zu bytes", text, byte,
		         whole.length - rest.length);
	heap_free(whole);
}

static void test_percent_encoded_byte_is_decoded(void **state)
{
	(void)state;
	expect_byte("a%41", 'a', 1);
	expect_byte("\xff", 0xff, 1);
	expect_byte("%41b", 'A', 3);
	expect_byte("%00", 0, 3);
	expect_byte("%fF", 0xff, 3);
	expect_byte("%", -1, 0);
	expect_byte("%4", -1, 0);
	expect_byte("%4g", -1, 0);
	expect_byte("%g4", -1, 0);
	expect_byte("%%41", -1, 0);
}

static void test_text_is_split_into_lines_and_a_prefix_removed(void **state)
{
	static const char *const LINES[] = {"a", "", "b\rc", "\r", "d"};
	struct view whole = heap_copy(VIEW("a\n\nb\rc\r\n\r\r\nd")), rest = whole;
	(void)state;
	for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++)
		assert_true(view_equal(parse_line(&rest), view_of(LINES[i])));
	assert_int_equal(rest.length, 0);
	assert_int_equal(parse_line(&rest).length, 0);
	heap_free(whole);

	whole = rest = heap_copy(VIEW("HTTP://a"));
	assert_false(parse_prefix(&rest, VIEW("https://")));
	assert_false(parse_prefix(&rest, VIEW("http://ab")));
	assert_true(parse_prefix(&rest, VIEW("http://")));
	assert_true(view_equal(rest, VIEW("a")));
	heap_free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_is_split_into_lines_and_a_prefix_removed),
	    cmocka_unit_test(test_number_is_parsed),
	    cmocka_unit_test(test_invalid_number_is_refused),
	    cmocka_unit_test(test_number_out_of_bounds_is_refused),
	    cmocka_unit_test(test_leading_digits_are_parsed),
	    cmocka_unit_test(test_word_is_found_among_choices),
	    cmocka_unit_test(test_text_is_cut_at_the_first_separator),
	    cmocka_unit_test(test_words_are_separated_by_one_space),
	    cmocka_unit_test(test_percent_encoded_byte_is_decoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
