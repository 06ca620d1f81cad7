/* The charset that an HTML file declares: where browsers find one, and where they do not. */
#include "heap_copy.h"
#include "http/html_charset.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool declares(struct view start)
{
	struct view copy = heap_copy(start);
	bool result = html_declares_charset(copy);
	heap_free(copy);
	return result;
}

static void expect_all(const char *const *pages, size_t count, bool expected)
{
	for (size_t i = 0; i < count; i++)
		if (declares(view_of(pages[i])) != expected)
			fail_msg("%s", pages[i]);
}

#define EXPECT_ALL(pages, expected)                                                                \
	expect_all((pages), sizeof(pages) / sizeof(pages)[0], (expected))

static void test_a_charset_other_than_utf_8_is_found(void **state)
{
	static const char *const PAGES[] = {
	    "<meta charset=iso-8859-1>",
	    "<meta charset=\"windows-1252\">",
	    "<META CHARSET='Shift_JIS'>",
	    "<meta charset = koi8-r >",
	    "<meta charset=\" gbk \">",
	    "<meta/charset=big5>",
	    "<meta charset=euc-kr/>",
	    "<!DOCTYPE html>\n<html lang=fr>\n<head>\n<title>a</title>\n<meta charset=latin1>",
	    "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=iso-8859-15\">",
	    "<meta content=\"text/html;charset=iso-8859-15\" http-equiv=content-type>",
	    "<meta http-equiv=content-type content='text/html; charset=\"iso-8859-2\"'>",
	    "<meta http-equiv=content-type content=\"charset charset = x-sjis; a\">",
	    "<meta name=viewport content=width=device-width><meta charset=iso-8859-1>",
	    "<!-- <meta charset=utf-8> --><meta charset=iso-8859-1>",
	    "<!--><meta charset=iso-8859-1>",
	    "<!---><meta charset=iso-8859-1>",
	    "<a title='<meta charset=utf-8>'><meta charset=iso-8859-1>",
	    "<meta charset=\"\"><meta charset=iso-8859-1>",
	    "<?php x ?><meta charset=iso-8859-1>",
	    "</p><meta charset=iso-8859-1>",
	    "a < b <meta charset=iso-8859-1>",
	    "<meta name=a charset=iso-8859-1 content=b>",
	    "<meta itemscope charset=iso-8859-1>",
	    "<meta itemscope=\"\"charset=iso-8859-1>",
	    "</><meta charset=iso-8859-1>",
	    "</1><meta charset=iso-8859-1>",
	    "<1><meta charset=iso-8859-1>",
	    "<meta content=\"text/html; charset=utf-8\" charset=iso-8859-1>",
	    "<meta\tcharset\n=\f\rkoi8-r\t>",
	    "<meta http-equiv=content-type content=\"charset='koi8-r'\">",
	};
	(void)state;
	EXPECT_ALL(PAGES, true);
}

static void test_utf_8_and_incomplete_or_missing_charsets_are_not_found(void **state)
{
	static const char *const PAGES[] = {
	    "",
	    "<",
	    "<meta",
	    "<meta>",
	    "<!DOCTYPE html><title>a</title><p>b",
	    "<meta charset=utf-8>",
	    "<meta charset=\"UTF-8\">",
	    "<meta charset=utf8>",
	    "<meta charset=utf-16le>", /* the HTML standard treats it as UTF-8 */
	    "<meta charset=utf-8><meta charset=iso-8859-1>",
	    "<meta http-equiv=content-type content=\"text/html; charset=utf-8\">",
	    "<meta content=\"text/html; charset=iso-8859-1\">",
	    "<meta http-equiv=content-type content=\"text/html; charset= \">",
	    "<meta http-equiv=refresh content=\"0; charset=iso-8859-1\">",
	    "<meta name=charset content=iso-8859-1>",
	    "<metal charset=iso-8859-1>",
	    "<p charset=iso-8859-1>",
	    "<!-- <meta charset=iso-8859-1> -->",
	    "<!-- <meta charset=iso-8859-1>",
	    "<a title='<meta charset=iso-8859-1>'>",
	    "<a title=\"<meta charset=iso-8859-1>",
	    "<meta charset=\"iso-8859-1>",
	    "<meta charset=iso-8859-1", /* truncated */
	    "<meta charset=iso-88",
	    "<meta charset",
	    "<meta charset=",
	    "<meta charset= >",
	    "charset=iso-8859-1",
	    "</",
	    "<meta http-equiv=content-type content=charset>",
	    "<meta http-equiv=content-type content=\"charset \">",
	    "<meta http-equiv=content-type content=\"charset=\">",
	    "<meta http-equiv=content-type content='charset=\"iso-8859-1'>",
	    "< meta charset=iso-8859-1>",
	};
	(void)state;
	EXPECT_ALL(PAGES, false);
	assert_false(declares((struct view){"<meta\0charset=iso-8859-1>", 25}));
}

static void test_truncated_page_has_no_charset_before_its_complete_tag(void **state)
{
	static const char PAGE[] =
	    "<!DOCTYPE html><!-- a --><html a='b'><meta http-equiv=\"Content-Type\" "
	    "content='text/html; charset = \"iso-8859-1\"; a' ><p>";
	size_t needed = strlen(PAGE) - strlen("<p>");
	(void)state;
	for (size_t length = 0; length < sizeof PAGE; length++)
		assert_true(declares((struct view){PAGE, length}) == (length >= needed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_charset_other_than_utf_8_is_found),
	    cmocka_unit_test(test_utf_8_and_incomplete_or_missing_charsets_are_not_found),
	    cmocka_unit_test(test_truncated_page_has_no_charset_before_its_complete_tag),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
