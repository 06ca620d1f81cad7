/* Text in HTML: markup, every single byte, UTF-8, and sequences that only resemble UTF-8. */
#include "base/html.h"
#include "heap_copy.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *bytes;
	const char *shown;
} CASES[] = {
    {"", ""},
    {"plain text, 1+1=2; it's", "plain text, 1+1=2; it's"},
    {"<script>alert(\"a\" & 'b')</script>",
     "&lt;script&gt;alert(&quot;a&quot; &amp; 'b')&lt;/script&gt;"},
    {"&amp;", "&amp;amp;"},
    {"a\tb\nc\x1b[1m\x7f", "a" BAD "b" BAD "c" BAD "[1m" BAD},
    {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d"},
    {"\xc2\xa0", "\xc2\xa0"}, /* the first that is not a control character */
    {"\xc2\x9f", BAD},        /* the last control character */
    {"\xdf\xbf\xe0\xa0\x80", "\xdf\xbf\xe0\xa0\x80"},
    {"\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80"},
    {"\xed\xa0\x80", BAD BAD BAD}, /* a surrogate */
    {"\xef\xb7\x90", BAD},         /* noncharacters */
    {"\xef\xbf\xbf", BAD},
    {"\xf0\x9f\xbf\xbe", BAD},
    {"\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd"},
    {"\xf4\x90\x80\x80", BAD BAD BAD BAD}, /* beyond Unicode */
    {"\xf5\x80\x80\x80", BAD BAD BAD BAD},
    {"\xc0\xbc", BAD BAD}, /* an overlong "<" */
    {"\xe0\x80\xbc", BAD BAD BAD},
    {"\xf0\x80\x80\xbc", BAD BAD BAD BAD},
    {"\x80", BAD},
    {"\xc3", BAD}, /* truncated */
    {"\xe2\x82", BAD BAD},
    {"\xf0\x9f\x90", BAD BAD BAD},
    {"\xc3<b>", BAD "&lt;b&gt;"}, /* the following bytes are kept */
    {"\xe2\x82<", BAD BAD "&lt;"},
    {"\xc3\xc3\xa9", BAD "\xc3\xa9"},
};

/* The bytes are heap copies, so that AddressSanitizer notices one read beyond them. */
static void test_markup_and_invalid_utf8_are_replaced(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		char buffer[256];
		struct buffer text = BUFFER(buffer);
		struct view copy = heap_copy(view_of(CASES[i].bytes));
		buffer_add_html(&text, copy);
		heap_free(copy);
		assert_false(text.truncated);
		if (!view_equal(buffer_view(&text), view_of(CASES[i].shown)))
			fail_msg("case %zu: %.*s", i, (int)text.length, text.data);
	}
}

static void test_single_byte_is_kept_or_replaced(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char buffer[HTML_CHARACTER_MAX], c = (char)byte;
		struct buffer text = BUFFER(buffer);
		buffer_add_html(&text, (struct view){&c, 1});
		assert_false(text.truncated);
		bool same = byte >= ' ' && byte < 0x7f && strchr("<>&\"", c) == NULL;
		assert_true(same == view_equal(buffer_view(&text), (struct view){&c, 1}));
		assert_true(same || text.length > 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_markup_and_invalid_utf8_are_replaced),
	    cmocka_unit_test(test_single_byte_is_kept_or_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
