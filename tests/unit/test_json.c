/* Escaping for JSON (RFC 8259 7): each byte, and valid, truncated and invalid UTF-8. */
#include "base/json.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void expect_json(struct view bytes, const char *expected)
{
	char array[64];
	struct buffer text = BUFFER(array);
	buffer_add_json(&text, bytes);
	if (!view_equal(buffer_view(&text), view_of(expected)))
		fail_msg("%.*s, not %s", (int)text.length, text.data, expected);
}

static void test_ascii_is_kept_except_for_quotes_and_backslashes(void **state)
{
	char expected[8];
	(void)state;
	for (char c = ' '; c <= '~'; c++) {
		bool is_escaped = c == '"' || c == '\\';
		(void)snprintf(expected, sizeof expected, is_escaped ? "\"\\%c\"" : "\"%c\"", c);
		expect_json((struct view){&c, 1}, expected);
	}
	expect_json(VIEW(""), "\"\"");
	expect_json(VIEW("a\"b\\c"), "\"a\\\"b\\\\c\"");
}

static void test_control_bytes_become_four_digits(void **state)
{
	char expected[16];
	(void)state;
	for (int byte = 0; byte <= 0x7f; byte = byte == 0x1f ? 0x7f : byte + 1) {
		char c = (char)byte;
		(void)snprintf(expected, sizeof expected, "\"\\u%04x\"", (unsigned)byte);
		expect_json((struct view){&c, 1}, expected);
	}
	expect_json((struct view){"a\0b", 3}, "\"a\\u0000b\"");
}

static void test_utf_8_is_kept(void **state)
{
	static const char *const TEXTS[] = {"\"\u00e9\"", "\"\u20ac\"", "\"\U0001f98b\"",
	                                    "\"a\u00e9b\u20ac\""};
	(void)state;
	for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
		expect_json((struct view){TEXTS[i] + 1, strlen(TEXTS[i]) - 2}, TEXTS[i]);
}

/* Each byte that begins no character becomes U+FFFD. */
static void test_invalid_utf_8_is_replaced(void **state)
{
	(void)state;
	expect_json(VIEW("\xff"), "\"\ufffd\"");
	expect_json(VIEW("\x80\x80"), "\"\ufffd\ufffd\"");
	expect_json(VIEW("a\xe2\x82"), "\"a\ufffd\ufffd\"");
	expect_json(VIEW("\xe2\x82z"), "\"\ufffd\ufffdz\"");
	expect_json(VIEW("\xc0\xaf"), "\"\ufffd\ufffd\"");
	expect_json(VIEW("\xed\xa0\x80"), "\"\ufffd\ufffd\ufffd\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ascii_is_kept_except_for_quotes_and_backslashes),
	    cmocka_unit_test(test_control_bytes_become_four_digits),
	    cmocka_unit_test(test_utf_8_is_kept),
	    cmocka_unit_test(test_invalid_utf_8_is_replaced),
	};
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
