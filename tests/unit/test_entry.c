/*
 * An entry of the journal: what is taken of it, how it is chosen, cut, and shown, with any byte in
 * it. The entries lie on the heap, where the sanitizer sees a byte behind them.
 */
#include "mayflyctl/entry.h"
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* 2026-11-23 08:15:43.000042 UTC */
#define TIME_US UINT64_C(1795421743000042)

static struct entry *entry;

static int begin(void **state)
{
	(void)state;
	entry = malloc(sizeof *entry);
	if (entry == NULL || setenv("TZ", "ABC-1:30", 1) != 0)
		return -1;
	tzset();
	entry_begin(entry, TIME_US);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(entry);
	return 0;
}

static void take(const char *field)
{
	entry_add(entry, view_of(field));
}

static void take_request(void)
{
	static const char *const FIELDS[] = {"MESSAGE=/a%20b.txt | 192.0.2.7 | 51034 | 3",
	                                     "PRIORITY=5",
	                                     "HTTP_METHOD=GET",
	                                     "HTTP_TARGET=/a%20b.txt?c",
	                                     "HTTP_STATUS=200",
	                                     "HTTP_BYTES=512",
	                                     "HTTP_USER_AGENT=An agent/1",
	                                     "REMOTE_ADDR=192.0.2.7",
	                                     "REMOTE_PORT=51034",
	                                     "HITS=3",
	                                     "DURATION_USEC=900",
	                                     "_PID=1"};
	for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++)
		take(FIELDS[i]);
}

static void expect(struct view found, const char *expected)
{
	if (!view_equal(found, view_of(expected)))
		fail_msg("\"%.*s\", not \"%s\"", (int)found.length, found.data, expected);
}

static void expect_text(void (*add)(struct buffer *, const struct entry *), const char *expected)
{
	char buffer[1024];
	struct buffer text = BUFFER(buffer);
	add(&text, entry);
	assert_false(text.truncated);
	expect(buffer_view(&text), expected);
}

static void expect_json(const char *expected)
{
	struct json_object *object = entry_to_json(entry);
	assert_string_equal(json_object_to_json_string_ext(
	                        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	                    expected);
	json_object_put(object);
}

static void test_fields(void **state)
{
	(void)state;
	take_request();
	expect(entry->fields[ENTRY_METHOD], "GET");
	expect(entry->fields[ENTRY_USER_AGENT], "An agent/1");
	expect(entry->fields[ENTRY_REFERER], "");
	assert_int_equal(entry_number(entry, ENTRY_HITS), 3);
	assert_int_equal(entry_number(entry, ENTRY_REASON), 0);
	assert_true(entry_is_request(entry));
	assert_false(entry_is_warning(entry));
}

static void test_other_fields(void **state)
{
	(void)state;
	take("");
	take("MESSAGE");
	take("=x");
	take("XMESSAGE=x");
	take("MESSAGES=x");
	take("message=x");
	for (size_t i = 0; i < ENTRY_FIELDS; i++)
		expect(entry->fields[i], "");
	take("MESSAGE=");
	take("REASON=a=b");
	expect(entry->fields[ENTRY_MESSAGE], "");
	expect(entry->fields[ENTRY_REASON], "a=b");
}

/* The handler's escapes stay; what has none gets one. */
static void test_any_byte(void **state)
{
	(void)state;
	entry_add(entry, VIEW("HTTP_TARGET=/\\x7c\\|\"\0\x1b[31m\x7f\xff\n~ "));
	expect(entry->fields[ENTRY_TARGET], "/\\x7c\\|\"\\x00\\x1b[31m\\x7f\\xff\\x0a~ ");
}

static void test_more_than_fits(void **state)
{
	(void)state;
	char *field = malloc(ENTRY_SIZE);
	assert_non_null(field);
	memset(field, '\n', ENTRY_SIZE);
	memcpy(field, "REASON=", 7);
	entry_add(entry, (struct view){field, ENTRY_SIZE});
	take("HTTP_STATUS=200");
	assert_true(entry->text.length <= ENTRY_SIZE);
	assert_int_equal(entry->fields[ENTRY_REASON].length, ENTRY_SIZE);
	expect(entry->fields[ENTRY_STATUS], "");
	entry_anonymize(entry);
	free(field);
}

static void test_warnings(void **state)
{
	(void)state;
	assert_false(entry_is_warning(entry));
	take("PRIORITY=4");
	assert_true(entry_is_warning(entry));
	take("PRIORITY=0");
	assert_true(entry_is_warning(entry));
	take("PRIORITY=6");
	assert_false(entry_is_warning(entry));
}

static void test_paths(void **state)
{
	(void)state;
	take_request();
	assert_true(entry_path_matches(entry, "/a b.txt"));
	assert_true(entry_path_matches(entry, "*.txt"));
	assert_true(entry_path_matches(entry, "*"));
	assert_false(entry_path_matches(entry, "/a%20b.txt"));
	assert_false(entry_path_matches(entry, "*.txt?c"));
	assert_false(entry_path_matches(entry, "a*"));
	take("MESSAGE=/x/y/%zz%4%25 | - | - | 200 OK");
	assert_true(entry_path_matches(entry, "/x*/%zz%4%"));
	take("MESSAGE=/%+5%-1%_5%0x%4G%g4%4a | - | - | 200 OK");
	assert_true(entry_path_matches(entry, "/%+5%-1%_5%0x%4G%g4J"));
	take("MESSAGE=/only");
	assert_true(entry_path_matches(entry, "/only"));
	take("MESSAGE=");
	assert_true(entry_path_matches(entry, ""));
}

static void test_method_is_no_part_of_the_path(void **state)
{
	(void)state;
	take_request();
	take("MESSAGE=HEAD /a%20b.txt | 192.0.2.7 | 51034 | 200 OK");
	assert_true(entry_path_matches(entry, "/a b.txt"));
	assert_false(entry_path_matches(entry, "HEAD*"));
	entry_anonymize(entry);
	expect(entry->fields[ENTRY_MESSAGE], "HEAD /a%20b.txt | 192.0.2.0 | - | 200 OK");
	take("MESSAGE=OPTIONS * | - | - | 204 No Content");
	assert_true(entry_path_matches(entry, "\\*"));
	take("MESSAGE=- | - | - | 400 Bad Request (head-incomplete)");
	assert_true(entry_path_matches(entry, "-"));
	take("MESSAGE= | - | - | 200 OK");
	assert_true(entry_path_matches(entry, ""));
}

static void test_cut_path_matches_by_its_beginning(void **state)
{
	(void)state;
	take_request();
	take("MESSAGE=/d%20/aaa... | 192.0.2.7 | 51034 | 200 OK");
	assert_true(entry_path_matches(entry, "/d /*"));
	assert_true(entry_path_matches(entry, "/d /aaa..."));
	assert_false(entry_path_matches(entry, "*.txt"));
}

static void test_complaint(void **state)
{
	(void)state;
	take("MESSAGE=cannot open | the | root");
	take("PRIORITY=3");
	assert_false(entry_is_request(entry));
	assert_false(entry_path_matches(entry, "*"));
	entry_anonymize(entry);
	expect_text(entry_add_line, "2026-11-23 09:45:43 mayfly: cannot open | the | root");
	expect_json("{\"time\":\"2026-11-23T09:45:43.000042+01:30\","
	            "\"message\":\"cannot open | the | root\",\"priority\":3}");
}

static void test_anonymous(void **state)
{
	(void)state;
	take_request();
	entry_anonymize(entry);
	expect(entry->fields[ENTRY_ADDRESS], "192.0.2.0");
	expect_text(entry_add_line, "2026-11-23 09:45:43 /a%20b.txt | 192.0.2.0 | - | 3");
	expect_text(entry_add_combined,
	            "192.0.2.0 - - [23/Nov/2026:09:45:43 +0130] "
	            "\"GET /a%20b.txt?c HTTP/1.1\" 200 512 \"-\" \"An agent/1\"");
	struct json_object *object = entry_to_json(entry);
	assert_null(json_object_object_get(object, "port"));
	assert_null(strstr(json_object_to_json_string(object), "192.0.2.7"));
	assert_null(strstr(json_object_to_json_string(object), "51034"));
	json_object_put(object);
	take("REMOTE_ADDR=2001:db8:1:2:3:4:5:6");
	entry_anonymize(entry);
	expect(entry->fields[ENTRY_ADDRESS], "2001:db8:1::");
	take("REMOTE_ADDR=::ffff:192.0.2.7");
	entry_anonymize(entry);
	expect(entry->fields[ENTRY_ADDRESS], "192.0.2.0");
	take("REMOTE_ADDR=a host name, or whatever else is longer than any address of IPv6 can be");
	entry_anonymize(entry);
	expect(entry->fields[ENTRY_ADDRESS], "-");
}

static void test_line(void **state)
{
	(void)state;
	take_request();
	expect_text(entry_add_line, "2026-11-23 09:45:43 /a%20b.txt | 192.0.2.7 | 51034 | 3");
}

static void test_combined(void **state)
{
	(void)state;
	take_request();
	take("HTTP_REFERER=http://example.org/\"\\x5c\\xff");
	expect_text(
	    entry_add_combined,
	    "192.0.2.7 - - [23/Nov/2026:09:45:43 +0130] \"GET /a%20b.txt?c HTTP/1.1\" 200 512 "
	    "\"http://example.org/\\x22\\x5c\\xff\" \"An agent/1\"");
}

static void test_combined_without_fields(void **state)
{
	(void)state;
	expect_text(entry_add_combined, "- - - [23/Nov/2026:09:45:43 +0130] \"-\" - - \"-\" \"-\"");
	take("HTTP_METHOD=GET");
	expect_text(entry_add_combined, "- - - [23/Nov/2026:09:45:43 +0130] \"-\" - - \"-\" \"-\"");
}

static void test_json(void **state)
{
	(void)state;
	take_request();
	take("HTTP_REFERER=a\"b\\x5c");
	take("REASON=hits-locked");
	expect_json(
	    "{\"time\":\"2026-11-23T09:45:43.000042+01:30\","
	    "\"message\":\"/a%20b.txt | 192.0.2.7 | 51034 | 3\",\"priority\":5,\"method\":\"GET\","
	    "\"target\":\"/"
	    "a%20b.txt?c\",\"status\":200,\"bytes\":512,\"referer\":\"a\\\"b\\\\x5c\","
	    "\"user_agent\":\"An agent/1\",\"address\":\"192.0.2.7\",\"port\":51034,\"hits\":3,"
	    "\"duration_usec\":900,\"reason\":\"hits-locked\"}");
}

static void test_json_of_nothing_known(void **state)
{
	(void)state;
	take("REMOTE_ADDR=-");
	take("REMOTE_PORT=-");
	expect_json("{\"time\":\"2026-11-23T09:45:43.000042+01:30\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_fields, begin, end),
	    cmocka_unit_test_setup_teardown(test_other_fields, begin, end),
	    cmocka_unit_test_setup_teardown(test_any_byte, begin, end),
	    cmocka_unit_test_setup_teardown(test_more_than_fits, begin, end),
	    cmocka_unit_test_setup_teardown(test_warnings, begin, end),
	    cmocka_unit_test_setup_teardown(test_paths, begin, end),
	    cmocka_unit_test_setup_teardown(test_method_is_no_part_of_the_path, begin, end),
	    cmocka_unit_test_setup_teardown(test_cut_path_matches_by_its_beginning, begin, end),
	    cmocka_unit_test_setup_teardown(test_complaint, begin, end),
	    cmocka_unit_test_setup_teardown(test_anonymous, begin, end),
	    cmocka_unit_test_setup_teardown(test_line, begin, end),
	    cmocka_unit_test_setup_teardown(test_combined, begin, end),
	    cmocka_unit_test_setup_teardown(test_combined_without_fields, begin, end),
	    cmocka_unit_test_setup_teardown(test_json, begin, end),
	    cmocka_unit_test_setup_teardown(test_json_of_nothing_known, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
