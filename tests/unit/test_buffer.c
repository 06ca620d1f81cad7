/*
 * Writing into a fixed buffer: every byte in each encoding, and every capacity, including one byte
 * too few. The buffers are heap blocks of exactly their capacity, so that AddressSanitizer notices
 * a byte written beyond it. Also the small functions of view.h.
 */
#include "base/buffer.h"
#include "bytes.h"
#include "heap_copy.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PLENTY = 4096 };

static struct buffer make_text(size_t capacity)
{
	char *data = malloc(capacity);
	assert_true(data != NULL || capacity == 0);
	return (struct buffer){data, capacity, 0, false};
}

static void expect_view(struct view found, struct view expected)
{
	if (!view_equal(found, expected))
		fail_msg("\"%.*s\", not \"%.*s\"", (int)found.length, found.data,
		         (int)expected.length, expected.data);
}

/* Expects exactly this content, not truncated; frees the buffer. */
static void expect_whole(struct buffer *text, struct view expected)
{
	assert_false(text->truncated);
	expect_view(buffer_view(text), expected);
	free(text->data);
}

static void test_pieces_are_appended(void **state)
{
	(void)state;
	char buffer[8];
	struct buffer text = BUFFER(buffer);
	assert_int_equal(text.capacity, 8);
	assert_int_equal(buffer_view(&text).length, 0);
	buffer_add(&text, VIEW("ab"));
	buffer_add(&text, VIEW(""));
	buffer_add(&text, (struct view){NULL, 0});
	buffer_add_string(&text, "");
	buffer_add_string(&text, "cd");
	buffer_add_byte(&text, '\0');
	buffer_add(&text, VIEW("f"));
	assert_false(text.truncated);
	expect_view(buffer_view(&text), VIEW("abcd\0f"));
}

/* A piece is added completely or not at all; `truncated` remains set. */
static void test_piece_that_does_not_fit_is_left_out_and_sets_truncated(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity < 12; capacity++) {
		struct buffer text = make_text(capacity);
		buffer_add(&text, VIEW("abc"));
		buffer_add(&text, VIEW("defgh"));
		assert_int_equal(text.truncated, capacity < 8);
		expect_view(buffer_view(&text), capacity >= 8   ? VIEW("abcdefgh")
		                                : capacity >= 3 ? VIEW("abc")
		                                                : VIEW(""));
		buffer_add(&text, VIEW(""));
		assert_int_equal(text.truncated, capacity < 8);
		free(text.data);
	}
}

static void test_huge_length_does_not_overflow(void **state)
{
	(void)state;
	struct buffer text = make_text(8);
	buffer_add(&text, VIEW("abc"));
	buffer_add(&text, (struct view){"x", SIZE_MAX});
	buffer_add(&text, (struct view){"x", SIZE_MAX - 2});
	assert_true(text.truncated);
	expect_view(buffer_view(&text), VIEW("abc"));
	free(text.data);
}

static void expect_number(uint64_t number)
{
	char expected[32];
	struct buffer text = make_text(PLENTY);
	sprintf(expected, "%" PRIu64, number);
	buffer_add_number(&text, number);
	expect_whole(&text, view_of(expected));
	text = make_text(PLENTY);
	sprintf(expected, "%" PRIx64, number);
	buffer_add_hex(&text, number);
	expect_whole(&text, view_of(expected));
}

static void test_numbers_are_decimal_or_hexadecimal(void **state)
{
	(void)state;
	for (uint64_t number = 0; number < 1100; number++)
		expect_number(number);
	for (uint64_t power = 1000; power < UINT64_MAX / 10; power *= 10)
		for (uint64_t number = power * 10 - 2; number < power * 10 + 2; number++)
			expect_number(number);
	for (unsigned bit = 8; bit < 64; bit++)
		for (uint64_t number = (1ull << bit) - 1; number <= (1ull << bit) + 1; number++)
			expect_number(number);
	expect_number(UINT64_MAX);
}

static void test_number_that_does_not_fit_is_left_out(void **state)
{
	(void)state;
	struct buffer text = make_text(20);
	buffer_add_number(&text, UINT64_MAX);
	expect_whole(&text, VIEW("18446744073709551615"));
	text = make_text(19);
	buffer_add_number(&text, UINT64_MAX);
	assert_true(text.truncated);
	buffer_add_hex(&text, UINT64_MAX);
	expect_view(buffer_view(&text), VIEW("ffffffffffffffff"));
	free(text.data);
}

static const struct {
	uint64_t bytes;
	enum size_step step;
	const char *shown;
} SIZES[] = {
    {0, SIZE_DECIMAL, "0 B"},
    {999, SIZE_DECIMAL, "999 B"},
    {1000, SIZE_DECIMAL, "1.0 kB"},
    {1049, SIZE_DECIMAL, "1.0 kB"},
    {1050, SIZE_DECIMAL, "1.1 kB"},
    {999949, SIZE_DECIMAL, "999.9 kB"},
    {999950, SIZE_DECIMAL, "1.0 MB"},
    {999949999, SIZE_DECIMAL, "999.9 MB"},
    {UINT64_C(999950000000000000), SIZE_DECIMAL, "1.0 EB"},
    {UINT64_MAX, SIZE_DECIMAL, "18.4 EB"},
    {0, SIZE_BINARY, "0 B"},
    {1023, SIZE_BINARY, "1023 B"},
    {1024, SIZE_BINARY, "1.0 KiB"},
    {1048524, SIZE_BINARY, "1023.9 KiB"},
    {1048525, SIZE_BINARY, "1.0 MiB"},
    {UINT64_C(256) << 20, SIZE_BINARY, "256.0 MiB"},
    {UINT64_C(4) << 30, SIZE_BINARY, "4.0 GiB"},
    {UINT64_MAX, SIZE_BINARY, "16.0 EiB"},
};

static void test_sizes_are_rounded_with_a_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
		struct buffer text = make_text(PLENTY);
		buffer_add_size(&text, SIZES[i].bytes, SIZES[i].step);
		expect_whole(&text, view_of(SIZES[i].shown));
	}
}

/* RFC 3986 2.3 and 3.3, byte for byte. */
static const char PCHAR[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                            "-._~!$&'()*+,;=:@";

static void test_bytes_of_path_and_query_are_percent_encoded_as_needed(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char sent[] = {'a', (char)byte, 'b'}, plain[] = {'a', (char)byte, 'b', '\0'};
		char encoded[8];
		sprintf(encoded, "a%%%02Xb", (unsigned)byte);
		bool in_both = byte_is_among(byte, PCHAR) || byte == '/';
		bool in_query = in_both || byte == '?' || byte == '%';
		struct view copy = heap_copy((struct view){sent, sizeof sent});

		struct buffer text = make_text(PLENTY);
		buffer_add_path(&text, copy);
		expect_whole(&text, view_of(in_both ? plain : encoded));
		text = make_text(PLENTY);
		buffer_add_query(&text, copy);
		expect_whole(&text, view_of(in_query ? plain : encoded));
		text = make_text(PLENTY);
		buffer_add_query_value(&text, copy);
		bool in_value = ascii_is_letter((char)byte) || ascii_is_digit((char)byte) ||
		                byte_is_among(byte, "-._~/");
		expect_whole(&text, view_of(in_value ? plain : encoded));
		heap_free(copy);
	}
}

static void test_bytes_are_escaped_for_the_log_as_needed(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char sent[] = {'a', (char)byte, 'b'}, plain[] = {'a', (char)byte, 'b', '\0'};
		char escaped[8];
		sprintf(escaped, "a\\x%02xb", (unsigned)byte);
		bool unchanged = byte >= ' ' && byte <= '~' && byte != '|' && byte != '\\';
		struct view copy = heap_copy((struct view){sent, sizeof sent});
		struct buffer text = make_text(PLENTY);
		buffer_add_escaped(&text, copy);
		expect_whole(&text, view_of(unchanged ? plain : escaped));
		heap_free(copy);
	}
}

static void test_escaped_text_is_cut_between_escapes(void **state)
{
	static const struct {
		const char *sent;
		size_t max;
		const char *shown;
	} CASES[] = {
	    {"", 3, ""},
	    {"", 5, ""},
	    {"abc", 3, "abc"},
	    {"abcd", 3, "..."},
	    {"abcd", 4, "abcd"},
	    {"abcde", 4, "a..."},
	    {"abcd", SIZE_MAX, "abcd"},
	    {"\n", 3, "..."},
	    {"\n", 4, "\\x0a"},
	    {"a\n", 4, "a..."},
	    {"\nbcd", 7, "\\x0abcd"},
	    {"\nbcde", 7, "\\x0a..."},
	    {"\nb\n", 8, "\\x0ab..."},
	    {"\n\n\n", 11, "\\x0a\\x0a..."},
	    {"\n\n\n", 10, "\\x0a..."},
	    {"\\x0a", 7, "\\x5cx0a"},
	    {"a | b", 8, "a \\x7c b"},
	    {"a | b", 7, "a ..."},
	    {"\x1b[31m\xc3\xa9", 16, "\\x1b[31m\\xc3\\xa9"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct view sent = heap_copy(view_of(CASES[i].sent));
		struct buffer text = make_text(PLENTY);
		buffer_add_escaped_max(&text, sent, CASES[i].max);
		expect_whole(&text, view_of(CASES[i].shown));
		heap_free(sent);
	}
}

static void test_path_is_cut_between_escapes(void **state)
{
	static const struct {
		const char *path;
		size_t max;
		const char *shown;
	} CASES[] = {
	    {"/a", 3, "/a"},
	    {"/abc", 3, "..."},
	    {"/abcd", 4, "/..."},
	    {"/\xff", 4, "/%FF"},
	    {"/\xff", 3, "..."},
	    {"/\xff\xff", 7, "/%FF%FF"},
	    {"/\xff\xff", 6, "/..."},
	    {"/\xff\xff\xff", 9, "/%FF..."},
	    {"/\xff\xff", SIZE_MAX, "/%FF%FF"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct buffer text = make_text(PLENTY);
		buffer_add_path_max(&text, view_of(CASES[i].path), CASES[i].max);
		expect_whole(&text, view_of(CASES[i].shown));
	}
}

static void test_limit_applies_only_to_the_added_text(void **state)
{
	(void)state;
	struct buffer text = make_text(PLENTY);
	buffer_add(&text, VIEW("before "));
	buffer_add_escaped_max(&text, VIEW("abcde"), 4);
	buffer_add_path_max(&text, VIEW("/vwxyz"), 5);
	expect_whole(&text, VIEW("before a.../v..."));
}

typedef void adder(struct buffer *text, struct view bytes);

static void add_escaped(struct buffer *text, struct view bytes)
{
	buffer_add_escaped(text, bytes);
}

/* No buffer ends within "%0A" or "\x0a". */
static void test_escape_is_added_completely_or_not_at_all(void **state)
{
	static adder *const ADDERS[] = {buffer_add_path, buffer_add_query, add_escaped};
	static const char *const PIECES[] = {"%0A", "%0A", "\\x0a"};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t whole = strlen(PIECES[i]);
		for (size_t capacity = 0; capacity < 3 * whole; capacity++) {
			struct buffer text = make_text(capacity);
			ADDERS[i](&text, VIEW("\n\n"));
			assert_int_equal(text.truncated, capacity < 2 * whole);
			size_t shown = capacity / whole < 2 ? capacity / whole : 2;
			assert_int_equal(text.length, shown * whole);
			for (size_t j = 0; j < shown; j++)
				assert_memory_equal(text.data + j * whole, PIECES[i], whole);
			free(text.data);
		}
	}
}

static void test_views_are_compared_by_bytes_or_without_case(void **state)
{
	static const struct {
		struct view a, b;
		bool equal, equal_nocase;
	} CASES[] = {
	    {{"", 0}, {"x", 0}, true, true},
	    {{NULL, 0}, {"", 0}, true, true},
	    {{"a", 1}, {"", 0}, false, false},
	    {{"abc", 3}, {"abc", 3}, true, true},
	    {{"abc", 3}, {"abd", 3}, false, false},
	    {{"abc", 3}, {"abcd", 4}, false, false},
	    {{"abcd", 4}, {"abc", 3}, false, false},
	    {{"xbc", 3}, {"abc", 3}, false, false},
	    {{"a\0b", 3}, {"a\0c", 3}, false, false},
	    {{"a\0b", 3}, {"a\0b", 3}, true, true},
	    {{"AZaz", 4}, {"azAZ", 4}, false, true},
	    {{"@", 1}, {"`", 1}, false, false},
	    {{"[", 1}, {"{", 1}, false, false},
	    {{"\xc3\x89", 2}, {"\xc3\xa9", 2}, false, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		if (view_equal(CASES[i].a, CASES[i].b) != CASES[i].equal)
			fail_msg("row %zu", i);
		if (view_equal_nocase(CASES[i].a, CASES[i].b) != CASES[i].equal_nocase)
			fail_msg("row %zu, in any case", i);
	}
}

static void test_ascii_classes_of_every_byte(void **state)
{
	static const char UPPER[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char LOWER[] = "abcdefghijklmnopqrstuvwxyz", HEX[] = "0123456789abcdef";
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char lower = (char)(byte_is_among(byte, UPPER) ? byte + ('a' - 'A') : byte);
		assert_int_equal(ascii_lower((char)byte), lower);
		assert_int_equal(ascii_is_digit((char)byte), byte_is_among(byte, "0123456789"));
		assert_int_equal(ascii_is_letter((char)byte),
		                 byte_is_among(byte, UPPER) || byte_is_among(lower, LOWER));
		const char *digit = byte == 0 ? NULL : strchr(HEX, lower);
		assert_int_equal(ascii_hex_value((char)byte), digit == NULL ? -1 : digit - HEX);
	}
}

static void test_spaces_and_tabs_are_trimmed(void **state)
{
	static const char *const CASES[][2] = {
	    {"", ""},
	    {" ", ""},
	    {" \t ", ""},
	    {"a", "a"},
	    {" a", "a"},
	    {"a\t", "a"},
	    {"\t a\t ", "a"},
	    {" a \t b ", "a \t b"},
	    {"\r\n\v\f", "\r\n\v\f"},
	    {"\xa0", "\xa0"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct view copy = heap_copy(view_of(CASES[i][0]));
		expect_view(view_trim(copy), view_of(CASES[i][1]));
		heap_free(copy);
	}
	expect_view(view_trim(VIEW(" \0 ")), VIEW("\0"));
}

static void test_view_from_a_position(void **state)
{
	(void)state;
	expect_view(view_from(VIEW("abc"), 0), VIEW("abc"));
	expect_view(view_from(VIEW("abc"), 2), VIEW("c"));
	expect_view(view_from(VIEW("abc"), 3), VIEW(""));
	expect_view(view_of("abc"), VIEW("abc"));
	assert_int_equal(VIEW("a\0c").length, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pieces_are_appended),
	    cmocka_unit_test(test_piece_that_does_not_fit_is_left_out_and_sets_truncated),
	    cmocka_unit_test(test_huge_length_does_not_overflow),
	    cmocka_unit_test(test_numbers_are_decimal_or_hexadecimal),
	    cmocka_unit_test(test_number_that_does_not_fit_is_left_out),
	    cmocka_unit_test(test_sizes_are_rounded_with_a_unit),
	    cmocka_unit_test(test_bytes_of_path_and_query_are_percent_encoded_as_needed),
	    cmocka_unit_test(test_bytes_are_escaped_for_the_log_as_needed),
	    cmocka_unit_test(test_escaped_text_is_cut_between_escapes),
	    cmocka_unit_test(test_path_is_cut_between_escapes),
	    cmocka_unit_test(test_limit_applies_only_to_the_added_text),
	    cmocka_unit_test(test_escape_is_added_completely_or_not_at_all),
	    cmocka_unit_test(test_views_are_compared_by_bytes_or_without_case),
	    cmocka_unit_test(test_ascii_classes_of_every_byte),
	    cmocka_unit_test(test_spaces_and_tabs_are_trimmed),
	    cmocka_unit_test(test_view_from_a_position),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
