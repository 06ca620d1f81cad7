/* What both files of rules have in common. test_redirects.c and test_header_rules.c test whole files. */
#include "heap_copy.h"
#include "http/rules.h"

static void test_lines_of_a_file(void **state)
{
	struct rule_lines lines =
	    rule_lines_of(VIEW("\xef\xbb\xbf# comment\n\n \t\r\n /a /b \r\n#\n/c\n \n"));
	(void)state;
	assert_true(view_equal(rule_lines_next(&lines), VIEW("/a /b")));
	assert_int_equal(lines.number, 4);
	assert_true(view_equal(rule_lines_next(&lines), VIEW("/c")));
	assert_int_equal(lines.number, 6);
	assert_int_equal(rule_lines_next(&lines).length, 0);
	assert_int_equal(rule_lines_next(&lines).length, 0);
}

static void test_which_files_are_never_served(void **state)
{
	static const char *const RULES[] = {"_redirects",  "_headers",       "_REDIRECTS",
	                                    "_Headers",    "_headers/",      "_redirects/a",
	                                    "_headers.br", "_redirects.zst", "_headers.gz"};
	static const char *const OTHERS[] = {
	    "",           "_",        "_header", "_headers1", "_headers.txt", "_headers.br2",
	    "a/_headers", "redirects"};
	(void)state;
	for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++)
		if (!rules_are_at(view_of(RULES[i])))
			fail_msg("%s is served", RULES[i]);
	for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
		if (rules_are_at(view_of(OTHERS[i])))
			fail_msg("%s is not served", OTHERS[i]);
}

static void test_a_long_line_and_one_with_a_control_character_have_a_problem(void **state)
{
	char bytes[RULES_LINE_MAX + 1];
	(void)state;
	memset(bytes, 'a', sizeof bytes);
	assert_null(rule_line_problem((struct view){bytes, 2000}));
	assert_string_equal(rule_line_problem((struct view){bytes, 2001}),
	                    "is longer than 2000 bytes");
	assert_null(rule_line_problem(VIEW("/a\t/b \xc3\xa9")));
	assert_string_equal(rule_line_problem(VIEW("/a\x01")), "has a control character");
	assert_string_equal(rule_line_problem(VIEW("/a\x7f")), "has a control character");
}

static void test_a_pattern_is_split_into_host_and_path(void **state)
{
	static const struct {
		const char *pattern;
		const char *host;
		const char *path; /* NULL: the pattern has a problem */
	} CASES[] = {
	    {"/", "", "/"},
	    {"/a/http://b", "", "/a/http://b"},
	    {"http://example.org/a", "example.org", "/a"},
	    {"https://example.org/", "example.org", "/"},
	    {"https://example.org", "example.org", "/"},
	    {"https://example.org:8080/a/b", "example.org:8080", "/a/b"},
	    {"", NULL, NULL},
	    {"a", NULL, NULL},
	    {"http:/a", NULL, NULL},
	    {"ftp://example.org/", NULL, NULL},
	    {"http://", NULL, NULL},
	    {"https://[::1]/a", NULL, NULL},
	    {"http:///a", NULL, NULL},
	    {"http://*.example.org/a", NULL, NULL},
	    {"http://exa mple.org/a", NULL, NULL},
	    {"http://../a", NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct view copy = heap_copy(view_of(CASES[i].pattern)), pattern = copy, host;
		const char *problem = rule_take_host(&pattern, &host);
		if ((problem == NULL) != (CASES[i].path != NULL))
			fail_msg("%s: %s", CASES[i].pattern,
			         problem != NULL ? problem : "accepted");
		if (problem == NULL && (!view_equal(host, view_of(CASES[i].host)) ||
		                        !view_equal(pattern, view_of(CASES[i].path))))
			fail_msg("%s: %.*s and %.*s", CASES[i].pattern, (int)host.length, host.data,
			         (int)pattern.length, pattern.data);
		heap_free(copy);
	}
}

static void test_a_host_matches_without_its_port_in_any_case(void **state)
{
	(void)state;
	assert_true(rule_host_matches(VIEW(""), VIEW("example.org")));
	assert_true(rule_host_matches(VIEW(""), VIEW("")));
	assert_true(rule_host_matches(VIEW("example.org"), VIEW("EXAMPLE.ORG:8080")));
	assert_true(rule_host_matches(VIEW("Example.org:443"), VIEW("example.org.")));
	assert_false(rule_host_matches(VIEW("example.org"), VIEW("www.example.org")));
	assert_false(rule_host_matches(VIEW("example.org"), VIEW("")));
}

static void test_a_path_that_matches_nothing_has_a_problem(void **state)
{
	static const char *const VALID[] = {"",       "/",    "/a",  "/a/", "/a/b",  "/*",
	                                    "/a%20b", "/...", "/.a", "/a.", "/%2e.a"};
	static const char *const INVALID[] = {"/a?b", "/a#b", "//",      "/a//b", "/.",
	                                      "/..",  "/./a", "/a/../b", "/%2e",  "/.%2E/a",
	                                      "/%",   "/a%2", "/%zz",    "/a%00", "/a%2fb"};
	(void)state;
	for (size_t i = 0; i < sizeof VALID / sizeof VALID[0]; i++) {
		struct view copy = heap_copy(view_of(VALID[i]));
		const char *problem = rule_path_problem(copy);
		if (problem != NULL)
			fail_msg("%s: %s", VALID[i], problem);
		heap_free(copy);
	}
	for (size_t i = 0; i < sizeof INVALID / sizeof INVALID[0]; i++) {
		struct view copy = heap_copy(view_of(INVALID[i]));
		if (rule_path_problem(copy) == NULL)
			fail_msg("%s is valid", INVALID[i]);
		heap_free(copy);
	}
}

static void test_encoded_text_is_taken_off_a_decoded_path(void **state)
{
	static const struct {
		const char *text;
		const char *path;
		const char *rest; /* NULL: the path does not begin with the text */
	} CASES[] = {
	    {"", "/a", "/a"},     {"/a", "/a", ""},
	    {"/a", "/ab", "b"},   {"/%61%20", "/a b", "b"},
	    {"/a", "/", NULL},    {"/a", "", NULL},
	    {"/a", "/b", NULL},   {"/%C3%A9", "/\xc3\xa9", ""},
	    {"/a%2A", "/a*", ""}, {"/a", "/A", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct view text = heap_copy(view_of(CASES[i].text));
		struct view copy = heap_copy(view_of(CASES[i].path)), path = copy;
		bool taken = rule_take_text(text, &path);
		if (taken != (CASES[i].rest != NULL) ||
		    (taken && !view_equal(path, view_of(CASES[i].rest))))
			fail_msg("%s off %s: %.*s", CASES[i].text, CASES[i].path, (int)path.length,
			         path.data);
		heap_free(text);
		heap_free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines_of_a_file),
	    cmocka_unit_test(test_which_files_are_never_served),
	    cmocka_unit_test(test_a_long_line_and_one_with_a_control_character_have_a_problem),
	    cmocka_unit_test(test_a_pattern_is_split_into_host_and_path),
	    cmocka_unit_test(test_a_host_matches_without_its_port_in_any_case),
	    cmocka_unit_test(test_a_path_that_matches_nothing_has_a_problem),
	    cmocka_unit_test(test_encoded_text_is_taken_off_a_decoded_path),
	};
	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
