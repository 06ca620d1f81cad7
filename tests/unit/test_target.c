/*
 * From targets to paths: equivalent spellings, refused targets, the limits, every byte; and random
 * targets compared with a model that works on a list of segments. Targets are heap copies, so that
 * AddressSanitizer notices a byte read beyond one.
 */
#include "base/buffer.h"
#include "bytes.h"
#include "heap_copy.h"
#include "http/target.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct parsed {
	struct view raw;
	struct target target;
	struct refusal refusal;
};

static void parse(struct parsed *parsed, struct view raw)
{
	parsed->raw = heap_copy(raw);
	memset(&parsed->target, 0x5a, sizeof parsed->target);
	parsed->refusal = target_parse(parsed->raw, &parsed->target);
}

static void expect_refused(struct view raw, int status, const char *reason)
{
	struct parsed parsed;
	parse(&parsed, raw);
	if (parsed.refusal.status != status || parsed.refusal.reason == NULL ||
	    strcmp(parsed.refusal.reason, reason) != 0)
		fail_msg("\"%.*s\": %d %s, not %d %s", (int)raw.length, raw.data,
		         parsed.refusal.status, parsed.refusal.reason, status, reason);
	assert_int_equal(parsed.target.path_length, 0);
	heap_free(parsed.raw);
}

static void expect_view(struct view raw, struct view found, struct view expected)
{
	if (!view_equal(found, expected))
		fail_msg("\"%.*s\": \"%.*s\", not \"%.*s\"", (int)raw.length, raw.data,
		         (int)found.length, found.data, (int)expected.length, expected.data);
}

/* Parses a target that must be accepted; the caller frees its copy. */
static void parse_good(struct parsed *parsed, struct view raw)
{
	parse(parsed, raw);
	if (parsed->refusal.status != 0 || parsed->refusal.reason != NULL)
		fail_msg("\"%.*s\" is refused: %d %s", (int)raw.length, raw.data,
		         parsed->refusal.status, parsed->refusal.reason);
	assert_int_equal(parsed->target.path[parsed->target.path_length], '\0');
}

static void expect_path(struct view raw, struct view path)
{
	struct parsed parsed;
	parse_good(&parsed, raw);
	expect_view(raw, target_path(&parsed.target), path);
	heap_free(parsed.raw);
}

struct spellings {
	const char *path;
	const char *raws[20]; /* NULL at the end */
};

static void expect_spellings(const struct spellings *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; cases[i].raws[j] != NULL; j++)
			expect_path(view_of(cases[i].raws[j]), view_of(cases[i].path));
}

#define EXPECT(cases) expect_spellings((cases), sizeof(cases) / sizeof(cases)[0])

static void test_percent_encoding_is_decoded_once(void **state)
{
	static const struct spellings CASES[] = {
	    {"/a", {"/a", "/%61"}},
	    {"/AZZ", {"/AZZ", "/%41%5A%5a"}},
	    {"/a b", {"/a%20b"}},
	    {"/a+b", {"/a+b", "/a%2bb", "/a%2Bb"}},
	    {"/%", {"/%25"}},
	    {"/%61", {"/%2561"}},
	    {"/%2f", {"/%25%32%66"}},
	    {"/%2e%2e/a", {"/%252e%252e/a"}},
	    {"/caf\xc3\xa9", {"/caf\xc3\xa9", "/caf%C3%A9", "/caf%c3%a9"}},
	    {"/\xff\xfe", {"/%ff%FE"}},
	    {"/\xc0\xae\xc0\xae/a", {"/%c0%ae%c0%ae/a"}},
	    {"/a?b#c", {"/a%3fb%23c"}},
	    {"/\r\nX:\x7f", {"/%0d%0aX:%7f"}},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_empty_and_dot_segments_are_removed(void **state)
{
	static const struct spellings CASES[] = {
	    {"/", {"/", "//", "/%2f", "/%2F//", "/.", "/./", "/%2e", "/%2E/", "/.//./"}},
	    {"/", {"/..", "/../", "/.%2e", "/%2e.", "/%2E%2e", "/..%2f..", "/../../", "/a/.."}},
	    {"/", {"/a/../", "/a/b/../..", "//evil.example/..", "/a/.%2E%2f", "/../a/..//.."}},
	    {"/a", {"//a", "/./a", "/.//.//a", "/../../a", "/..%2f..%2Fa", "/b/../a", "/%2fa"}},
	    {"/a/", {"/a/", "/a//", "/a/.", "/a/././/./", "/a%2f", "/%2f%2f/a/%2f", "/a/b/.."}},
	    {"/a/", {"/a/b/../", "/a/b//..", "/a/b/c/../..", "/b/../a/", "/a/b/c/..//../."}},
	    {"/a/b", {"/a/b", "/a%2fb", "/a%2Fb", "/a//b", "/a/./b", "/a/%2e%2fb", "/a/c/../b"}},
	    {"/b", {"/a/../b", "/a//../b", "/a/./../b", "/a/c/../../b", "/a/c/../../../b"}},
	    {"/a/b/", {"///a////b//", "/a/b/c/..", "/a/c/..//b/", "/a%2Fb%2F", "/c/../a/b/."}},
	    {"/abc/ghi", {"/abc/def%2f%2e%2e%2fghi", "/abc/def/ghi/.././../ghi"}},
	    {"/c/", {"/a/../../b/../c/./d/.."}},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_similar_segments_are_kept(void **state)
{
	static const struct spellings CASES[] = {
	    {"/...", {"/...", "/.%2e.", "/%2E..", "/%2e%2e%2e"}},
	    {"/..a/a../.a/a.", {"/..a/a../.a/a."}},
	    {"/.. /. ", {"/.. /. ", "/..%20/.%20"}},
	    {"/..;/a", {"/..;/a"}},
	    {"/a/.../b", {"/a/.../b"}},
	    {"/a\\..\\b\\", {"/a\\..\\b\\", "/a\\..\\b%5c", "/a%5C..%5Cb%5C"}},
	    {"/~a/!$&'()*,;=:@-_", {"/~a/!$&'()*,;=:@-_"}},
	    {"/\"<>[]^`{|}", {"/\"<>[]^`{|}"}},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_query_and_authority_are_separated(void **state)
{
	static const struct {
		const char *raw, *path, *query, *authority; /* query: NULL for none */
	} CASES[] = {
	    {"/", "/", NULL, ""},
	    {"/?", "/", "", ""},
	    {"/a?b", "/a", "b", ""},
	    {"/a?b?c=/../&d", "/a", "b?c=/../&d", ""},
	    {"/a?%00%zz%", "/a", "%00%zz%", ""},
	    {"/a%3fb?c", "/a?b", "c", ""},
	    {"/?//b/", "/", "//b/", ""},
	    {"//a/b", "/a/b", NULL, ""},
	    {"/http://a/b", "/http:/a/b", NULL, ""},
	    {"http://a/b", "/b", NULL, "a"},
	    {"https://a/b", "/b", NULL, "a"},
	    {"HtTpS://A.Example:8080/b?c", "/b", "c", "A.Example:8080"},
	    {"http://a", "/", NULL, "a"},
	    {"http://a?", "/", "", "a"},
	    {"http://a?b/c", "/", "b/c", "a"},
	    {"http://a:/", "/", NULL, "a:"},
	    {"http://a//b/../..", "/", NULL, "a"},
	    {"http://a/http://b/c", "/http:/b/c", NULL, "a"},
	    {"http://192.0.2.7:80/", "/", NULL, "192.0.2.7:80"},
	    {"http://[2001:db8::7]:80/b", "/b", NULL, "[2001:db8::7]:80"},
	    {"http://../b", "/b", NULL, ".."},
	    {"http://a%2fb/c", "/c", NULL, "a%2fb"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct view raw = view_of(CASES[i].raw);
		const char *query = CASES[i].query;
		struct parsed parsed;
		parse_good(&parsed, raw);
		expect_view(raw, target_path(&parsed.target), view_of(CASES[i].path));
		expect_view(raw, parsed.target.authority, view_of(CASES[i].authority));
		expect_view(raw, parsed.target.query, view_of(query != NULL ? query : ""));
		assert_int_equal(parsed.target.has_query, query != NULL);
		heap_free(parsed.raw);
	}
}

static void test_invalid_target_is_refused(void **state)
{
	static const struct {
		const char *reason;
		const char *raws[26]; /* NULL at the end */
	} CASES[] = {
	    {"target-bad-encoding",
	     {"/%",     "/a%",   "/%4",   "/%a/",       "/%4g", "/%g4",    "/%zz",       "/%%41",
	      "/%4%31", "/% 1",  "/%-1",  "/%+1",       "/%0x", "/%u0041", "/%\xc3\xa9", "/%?41",
	      "/%4?1",  "/%2/e", "/../%", "http://a/%", "/%@1", "/%1`",    "/%:1",       "/%1/"}},
	    {"target-form",
	     {"",     "*",     "*/",      "a",      "a/b",     "?",    "?a",       "\\",
	      "%2f",  ".",     "..",      " /",     "\t/",     "a:80", "[::1]:80", "a.example:443",
	      "http", "http:", "http:/a", "http:a", "http//a/"}},
	    {"target-form",
	     {"ftp://a/", "httpx://a/", "xhttp://a/", "file:///etc/passwd", "javascript:1",
	      "ws://a/", "http ://a/", "http:\\\\a\\b", "https:/", "https:a", "httpss://a/"}},
	    {"target-form",
	     {"http://",          "https://",     "http:///",       "http:///a",    "http://?a",
	      "https:///a",       "http://:80/",  "http://:/",      "http://a@b/",  "http://a:b@c/",
	      "http://@/",        "http://a:b/",  "http://a:1:2/",  "http://a\\b/", "http://a b/",
	      "http://[::1/",     "http://[]/",   "http://[::1]x/", "http://a%2/",  "http://a%zz/",
	      "http://\xc3\xa9/", "http://a,b@/", "http://<a>/"}},
	    {"target-fragment",
	     {"#", "/#", "/a#b", "/a?b#c", "/#?", "http://a#b", "http://a/#b", "a#b", "*#",
	      "/%#41"}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		for (size_t j = 0; CASES[i].raws[j] != NULL; j++)
			expect_refused(view_of(CASES[i].raws[j]), 400, CASES[i].reason);
}

static void test_nul_is_refused(void **state)
{
	const struct view raws[] = {VIEW("/%00"),        VIEW("/a%00"),  VIEW("/a%00.html"),
	                            VIEW("/%00/.."),     VIEW("/..%00"), VIEW("http://a/%00"),
	                            VIEW("/a\0b"),       VIEW("/\0"),    VIEW("/%2f%00?"),
	                            VIEW("/a\0/../b?c"), VIEW("/%00%zz")};
	(void)state;
	for (size_t i = 0; i < sizeof raws / sizeof raws[0]; i++)
		expect_refused(raws[i], 400, "target-nul");
	expect_refused(VIEW("\0"), 400, "target-form");
	expect_refused(VIEW("http://a\0/"), 400, "target-form");
	expect_refused(VIEW("/%zz%00"), 400, "target-bad-encoding");
	expect_refused(VIEW("/%\0\0"), 400, "target-bad-encoding");
	expect_path(VIEW("/a?\0"), VIEW("/a"));
}

/* The byte replaces the hyphen in "/a-c". */
static void test_every_byte_in_a_path(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char raw[] = {'/', 'a', (char)byte, 'c'};
		struct view view = {raw, sizeof raw};
		if (byte == '\0')
			expect_refused(view, 400, "target-nul");
		else if (byte == '#')
			expect_refused(view, 400, "target-fragment");
		else if (byte == '%')
			expect_refused(view, 400, "target-bad-encoding");
		else
			expect_path(view, byte == '?' ? VIEW("/a") : view);

		char encoded[8];
		for (size_t upper = 0; upper < 2; upper++) {
			sprintf(encoded, upper ? "/a%%%02Xc" : "/a%%%02xc", (unsigned)byte);
			if (byte == '\0')
				expect_refused(view_of(encoded), 400, "target-nul");
			else
				expect_path(view_of(encoded), view);
		}
	}
}

/* A target that is not a URI must begin with "/"; an authority must be a valid Host. */
static void test_every_byte_in_an_authority(void **state)
{
	static const char IN_NAME[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789-._~!$&'()*+,;=";
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char first[] = {(char)byte, 'a'};
		struct view view = {first, sizeof first};
		if (byte == '/')
			expect_path(view, view);
		else
			expect_refused(view, 400, byte == '#' ? "target-fragment" : "target-form");

		char uri[] = {'h', 't', 't', 'p', ':', '/', '/', 'a', (char)byte, 'c', '/'};
		view = (struct view){uri, sizeof uri};
		if (byte == '/')
			expect_path(view, VIEW("/c/"));
		else if (byte == '?' || (byte != '\0' && strchr(IN_NAME, byte) != NULL))
			expect_path(view, VIEW("/"));
		else
			expect_refused(view, 400, byte == '#' ? "target-fragment" : "target-form");
	}
}

enum { LONGEST = 40000 };

/* Makes "/", the piece repeated until the length is at least `length`, and the end. */
static struct view repeat(char *buffer, const char *piece, size_t length, const char *end)
{
	struct buffer text = {buffer, LONGEST, 0, false};
	buffer_add(&text, VIEW("/"));
	while (text.length < length)
		buffer_add_string(&text, piece);
	buffer_add_string(&text, end);
	assert_false(text.truncated);
	return buffer_view(&text);
}

static void expect_length(struct view raw, size_t length)
{
	struct parsed parsed;
	parse_good(&parsed, raw);
	assert_int_equal(parsed.target.path_length, length);
	assert_int_equal(strlen(parsed.target.path), length);
	heap_free(parsed.raw);
}

static void test_path_above_the_limit_is_refused(void **state)
{
	enum { MAX = TARGET_PATH_MAX, ENCODED = 1 + 3 * (MAX - 1) };
	static char b[LONGEST];
	(void)state;
	expect_length(repeat(b, "a", MAX, ""), MAX);
	expect_refused(repeat(b, "a", MAX + 1, ""), 414, "target-too-long");
	expect_refused(repeat(b, "a", MAX, "/"), 414, "target-too-long");
	expect_length(repeat(b, "a", MAX - 1, "/"), MAX);
	expect_length(repeat(b, "a", MAX - 1, "///"), MAX);
	expect_length(repeat(b, "%61", ENCODED, ""), MAX);
	expect_refused(repeat(b, "%61", ENCODED + 1, ""), 414, "target-too-long");
	expect_length(repeat(b, "a", MAX - 3, "/.."), 1);
	expect_refused(repeat(b, "a", 12000, ""), 414, "target-too-long");
	expect_refused(repeat(b, "a", MAX + 1, "#"), 400, "target-fragment");

	/* The limit applies to the path, not to the target. */
	expect_length(repeat(b, "a", MAX, "?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), MAX);
	expect_length(repeat(b, "/", 30000, ""), 1);
	expect_length(repeat(b, "./", 30000, ""), 1);
	expect_length(repeat(b, "%2e%2f", 30000, ""), 1);
	expect_length(repeat(b, "../", 30000, ""), 1);
	expect_length(repeat(b, "abc/../", 30000, ""), 1);
	expect_length(repeat(b, "a//////", 12000, "?"), 1 + 2 * 1715);
}

static uint64_t random_state;

/* Adds a random piece to the target, and its meaning to `meant`. */
static void add_random_piece(struct buffer *raw, struct buffer *meant)
{
	static const char *const PIECES[][2] = {
	    {"/", "/"},   {"/", "/"},    {"/", "/"},       {"%2f", "/"},     {"%2F", "/"},
	    {".", "."},   {"..", ".."},  {"/..", "/.."},   {"/../", "/../"}, {"/./", "/./"},
	    {"%2e", "."}, {"%2E", "."},  {"a", "a"},       {"%61", "a"},     {"~", "~"},
	    {"%7E", "~"}, {"%25", "%"},  {"%2561", "%61"}, {"b", "b"},       {"%3F", "?"},
	    {"%23", "#"}, {"%5c", "\\"}, {"\\", "\\"},
	};
	enum { COUNT = sizeof PIECES / sizeof PIECES[0] };
	size_t piece = random_below(&random_state, COUNT + 2);
	if (piece < COUNT) {
		buffer_add_string(raw, PIECES[piece][0]);
		buffer_add_string(meant, PIECES[piece][1]);
		return;
	}
	char encoded[4];
	unsigned byte = 1 + (unsigned)random_below(&random_state, 255);
	sprintf(encoded, piece == COUNT ? "%%%02x" : "%%%02X", byte);
	buffer_add_string(raw, encoded);
	buffer_add(meant, (struct view){(char[]){(char)byte}, 1});
}

/* Returns the end of the segment that begins at `start`. */
static size_t segment_end(struct view path, size_t start)
{
	while (start < path.length && path.data[start] != '/')
		start++;
	return start;
}

/* Adds the path of the model: a list of segments, of which ".." removes the last. */
static void add_modelled_path(struct buffer *path, struct view meant)
{
	struct view kept[100];
	size_t count = 0;
	bool names_directory = false;
	for (size_t start = 1; start <= meant.length;) {
		size_t end = segment_end(meant, start);
		struct view segment = {meant.data + start, end - start};
		bool up = view_equal(segment, VIEW(".."));
		names_directory = up || segment.length == 0 || view_equal(segment, VIEW("."));
		if (up && count > 0)
			count--;
		else if (!names_directory)
			kept[count++] = segment;
		start = end + 1;
	}
	for (size_t i = 0; i < count; i++) {
		buffer_add(path, VIEW("/"));
		buffer_add(path, kept[i]);
	}
	if (names_directory || count == 0)
		buffer_add(path, VIEW("/"));
}

static void expect_canonical(struct view path)
{
	assert_true(path.length > 0 && path.data[0] == '/');
	assert_null(memchr(path.data, '\0', path.length));
	for (size_t start = 1; start <= path.length;) {
		size_t end = segment_end(path, start);
		struct view segment = {path.data + start, end - start};
		assert_true(segment.length > 0 || start == path.length);
		assert_false(view_equal(segment, VIEW(".")));
		assert_false(view_equal(segment, VIEW("..")));
		start = end + 1;
	}
}

static void test_random_target_yields_the_path_of_the_model(void **state)
{
	(void)state;
	random_state = 20261123;
	for (int round = 0; round < 50000; round++) {
		char raw_buffer[1000], meant_buffer[1000], expected_buffer[1000], again[1000];
		struct buffer raw = BUFFER(raw_buffer), meant = BUFFER(meant_buffer);
		struct buffer expected = BUFFER(expected_buffer), encoded = BUFFER(again);
		buffer_add(&raw, round % 3 == 0 ? VIEW("http://a/") : VIEW("/"));
		buffer_add(&meant, VIEW("/"));
		for (size_t pieces = random_below(&random_state, 25); pieces > 0; pieces--)
			add_random_piece(&raw, &meant);
		buffer_add(&raw, round % 5 == 0 ? VIEW("?/../%") : VIEW(""));
		add_modelled_path(&expected, buffer_view(&meant));
		expect_path(buffer_view(&raw), buffer_view(&expected));
		expect_canonical(buffer_view(&expected));
		buffer_add_path(&encoded, buffer_view(&expected));
		assert_false(raw.truncated || encoded.truncated);
		expect_path(buffer_view(&encoded), buffer_view(&expected));
	}
}

static bool is_hidden(struct view path)
{
	struct view copy = heap_copy(path);
	bool hidden = target_is_hidden(copy);
	heap_free(copy);
	return hidden;
}

/* Hidden paths, each next to a similar path that is not hidden. */
static void test_path_with_a_hidden_name_is_hidden(void **state)
{
	static const char *const CASES[][2] = {
	    {"/.a", "/a."},
	    {"/.a/b", "/a./b"},
	    {"/a/.b", "/a/b.c"},
	    {"/a/.b/", "/a/b./"},
	    {"/a/b/.c", "/a/b/c..d"},
	    {"/.git/config", "/git/config"},
	    {"/...", "/-.-"},
	    {"/..a", "/~.a"},
	    {"/.\xff", "/ .a"},
	    {"/\\/.a", "/\\.a"},
	    {"/.well-known", ""},
	    {"/.well-knownx", "/"},
	    {"/.well-knownx/a", "/.well-known/"},
	    {"/.Well-Known/a", "/.well-known/a"},
	    {"/.well-know/a", "/.well-known/a.b/c"},
	    {"/a/.well-known/b", "/a/well-known/b"},
	    {"/.well-known/.a", "/.well-known/a."},
	    {"/.well-known/a/.b", "/.well-known/a/b./c"},
	    {"/.well-known/.well-known/a", "/.well-known/well-known/a"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		if (!is_hidden(view_of(CASES[i][0])))
			fail_msg("%s is not hidden", CASES[i][0]);
		if (is_hidden(view_of(CASES[i][1])))
			fail_msg("%s is hidden", CASES[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_percent_encoding_is_decoded_once),
	    cmocka_unit_test(test_empty_and_dot_segments_are_removed),
	    cmocka_unit_test(test_similar_segments_are_kept),
	    cmocka_unit_test(test_query_and_authority_are_separated),
	    cmocka_unit_test(test_invalid_target_is_refused),
	    cmocka_unit_test(test_nul_is_refused),
	    cmocka_unit_test(test_every_byte_in_a_path),
	    cmocka_unit_test(test_every_byte_in_an_authority),
	    cmocka_unit_test(test_path_above_the_limit_is_refused),
	    cmocka_unit_test(test_random_target_yields_the_path_of_the_model),
	    cmocka_unit_test(test_path_with_a_hidden_name_is_hidden),
	};
	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
