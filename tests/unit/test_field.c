/*
 * A field line: which are valid, which are refused with which reason, and which fields only the
 * server may send.
 */
#include "http/field.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct field_case {
	struct view line;
	const char *reason; /* NULL: a valid field */
	const char *name, *value;
};

#define REFUSED(line, reason)                                                                      \
	{                                                                                          \
		VIEW(line), reason, NULL, NULL                                                     \
	}

static void test_field_line_is_parsed_or_refused(void **state)
{
	(void)state;
	const struct field_case cases[] = {
	    {VIEW("Host: example.org"), NULL, "Host", "example.org"},
	    {VIEW("Host:example.org"), NULL, "Host", "example.org"},
	    {VIEW("Host: \t example.org \t"), NULL, "Host", "example.org"},
	    {VIEW("X:"), NULL, "X", ""},
	    {VIEW("X: a:b: c"), NULL, "X", "a:b: c"},
	    {VIEW("X: a\tb"), NULL, "X", "a\tb"},
	    {VIEW("X: \x80\xff"), NULL, "X", "\x80\xff"},
	    {VIEW("!#$%&'*+-.^_`|~09azAZ: x"), NULL, "!#$%&'*+-.^_`|~09azAZ", "x"},
	    REFUSED(" folded: x", "field-folded"),
	    REFUSED("\tfolded", "field-folded"),
	    REFUSED("", "field-without-colon"),
	    REFUSED("no colon", "field-without-colon"),
	    REFUSED(": x", "field-name-malformed"),
	    REFUSED("Host : x", "field-name-malformed"),
	    REFUSED("Ho st: x", "field-name-malformed"),
	    REFUSED("Host\t: x", "field-name-malformed"),
	    REFUSED("H\0st: x", "field-name-malformed"),
	    REFUSED("H\xc3\xb6st: x", "field-name-malformed"),
	    REFUSED("X: a\rb", "field-control-byte"),
	    REFUSED("X: a\0b", "field-control-byte"),
	    REFUSED("X: \x7f", "field-control-byte"),
	    REFUSED("X: \x1b[31m", "field-control-byte"),
	    REFUSED("X: \x1f", "field-control-byte"),
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct field field = {VIEW(""), VIEW("")};
		const char *reason = field_parse(cases[i].line, &field);
		if (cases[i].reason != NULL) {
			assert_non_null(reason);
			assert_string_equal(reason, cases[i].reason);
			continue;
		}
		if (reason != NULL)
			fail_msg("row %zu is refused: %s", i, reason);
		assert_true(view_equal(field.name, view_of(cases[i].name)));
		assert_true(view_equal(field.value, view_of(cases[i].value)));
	}
}

static void test_field_of_the_server_is_reserved(void **state)
{
	(void)state;
	assert_true(field_is_reserved(VIEW("Content-Length")));
	assert_true(field_is_reserved(VIEW("transfer-ENCODING")));
	assert_true(field_is_reserved(VIEW("X-Content-Type-Options")));
	assert_true(field_is_reserved(VIEW("Date")));
	assert_false(field_is_reserved(VIEW("Content-Security-Policy")));
	assert_false(field_is_reserved(VIEW("Content-Lengt")));
	assert_false(field_is_reserved(VIEW("Content-Lengths")));
	assert_false(field_is_reserved(VIEW("")));

	assert_true(field_is_for_server(VIEW("Content-Length")));
	assert_true(field_is_for_server(VIEW("etag")));
	assert_false(field_is_for_server(VIEW("Cache-Control")));
	assert_false(field_is_for_server(VIEW("Vary")));
	assert_false(field_is_for_server(VIEW("X-Content-Type-Options")));
}

static void test_fields_that_304_may_have(void **state)
{
	(void)state;
	static const char *const SENT[] = {"Expires",
	                                   "content-LOCATION",
	                                   "Access-Control-Allow-Origin",
	                                   "Timing-Allow-Origin",
	                                   "Content-Security-Policy",
	                                   "Strict-Transport-Security",
	                                   "Set-Cookie",
	                                   "Content-Lang",
	                                   "Content-Languages",
	                                   "X"};
	static const char *const OMITTED[] = {"Content-Language", "content-TYPE",
	                                      "Content-Encoding", "Content-Range",
	                                      "Content-Length"};
	for (size_t i = 0; i < sizeof SENT / sizeof SENT[0]; i++)
		assert_true(field_is_in_not_modified(view_of(SENT[i])));
	for (size_t i = 0; i < sizeof OMITTED / sizeof OMITTED[0]; i++)
		assert_false(field_is_in_not_modified(view_of(OMITTED[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_field_line_is_parsed_or_refused),
	    cmocka_unit_test(test_field_of_the_server_is_reserved),
	    cmocka_unit_test(test_fields_that_304_may_have),
	};
	return cmocka_run_group_tests_name("field", tests, NULL, NULL);
}
