/*
 * _headers: which fields a response gets. Many cases show what Cloudflare Pages and Netlify do with a
 * file.
 */
#include "heap_copy.h"
#include "http/header_rules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct fields_case {
	const char *name;
	const char *text;
	const char *path;
	const char *fields; /* as in a header, with "|" in place of CRLF */
};

static bool is_none(struct view name)
{
	(void)name;
	return false;
}

static void expect_fields(const char *what, struct view text, const struct header_request *request,
                          const char *expected)
{
	static struct header_rules rules;
	char bytes[2 * HEADER_BYTES_MAX];
	struct buffer head = BUFFER(bytes);
	struct view copy = heap_copy(text);
	memset(&rules, 0x5a, sizeof rules);
	header_rules_collect(
	    VIEW("/*\n X: old\n X: old\n X: old\n X: old\n Set-Cookie: old\n X: old"), request,
	    &rules);
	header_rules_collect(copy, request, &rules);
	header_rules_add_fields(&rules, is_none, &head);
	if (rules.count == 0)
		assert_false(header_rules_mention(&rules, VIEW("X")));
	size_t length = 0;
	for (size_t i = 0; i < head.length; i++)
		if (head.data[i] != '\n')
			head.data[length++] = head.data[i] == '\r' ? '|' : head.data[i];
	head.length = length;
	if (!view_equal(buffer_view(&head), view_of(expected)))
		fail_msg("%s: \"%.*s\", not \"%s\"", what, (int)head.length, head.data, expected);
	heap_free(copy);
}

static void expect_case(const char *host, const struct fields_case *expected)
{
	struct header_request request = {view_of(host), view_of(expected->path), VIEW("")};
	expect_fields(expected->name, view_of(expected->text), &request, expected->fields);
}

static void test_a_pattern_matches_its_path_and_host(void **state)
{
	static const struct fields_case CASES[] = {
	    {"no file", "", "/a", ""},
	    {"path", "/a\n  X: 1", "/a", "X: 1|"},
	    {"other path", "/a\n  X: 1", "/b", ""},
	    {"longer path", "/a\n  X: 1", "/a/b", ""},
	    {"slash at the end counts", "/a\n  X: 1", "/a/", ""},
	    {"case counts", "/A\n  X: 1", "/a", ""},
	    {"all", "/*\n  X: 1", "/a/b", "X: 1|"},
	    {"all has the root", "/*\n  X: 1", "/", "X: 1|"},
	    {"directory", "/a/*\n  X: 1", "/a/b/c", "X: 1|"},
	    {"directory itself", "/a/*\n  X: 1", "/a/", "X: 1|"},
	    {"directory without its slash", "/a/*\n  X: 1", "/a", ""},
	    {"ending", "/*.js\n  X: 1", "/a/b.js", "X: 1|"},
	    {"other ending", "/*.js\n  X: 1", "/a/b.json", ""},
	    {"star within", "/a*b\n  X: 1", "/a/c/b", "X: 1|"},
	    {"star within stands for nothing", "/a*b\n  X: 1", "/ab", "X: 1|"},
	    {"both sides of a star do not overlap", "/ab*bc\n  X: 1", "/abc", ""},
	    {"encoded", "/some%20page%2A\n  X: 1", "/some page*", "X: 1|"},
	    {"blanks in a pattern", "/some page\n  X: 1", "/some page", "X: 1|"},
	    {"encoded after a star", "/*%20b\n  X: 1", "/a b", "X: 1|"},
	    {"colon in a segment", "/a:b\n  X: 1", "/a:b", "X: 1|"},
	    {"host", "https://www.example.org/a\n  X: 1", "/a", "X: 1|"},
	    {"host and star", "https://www.example.org/*\n  X: 1", "/a", "X: 1|"},
	    {"host without a path", "https://www.example.org\n  X: 1", "/", "X: 1|"},
	    {"host with a port", "https://www.example.org:444/a\n  X: 1", "/a", "X: 1|"},
	    {"host of http", "http://WWW.example.org/a\n  X: 1", "/a", "X: 1|"},
	    {"other host", "https://example.org/a\n  X: 1", "/a", ""},
	    {"two stars", "/*/a/*\n  X: 1", "/b/a/c", ""},
	    {"name", "/:a/b\n  X: 1", "/c/b", ""},
	    {"colon before a digit", "/:1/b\n  X: 1", "/:1/b", "X: 1|"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		expect_case("www.example.org:8080", &CASES[i]);
}

static void test_fields_of_matching_blocks_are_joined_in_order(void **state)
{
	static const struct fields_case CASES[] = {
	    {"no indent", "/a\nX: 1", "/a", "X: 1|"},
	    {"indent of a pattern", "   /a\n  X: 1", "/a", "X: 1|"},
	    {"blank lines and comments", "# a\n\n/a\n\n  # b\n  X: 1\n\n", "/a", "X: 1|"},
	    {"CRLF", "/a\r\n  X: 1\r\n  Y: 2\r\n", "/a", "X: 1|Y: 2|"},
	    {"byte order mark", "\xef\xbb\xbf/a\n X: 1", "/a", "X: 1|"},
	    {"blanks around the colon", "/a\n  X   :    1 2  ", "/a", "X: 1 2|"},
	    {"no blank", "/a\n  X:1", "/a", "X: 1|"},
	    {"colons in a value", "/a\n  X: a: b", "/a", "X: a: b|"},
	    {"! begins a name", "/a\n  !X: 1", "/a", "!X: 1|"},
	    {"two of a name", "/a\n  X: 1\n  x: 2", "/a", "X: 1, 2|"},
	    {"two blocks", "/*\n  X: 1\n/a\n  X: 2\n  Y: 3", "/a", "X: 1, 2|Y: 3|"},
	    {"a block that does not match between", "/*\n X: 1\n/b\n X: 2\n/a\n X: 3", "/a",
	     "X: 1, 3|"},
	    {"cookies are not joined", "/a\n  Set-Cookie: a=1\n  set-cookie: b=2", "/a",
	     "Set-Cookie: a=1|set-cookie: b=2|"},
	    {"removed", "/*\n  X: 1\n  Y: 2\n/a\n  ! X", "/a", "Y: 2|"},
	    {"removed, after a tab", "/*\n  X: 1\n/a\n  !\tX", "/a", ""},
	    {"removed, then set", "/*\n  X: 1\n/a\n  ! x\n  X: 2", "/a", "X: 2|"},
	    {"removed of a block that follows", "/a\n  ! X\n/*\n  X: 1", "/a", "X: 1|"},
	    {"bad lines are ignored",
	     "/a\n  X: 1\n  I'm invalid\n  !x\n  B@d: 1\n  Y: 2\n  Z:", "/a", "X: 1|Y: 2|"},
	    {"fields of a bad pattern are ignored", "/a\n  X: 1\n/*/*\n  Y: 2\n/a\n  Z: 3", "/a",
	     "X: 1|Z: 3|"},
	    {"fields before a pattern are ignored", "X: 1\n/a\n  Y: 2", "/a", "Y: 2|"},
	    {"the server's own are ignored",
	     "/a\n Content-Length: 1\n Transfer-Encoding: chunked\n Connection: close\n ETag: "
	     "\"a\"\n"
	     " Last-Modified: x\n Date: x\n Location: /b\n Allow: PUT\n Accept-Ranges: none\n"
	     " Content-Range: x\n Content-Encoding: br\n Keep-Alive: x\n Trailer: x\n Upgrade: x\n"
	     " X: 1",
	     "/a", "X: 1|"},
	    {"the server's own are not removed", "/a\n  ! Date\n  ! ETag\n  X: 1", "/a", "X: 1|"},
	    {"control characters are ignored", "/a\n  X: 1\x01\n  Y: a\rb\n  Z: 2", "/a", "Z: 2|"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		expect_case("example.org", &CASES[i]);
}

static void test_a_block_matches_the_requested_path_and_that_of_the_served_file(void **state)
{
	const struct header_request requests[] = {
	    {VIEW(""), VIEW("/"), VIEW("/index.html")},
	    {VIEW(""), VIEW("/about"), VIEW("/about.html")},
	    {VIEW(""), VIEW(""), VIEW("")},
	};
	struct view text = VIEW("/\n R: 1\n/*.html\n H: 1\n/about\n A: 1\n/about.html\n A: 2\n");
	(void)state;
	expect_fields("index", text, &requests[0], "R: 1|H: 1|");
	expect_fields("extension", text, &requests[1], "H: 1|A: 1, 2|");
	expect_fields("no path", text, &requests[2], "");
}

static void test_the_problem_of_an_invalid_line_is_named(void **state)
{
	static const char *const LINES[][2] = {
	    {"c", "is neither a pattern nor a field"},
	    {"nah.com", "is neither a pattern nor a field"},
	    {"I'm invalid!", "is neither a pattern nor a field"},
	    {"!x-content-type", "is neither a pattern nor a field"},
	    {":", "has a field without a value"},
	    {"test:", "has a field without a value"},
	    {": a", "has an invalid field name"},
	    {"a b: c", "has an invalid field name"},
	    {"! Content-Type: application/json", "has an invalid field name"},
	    {"!", "has an invalid field name"},
	    {"Content-Length: 1", "has a field that only the server may send"},
	    {"! Date", "has a field that only the server may send"},
	    {"basic-Auth: user:password", "has passwords (Basic-Auth), which are not supported"},
	    {"/a/*/*", "has more than one *"},
	    {"/a/:b", "has a :name, which is not supported: write *"},
	    {"//a", "has an empty segment (//)"},
	    {"/a/..", "has a segment . or .."},
	    {"/a?b", "has a query in its path, which is not supported"},
	    {"/a%", "has a % that two hexadecimal digits do not follow"},
	    {"https://*.pages.dev/a", "has a host with a wildcard, which is not supported"},
	    {"https://:a.pages.dev/a", "has an invalid host"},
	    {"X: \x7f", "has a control character"},
	    {"/a\x7f", "has a control character"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
		struct view text = heap_copy(view_of(LINES[i][0]));
		struct header_reader reader = header_reader_of(text);
		struct header_line line;
		const char *problem = NULL;
		assert_true(header_reader_next(&reader, &line, &problem));
		if (problem == NULL || strcmp(problem, LINES[i][1]) != 0)
			fail_msg("\"%s\": %s, not %s", LINES[i][0], problem, LINES[i][1]);
		heap_free(text);
	}
}

static bool is_vary(struct view name)
{
	return view_equal_nocase(name, VIEW("vary"));
}

static void test_fields_that_the_caller_writes_are_left_out(void **state)
{
	static struct header_rules rules;
	struct header_request request = {VIEW(""), VIEW("/a"), VIEW("")};
	char bytes[100];
	struct buffer head = BUFFER(bytes);
	(void)state;
	header_rules_collect(VIEW("/a\nX: 1\nVary: Origin\nvary: Cookie\nY: 2"), &request, &rules);
	header_rules_add_fields(&rules, is_vary, &head);
	assert_true(view_equal(buffer_view(&head), VIEW("X: 1\r\nY: 2\r\n")));
}

/* Returns the problem of the line with this number. */
static const char *problem_of_line(struct view text, unsigned number)
{
	struct header_reader reader = header_reader_of(text);
	struct header_line line;
	const char *problem = NULL;
	while (reader.lines.number < number)
		assert_true(header_reader_next(&reader, &line, &problem));
	return problem;
}

static void test_a_field_before_the_first_valid_pattern_is_a_problem(void **state)
{
	(void)state;
	assert_string_equal(problem_of_line(VIEW("X: 1"), 1), "belongs to no valid block");
	assert_string_equal(problem_of_line(VIEW("/a\nX: 1\n/*/*\n! X"), 4),
	                    "belongs to no valid block");
	assert_null(problem_of_line(VIEW("/a\nX: 1\n/*/*\n! X"), 2));
}

static void test_blocks_above_the_limit_are_problems(void **state)
{
	static char bytes[RULES_SIZE_MAX];
	struct buffer text = BUFFER(bytes);
	(void)state;
	for (unsigned i = 0; i <= HEADER_BLOCKS_MAX; i++)
		buffer_add_string(&text, "/a\n  X: 1\n");
	assert_null(problem_of_line(buffer_view(&text), 2 * HEADER_BLOCKS_MAX));
	assert_string_equal(problem_of_line(buffer_view(&text), 2 * HEADER_BLOCKS_MAX + 1),
	                    "begins more than 100 blocks");
	assert_string_equal(problem_of_line(buffer_view(&text), 2 * HEADER_BLOCKS_MAX + 2),
	                    "belongs to no valid block");
}

static void test_fields_above_the_limits_of_a_response_are_left_out(void **state)
{
	static char bytes[RULES_SIZE_MAX];
	static struct header_rules rules;
	struct buffer text = BUFFER(bytes);
	struct header_request request = {VIEW(""), VIEW("/a"), VIEW("")};
	char value[1900];
	(void)state;
	buffer_add_string(&text, "/a\n");
	for (unsigned i = 0; i <= HEADER_FIELDS_MAX; i++)
		buffer_add_string(&text, "  X: 1\n");
	header_rules_collect(buffer_view(&text), &request, &rules);
	assert_int_equal(rules.count, HEADER_FIELDS_MAX);

	text.length = 0;
	memset(value, 'a', sizeof value);
	buffer_add_string(&text, "/a\n");
	for (unsigned i = 0; i < 20; i++) {
		buffer_add_string(&text, "  X: ");
		buffer_add(&text, (struct view){value, sizeof value});
		buffer_add_string(&text, "\n");
	}
	header_rules_collect(buffer_view(&text), &request, &rules);
	assert_int_equal(rules.count, HEADER_BYTES_MAX / 1901);
}

static void test_a_line_of_2000_bytes_is_valid_a_longer_one_is_not(void **state)
{
	char bytes[RULES_LINE_MAX + 1 + 3];
	(void)state;
	memset(bytes, 'a', sizeof bytes);
	memcpy(bytes, "/a\nX:", 5);
	assert_null(problem_of_line((struct view){bytes, sizeof bytes - 1}, 2));
	assert_string_equal(problem_of_line((struct view){bytes, sizeof bytes}, 2),
	                    "is longer than 2000 bytes");
}

static void test_values_of_one_field_are_joined_or_the_last_is_taken(void **state)
{
	static struct header_rules rules;
	struct header_request request = {VIEW(""), VIEW("/a"), VIEW("")};
	char bytes[100];
	struct buffer value = BUFFER(bytes);
	(void)state;
	header_rules_collect(VIEW("/a\nVary: Origin\n! X\nvary: Cookie"), &request, &rules);
	assert_true(header_rules_mention(&rules, VIEW("VARY")));
	assert_true(header_rules_mention(&rules, VIEW("x")));
	assert_false(header_rules_mention(&rules, VIEW("y")));
	header_rules_add_value(&rules, VIEW("vary"), &value);
	header_rules_add_value(&rules, VIEW("x"), &value);
	assert_true(view_equal(buffer_view(&value), VIEW("Origin, Cookie")));
	assert_true(view_equal(header_rules_last_value(&rules, VIEW("Vary")), VIEW("Cookie")));
	assert_int_equal(header_rules_last_value(&rules, VIEW("X")).length, 0);
	assert_int_equal(header_rules_last_value(&rules, VIEW("Y")).length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_pattern_matches_its_path_and_host),
	    cmocka_unit_test(test_fields_of_matching_blocks_are_joined_in_order),
	    cmocka_unit_test(test_a_block_matches_the_requested_path_and_that_of_the_served_file),
	    cmocka_unit_test(test_fields_that_the_caller_writes_are_left_out),
	    cmocka_unit_test(test_the_problem_of_an_invalid_line_is_named),
	    cmocka_unit_test(test_a_field_before_the_first_valid_pattern_is_a_problem),
	    cmocka_unit_test(test_blocks_above_the_limit_are_problems),
	    cmocka_unit_test(test_fields_above_the_limits_of_a_response_are_left_out),
	    cmocka_unit_test(test_a_line_of_2000_bytes_is_valid_a_longer_one_is_not),
	    cmocka_unit_test(test_values_of_one_field_are_joined_or_the_last_is_taken),
	};
	return cmocka_run_group_tests_name("header_rules", tests, NULL, NULL);
}
