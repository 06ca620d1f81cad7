/*
 * An entry of the journal: its fields, selection, truncation and output, with any bytes. Entries
 * are heap blocks, so that AddressSanitizer notices a byte beyond them.
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

static void add_field(const char *field)
{
	entry_add(entry, view_of(field));
}

static void add_request(void)
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
		add_field(FIELDS[i]);
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

static void test_known_fields_are_kept(void **state)
{
	(void)state;
	add_request();
	expect(entry->fields[ENTRY_METHOD], "GET");
	expect(entry->fields[ENTRY_USER_AGENT], "An agent/1");
	expect(entry->fields[ENTRY_REFERER], "");
	assert_int_equal(entry_number(entry, ENTRY_HITS), 3);
	assert_int_equal(entry_number(entry, ENTRY_REASON), 0);
	assert_true(entry_is_request(entry));
	assert_false(entry_is_warning(entry));
}

static void test_unknown_or_malformed_fields_are_ignored(void **state)
{
	(void)state;
	add_field("");
	add_field("MESSAGE");
	add_field("=x");
	add_field("XMESSAGE=x");
	add_field("MESSAGES=x");
	add_field("message=x");
	for (size_t i = 0; i < ENTRY_FIELDS; i++)
		expect(entry->fields[i], "");
	add_field("MESSAGE=");
	add_field("REASON=a=b");
	expect(entry->fields[ENTRY_MESSAGE], "");
	expect(entry->fields[ENTRY_REASON], "a=b");
}

/* The handler's escapes are kept; unescaped bytes are escaped. */
static void test_control_bytes_are_escaped(void **state)
{
	(void)state;
	entry_add(entry, VIEW("HTTP_TARGET=/\\x7c\\|\"\0\x1b[31m\x7f\xff\n~ "));
	expect(entry->fields[ENTRY_TARGET], "/\\x7c\\|\"\\x00\\x1b[31m\\x7f\\xff\\x0a~ ");
}

static void test_field_that_does_not_fit_is_truncated(void **state)
{
	(void)state;
	char *field = malloc(ENTRY_SIZE);
	assert_non_null(field);
	memset(field, '\n', ENTRY_SIZE);
	memcpy(field, "REASON=", 7);
	entry_add(entry, (struct view){field, ENTRY_SIZE});
	add_field("HTTP_STATUS=200");
	assert_true(entry->text.length <= ENTRY_SIZE);
	assert_int_equal(entry->fields[ENTRY_REASON].length, ENTRY_SIZE);
	expect(entry->fields[ENTRY_STATUS], "");
	entry_anonymize(entry);
	free(field);
}

static void test_priority_4_or_less_is_a_warning(void **state)
{
	(void)state;
	assert_false(entry_is_warning(entry));
	add_field("PRIORITY=4");
	assert_true(entry_is_warning(entry));
	add_field("PRIORITY=0");
	assert_true(entry_is_warning(entry));
	add_field("PRIORITY=6");
	assert_false(entry_is_warning(entry));
}

static void test_path_matches_patterns(void **state)
{
	(void)state;
	add_request();
	assert_true(entry_path_matches(entry, "/a b.txt"));
	assert_true(entry_path_matches(entry, "*.txt"));
	assert_true(entry_path_matches(entry, "*"));
	assert_false(entry_path_matches(entry, "/a%20b.txt"));
	assert_false(entry_path_matches(entry, "*.txt?c"));
	assert_false(entry_path_matches(entry, "a*"));
	add_field("MESSAGE=/x/y/%zz%4%25 | - | - | 200 OK");
	assert_true(entry_path_matches(entry, "/x*/%zz%4%"));
	add_field("MESSAGE=/%+5%-1%_5%0x%4G%g4%4a | - | - | 200 OK");
	assert_true(entry_path_matches(entry, "/%+5%-1%_5%0x%4G%g4J"));
	add_field("MESSAGE=/only");
	assert_true(entry_path_matches(entry, "/only"));
	add_field("MESSAGE=");
	assert_true(entry_path_matches(entry, ""));
}

static void test_method_is_not_part_of_the_path(void **state)
{
	(void)state;
	add_request();
	add_field("MESSAGE=HEAD /a%20b.txt | 192.0.2.7 | 51034 | 200 OK");
	assert_true(entry_path_matches(entry, "/a b.txt"));
	assert_false(entry_path_matches(entry, "HEAD*"));
	entry_anonymize(entry);
	expect(entry->fields[ENTRY_MESSAGE], "HEAD /a%20b.txt | 192.0.2.0 | - | 200 OK");
	add_field("MESSAGE=OPTIONS * | - | - | 204 No Content");
	assert_true(entry_path_matches(entry, "\\*"));
	add_field("MESSAGE=- | - | - | 400 Bad Request (head-incomplete)");
	assert_true(entry_path_matches(entry, "-"));
	add_field("MESSAGE= | - | - | 200 OK");
	assert_true(entry_path_matches(entry, ""));
}

static void test_truncated_path_matches_by_its_beginning(void **state)
{
	(void)state;
	add_request();
	add_field("MESSAGE=/d%20/aaa... | 192.0.2.7 | 51034 | 200 OK");
	assert_true(entry_path_matches(entry, "/d /*"));
	assert_true(entry_path_matches(entry, "/d /aaa..."));
	assert_false(entry_path_matches(entry, "*.txt"));
}

static void test_message_that_is_not_a_request(void **state)
{
	(void)state;
	add_field("MESSAGE=cannot open | the | root");
	add_field("PRIORITY=3");
	assert_false(entry_is_request(entry));
	assert_false(entry_path_matches(entry, "*"));
	entry_anonymize(entry);
	expect_text(entry_add_line, "2026-11-23 09:45:43 mayfly: cannot open | the | root");
	expect_json("{\"time\":\"2026-11-23T09:45:43.000042+01:30\","
	            "\"message\":\"cannot open | the | root\",\"priority\":3}");
}

static void test_anonymous_entry_has_network_and_no_port(void **state)
{
	(void)state;
	add_request();
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
	add_field("REMOTE_ADDR=2001:db8:1:2:3:4:5:6");
	entry_anonymize(entry);
	expect(entry->fields[ENTRY_ADDRESS], "2001:db8:1::");
	add_field("REMOTE_ADDR=::ffff:192.0.2.7");
	entry_anonymize(entry);
	expect(entry->fields[ENTRY_ADDRESS], "192.0.2.0");
	add_field(
	    "REMOTE_ADDR=a host name, or whatever else is longer than any address of IPv6 can be");
	entry_anonymize(entry);
	expect(entry->fields[ENTRY_ADDRESS], "-");
}

static void test_default_line_has_time_and_message(void **state)
{
	(void)state;
	add_request();
	expect_text(entry_add_line, "2026-11-23 09:45:43 /a%20b.txt | 192.0.2.7 | 51034 | 3");
}

static void test_line_with_the_site(void **state)
{
	(void)state;
	add_request();
	expect_text(entry_add_line_with_site,
	            "2026-11-23 09:45:43 [?] /a%20b.txt | 192.0.2.7 | 51034 | 3");
	add_field("=forged");
	add_field("site=forged");
	entry_set_site(entry, "blog");
	expect_text(entry_add_line_with_site,
	            "2026-11-23 09:45:43 [blog] /a%20b.txt | 192.0.2.7 | 51034 | 3");
	expect_text(entry_add_line, "2026-11-23 09:45:43 /a%20b.txt | 192.0.2.7 | 51034 | 3");
}

static void expect_line_with_host(const char *message, const char *expected)
{
	char field[128], line[128];
	(void)snprintf(field, sizeof field, "MESSAGE=%s", message);
	(void)snprintf(line, sizeof line, "2026-11-23 09:45:43 %s", expected);
	add_field(field);
	expect_text(entry_add_line, line);
}

static void test_line_names_the_host(void **state)
{
	(void)state;
	add_field("HTTP_STATUS=404");
	add_field("HTTP_HOST=example.org");
	expect_line_with_host("/a | 192.0.2.7 | 1 | 404 Not Found (not-found)",
	                      "//example.org/a | 192.0.2.7 | 1 | 404 Not Found (not-found)");
	expect_line_with_host("/ | - | - | 301", "//example.org/ | - | - | 301");
	expect_line_with_host("HEAD /a | - | - | 404", "HEAD //example.org/a | - | - | 404");
	expect_line_with_host("//default/a | - | - | 7", "//default/a | - | - | 7");
	expect_line_with_host("- | - | - | 400 (a/b)", "- | - | - | 400 (a/b)");
	expect_line_with_host("OPTIONS * | - | - | 200 OK", "OPTIONS * | - | - | 200 OK");
	expect_line_with_host("", "");
}

static void test_combined_line(void **state)
{
	(void)state;
	add_request();
	add_field("HTTP_REFERER=http://example.org/\"\\x5c\\xff");
	expect_text(
	    entry_add_combined,
	    "192.0.2.7 - - [23/Nov/2026:09:45:43 +0130] \"GET /a%20b.txt?c HTTP/1.1\" 200 512 "
	    "\"http://example.org/\\x22\\x5c\\xff\" \"An agent/1\"");
}

static void test_combined_line_without_fields_has_dashes(void **state)
{
	(void)state;
	expect_text(entry_add_combined, "- - - [23/Nov/2026:09:45:43 +0130] \"-\" - - \"-\" \"-\"");
	add_field("HTTP_METHOD=GET");
	expect_text(entry_add_combined, "- - - [23/Nov/2026:09:45:43 +0130] \"-\" - - \"-\" \"-\"");
}

static void test_json_has_all_fields(void **state)
{
	(void)state;
	add_request();
	add_field("HTTP_REFERER=a\"b\\x5c");
	add_field("REASON=hits-locked");
	expect_json(
	    "{\"time\":\"2026-11-23T09:45:43.000042+01:30\","
	    "\"message\":\"/a%20b.txt | 192.0.2.7 | 51034 | 3\",\"priority\":5,\"method\":\"GET\","
	    "\"target\":\"/"
	    "a%20b.txt?c\",\"status\":200,\"bytes\":512,\"referer\":\"a\\\"b\\\\x5c\","
	    "\"user_agent\":\"An agent/1\",\"address\":\"192.0.2.7\",\"port\":51034,\"hits\":3,"
	    "\"duration_usec\":900,\"reason\":\"hits-locked\"}");
}

static void test_json_omits_unknown_fields(void **state)
{
	(void)state;
	add_field("REMOTE_ADDR=-");
	add_field("REMOTE_PORT=-");
	expect_json("{\"time\":\"2026-11-23T09:45:43.000042+01:30\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_known_fields_are_kept, begin, end),
	    cmocka_unit_test_setup_teardown(test_unknown_or_malformed_fields_are_ignored, begin,
	                                    end),
	    cmocka_unit_test_setup_teardown(test_control_bytes_are_escaped, begin, end),
	    cmocka_unit_test_setup_teardown(test_field_that_does_not_fit_is_truncated, begin, end),
	    cmocka_unit_test_setup_teardown(test_priority_4_or_less_is_a_warning, begin, end),
	    cmocka_unit_test_setup_teardown(test_path_matches_patterns, begin, end),
	    cmocka_unit_test_setup_teardown(test_method_is_not_part_of_the_path, begin, end),
	    cmocka_unit_test_setup_teardown(test_truncated_path_matches_by_its_beginning, begin,
	                                    end),
	    cmocka_unit_test_setup_teardown(test_message_that_is_not_a_request, begin, end),
	    cmocka_unit_test_setup_teardown(test_anonymous_entry_has_network_and_no_port, begin,
	                                    end),
	    cmocka_unit_test_setup_teardown(test_default_line_has_time_and_message, begin, end),
	    cmocka_unit_test_setup_teardown(test_line_with_the_site, begin, end),
	    cmocka_unit_test_setup_teardown(test_line_names_the_host, begin, end),
	    cmocka_unit_test_setup_teardown(test_combined_line, begin, end),
	    cmocka_unit_test_setup_teardown(test_combined_line_without_fields_has_dashes, begin,
	                                    end),
	    cmocka_unit_test_setup_teardown(test_json_has_all_fields, begin, end),
	    cmocka_unit_test_setup_teardown(test_json_omits_unknown_fields, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
