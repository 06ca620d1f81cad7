/*
 * _redirects: which rule applies and where it leads. The cases show what Netlify's parser, Cloudflare
 * Pages, GitLab Pages and the _redirects specification of IPFS do with a rule. In those marked
 * "differs" Mayfly does something else, as mayfly(8) says.
 */
#include "heap_copy.h"
#include "http/redirects.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct match_case {
	const char *name;
	const char *rules;
	const char *request; /* path and query */
	int status;          /* 0: no rule applies */
	const char *to;
};

static struct redirect_request request_of(const char *host, const char *path)
{
	const char *query = strchr(path, '?');
	return (struct redirect_request){
	    .host = view_of(host),
	    .path = {path, query != NULL ? (size_t)(query - path) : strlen(path)},
	    .has_query = query != NULL,
	    .query = query != NULL ? view_of(query + 1) : VIEW(""),
	};
}

static int find(const char *rules, const struct redirect_request *request, struct buffer *to,
                unsigned *line)
{
	struct view text = heap_copy(view_of(rules));
	int status = redirects_find(text, request, to, line);
	heap_free(text);
	return status;
}

static void expect_on(const char *host, const struct match_case *expected)
{
	char bytes[REDIRECT_TO_MAX];
	struct buffer to = BUFFER(bytes);
	unsigned line;
	struct redirect_request request = request_of(host, expected->request);
	int status = find(expected->rules, &request, &to, &line);
	if (status != expected->status)
		fail_msg("%s: status %d, not %d", expected->name, status, expected->status);
	if (status != 0 && !view_equal(buffer_view(&to), view_of(expected->to)))
		fail_msg("%s: to \"%.*s\", not \"%s\"", expected->name, (int)to.length, to.data,
		         expected->to);
}

static void test_a_path_matches_the_same_path_with_or_without_a_final_slash(void **state)
{
	static const struct match_case CASES[] = {
	    {"same path", "/foo /bar", "/foo", 301, "/bar"},
	    {"slash at the end of both", "/foo/ /bar/", "/foo/", 301, "/bar/"},
	    {"slash at the end of FROM only", "/foo/ /bar/", "/foo", 301, "/bar/"},
	    {"slash at the end of the path only", "/foo /bar/", "/foo/", 301, "/bar/"},
	    {"longer path", "/foo /bar/", "/foo/bar", 0, NULL},
	    {"shorter path", "/foo/bar /baz", "/foo", 0, NULL},
	    {"two segments", "/foo/bar /baz/", "/foo/bar", 301, "/baz/"},
	    {"root", "/ /home", "/", 301, "/home"},
	    {"to the root", "/foo /", "/foo", 301, "/"},
	    {"root is not a prefix", "/ /home", "/a", 0, NULL},
	    {"case is kept", "/Foo /bar", "/foo", 0, NULL},
	    {"encoded FROM", "/some%20page /b", "/some page", 301, "/b"},
	    {"UTF-8 in FROM", "/caf\xc3\xa9 /b", "/caf\xc3\xa9", 301, "/b"},
	    {"encoded UTF-8 in FROM", "/caf%C3%a9 /b", "/caf\xc3\xa9", 301, "/b"},
	    {"signs in FROM", "/$~.%20!+-/[bo|%7Bo}]...() /b", "/$~. !+-/[bo|{o}]...()", 301, "/b"},
	    {"colon within a segment is plain", "/wiki/Talk:Foo /b", "/wiki/Talk:Foo", 301, "/b"},
	    {"colon within a segment matches nothing else", "/foo:name /b", "/foorbar", 0, NULL},
	    {"colon within a segment is not optional", "/foo:name /b", "/foo", 0, NULL},
	    {"encoded star is plain", "/a%2A /b", "/a*", 301, "/b"},
	    {"encoded star is no splat", "/%2A /b", "/a", 0, NULL},
	    {"PHP page", "/blog/my-post.php /blog/my-post", "/blog/my-post.php", 301,
	     "/blog/my-post"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		expect_on("example.org", &CASES[i]);
}

static void test_a_splat_is_the_rest_of_the_path(void **state)
{
	static const struct match_case CASES[] = {
	    {"rest of the path", "/foo/* /qux/:splat", "/foo/baz/bar", 301, "/qux/baz/bar"},
	    {"with its slash", "/foo/* /qux/:splat", "/foo/baz/bar/", 301, "/qux/baz/bar/"},
	    {"nothing after the slash", "/foo/* /qux/:splat", "/foo/", 301, "/qux/"},
	    {"nothing, without the slash", "/foo/* /qux/:splat", "/foo", 301, "/qux/"},
	    {"other beginning", "/foo/* /qux/:splat", "/food/a", 0, NULL},
	    {"whole path", "/* /qux/:splat", "/foo/bar", 301, "/qux/foo/bar"},
	    {"root", "/* /qux/:splat", "/", 301, "/qux/"},
	    {"used twice", "/foo/* /qux/:splat/:splat", "/foo/hello", 301, "/qux/hello/hello"},
	    {"not used", "/foo/* /bar", "/foo/hello", 301, "/bar"},
	    {"no splat in FROM: it stays (differs from GitLab)", "/foo/ /qux/:splat", "/foo", 301,
	     "/qux/:splat"},
	    {"to the root", "/foo/* /:splat", "/foo/a/b", 301, "/a/b"},
	    {"nothing leaves one slash", "/foo/* /:splat/evil.example", "/foo", 301,
	     "/evil.example"},
	    {"nothing leaves one slash of several", "/foo/* /:splat//evil.example", "/foo", 301,
	     "/evil.example"},
	    {"nothing but slashes", "/foo/* /:splat//", "/foo", 301, "/"},
	    {"nothing keeps the slash after letters", "/foo/* /a:splat/b", "/foo", 301, "/a/b"},
	    {"nothing before letters", "/foo/* /a/:splat.html", "/foo", 301, "/a/.html"},
	    {"nothing leaves one slash within", "/foo/* /a/:splat/b", "/foo/", 301, "/a/b"},
	    {"of the other host", "/* https://example.com/:splat", "/a/b", 301,
	     "https://example.com/a/b"},
	    {"with an extension", "/img/* /pictures/:splat.webp", "/img/a/b", 301,
	     "/pictures/a/b.webp"},
	    {"encoded again", "/foo/* /qux/:splat", "/foo/a b%\xc3\xa9;#\\", 301,
	     "/qux/a%20b%25%C3%A9;%23%5C"},
	    {"star within (differs: Netlify ignores the rest, GitLab matches)",
	     "/foo/*/bar /foo/:splat/qux", "/foo/baz/bar", 0, NULL},
	    {"star within, of several segments (differs from GitLab)", "/foo/*/bar /foo/:splat/qux",
	     "/foo/hello/world/bar", 0, NULL},
	    {"star within, of no segment (differs from GitLab)", "/foo/*/bar /foo/:splat/qux",
	     "/foo/bar", 0, NULL},
	    {"star within, and a slash at the end (differs from GitLab)",
	     "/foo/*/bar /foo/:splat/qux", "/foo/baz/bar/", 0, NULL},
	    {"two stars (differs from GitLab)", "/foo/*/bar/*/baz /qux/:splat",
	     "/foo/hello/bar/world/baz", 0, NULL},
	    {"star, then a name like it (differs from GitLab)", "/foo/*/bar/:splat /qux/:splat",
	     "/foo/hello/bar/world", 0, NULL},
	    {"star in front (differs from GitLab)", "/*/baz /qux", "/foo/baz", 0, NULL},
	    {"star in front of two segments (differs from GitLab)", "/*/baz/bar /qux/:splat",
	     "/foo/baz/bar", 0, NULL},
	    {"star in front, of no segment (differs from GitLab)", "/*/foo /qux/:splat", "/foo", 0,
	     NULL},
	    {"star in a segment", "/foo*bar /qux", "/foobazbar", 0, NULL},
	    {"star in a segment, without content", "/foo*bar /qux/:splat", "/foobar", 0, NULL},
	    {"star after letters", "/foo* /qux", "/foobar", 0, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		expect_on("example.org", &CASES[i]);
}

static void test_a_placeholder_is_one_segment_of_the_path(void **state)
{
	static const struct match_case CASES[] = {
	    {"three", "/foo/:year/:month/:day/bar /qux/:year-:month-:day", "/foo/2021/08/16/bar",
	     301, "/qux/2021-08-16"},
	    {"reordered", "/posts/:month/:day/:year/:slug /articles/:year/:month/:day/:slug",
	     "/posts/06/15/2022/hello-world", 301, "/articles/2022/06/15/hello-world"},
	    {"with digits and _", "/foo/:_i2t /qux/:_i2t-", "/foo/bar", 301, "/qux/bar-"},
	    {"at the end", "/foo/:it /qux/:it", "/foo/bar", 301, "/qux/bar"},
	    {"with a slash after it", "/foo/:it /qux/:it", "/foo/bar/", 301, "/qux/bar"},
	    {"at the beginning", "/:it/foo /qux/:it", "/baz/foo", 301, "/qux/baz"},
	    {"alone", "/:it /qux/:it", "/foo", 301, "/qux/foo"},
	    {"is one segment", "/foo/:it/bar /b", "/foo/hello/world/bar", 0, NULL},
	    {"is not empty at the beginning", "/:it/foo /b", "/foo", 0, NULL},
	    {"is not empty at the end", "/foo/:it /b", "/foo/", 0, NULL},
	    {"after letters of TO", "/foo/:it /qux/bar:it", "/foo/baz", 301, "/qux/barbaz"},
	    {"before letters of TO", "/blog/:code/:name /:code/:name.jpg", "/blog/123/tricycle",
	     301, "/123/tricycle.jpg"},
	    {"one begins like another", "/foo/:foo/:foobar /qux/:foo/:foobar", "/foo/baz/quux", 301,
	     "/qux/baz/quux"},
	    {"unknown name stays (differs from GitLab)", "/:foo /:foobar", "/baz", 301, "/:foobar"},
	    {"unknown name stays in a path", "/foo/:a /qux/:b", "/foo/bar", 301, "/qux/:b"},
	    {"twice in FROM: the first", "/foo/:it/bar/:it/baz /qux/:it",
	     "/foo/hello/bar/world/baz", 301, "/qux/hello"},
	    {"twice in TO", "/foo/:it /qux/:it/:it", "/foo/hello", 301, "/qux/hello/hello"},
	    {"named splat, before a splat", "/foo/:splat/bar/* /qux/:splat", "/foo/hello/bar/world",
	     301, "/qux/hello"},
	    {"with a splat", "/:lang/locations/* /locations/:splat?lang=:lang", "/de/locations/a/b",
	     301, "/locations/a/b?lang=de"},
	    {"encoded again", "/a/:it /b/:it", "/a/x y", 301, "/b/x%20y"},
	    {"in a query", "/a/:it /b?it=:it", "/a/x&c=d=e f/", 301, "/b?it=x%26c%3Dd%3De%20f"},
	    {"in a fragment", "/a/:it /b#:it", "/a/x y", 301, "/b#x%20y"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		expect_on("example.org", &CASES[i]);
}

static void test_each_status_is_read_and_bad_lines_and_comments_are_skipped(void **state)
{
	static const struct match_case CASES[] = {
	    {"blank file", "", "/a", 0, NULL},
	    {"blank lines and comments", "\n  \n# /a /no\n\t# /a /no\n/a /b\n", "/a", 301, "/b"},
	    {"comment after a rule", "/a /b # moved", "/a", 301, "/b"},
	    {"comment after a status", "/a /b 302 # moved", "/a", 302, "/b"},
	    {"blanks and tabs", "  /a \t  /b\t\t308  ", "/a", 308, "/b"},
	    {"CRLF", "/a /b\r\n/c /d\r\n", "/c", 301, "/d"},
	    {"byte order mark", "\xef\xbb\xbf/a /b\n", "/a", 301, "/b"},
	    {"no end of the last line", "/c /d\n/a /b", "/a", 301, "/b"},
	    {"the first match counts", "/a /b\n/a /c", "/a", 301, "/b"},
	    {"a bad line is skipped", "/a\n/a /b 999\n/a /c", "/a", 301, "/c"},
	    {"a forced rule is skipped", "/a /b 301!\n/a /c", "/a", 301, "/c"},
	    {"301", "/a /b 301", "/a", 301, "/b"},
	    {"302", "/a /b 302", "/a", 302, "/b"},
	    {"303", "/a /b 303", "/a", 303, "/b"},
	    {"307", "/a /b 307", "/a", 307, "/b"},
	    {"308", "/a /b 308", "/a", 308, "/b"},
	    {"200", "/a /b 200", "/a", 200, "/b"},
	    {"404", "/not-found/* /404.html 404", "/not-found/a", 404, "/404.html"},
	    {"410", "/gone/* /410.html 410", "/gone/a", 410, "/410.html"},
	    {"451", "/unavail/* /451.html 451", "/unavail/a", 451, "/451.html"},
	    {"single-page app", "/* /index.html 200", "/a/deep/link", 200, "/index.html"},
	    {"single-page app, with a query", "/* /index.html 200", "/a?b=c", 200, "/index.html"},
	    {"query and fragment of a served TO do not matter", "/a /b?c=d#e 200", "/a", 200, "/b"},
	    {"served TO with names", "/en/* /:splat 200", "/en/a b", 200, "/a%20b"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		expect_on("example.org", &CASES[i]);
}

static void test_the_target_keeps_its_query_and_fragment(void **state)
{
	static const struct match_case CASES[] = {
	    {"fragment", "/a /b#blah 302", "/a", 302, "/b#blah"},
	    {"fragment with a hash sign (differs: it is encoded)", "/a /b##blah-1", "/a", 301,
	     "/b#%23blah-1"},
	    {"query", "/a /b?query=string", "/a", 301, "/b?query=string"},
	    {"query is carried over", "/a /b", "/a?x=1&y=2", 301, "/b?x=1&y=2"},
	    {"empty query is carried over", "/a /b", "/a?", 301, "/b?"},
	    {"query of TO counts", "/a /b?c=d", "/a?x=1", 301, "/b?c=d"},
	    {"query stands before the fragment", "/a /b#c", "/a?x=1", 301, "/b?x=1#c"},
	    {"query is escaped", "/a /b", "/a?\"<>\\ \xff", 301, "/b?%22%3C%3E%5C%20%FF"},
	    {"port, query and fragment", "/a https://some.example:1234/route?q=s#anchor", "/a", 301,
	     "https://some.example:1234/route?q=s#anchor"},
	    {"http", "/a http://example.com/b", "/a", 301, "http://example.com/b"},
	    {"host only", "/a https://example.com", "/a", 301, "https://example.com"},
	    {"host and query", "/a https://example.com?x", "/a", 301, "https://example.com?x"},
	    {"equals sign in a path", "/a https://example.com/test=hello", "/a", 301,
	     "https://example.com/test=hello"},
	    {"URL in a query", "/a https://goo.gl/app?link=https://play.example/m/I?t%3DA", "/a",
	     301, "https://goo.gl/app?link=https://play.example/m/I?t%3DA"},
	    {"unescaped bytes", "/a /nons:/&@%25+~{}\xc3\xa9", "/a", 301,
	     "/nons:/&@%25+~%7B%7D%C3%A9"},
	    {"backslash", "/a /\\evil.example", "/a", 301, "/%5Cevil.example"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		expect_on("example.org", &CASES[i]);
}

static void test_a_rule_with_a_host_applies_to_that_host_only(void **state)
{
	static const struct match_case CASES[] = {
	    {"its host", "http://blog.example.org/* https://www.example.org/blog/:splat", "/a", 301,
	     "https://www.example.org/blog/a"},
	    {"its host, https", "https://blog.example.org/* /b", "/a", 301, "/b"},
	    {"its host in other letters", "https://BLOG.example.ORG./a /b", "/a", 301, "/b"},
	    {"any port", "https://blog.example.org:444/a /b", "/a", 301, "/b"},
	    {"no path", "https://blog.example.org /b", "/", 301, "/b"},
	    {"another host", "https://example.org/a /b", "/a", 0, NULL},
	    {"host with a name", "https://:sub.example.org/a /b", "/a", 0, NULL},
	    {"host with a star", "https://*.example.org/a /b", "/a", 0, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		expect_on("Blog.example.org:8080", &CASES[i]);
	expect_on("", &(struct match_case){"no Host", "https://a.example/* /b", "/a", 0, NULL});
	expect_on("[::1]", &(struct match_case){"literal", "http://[::1]/* /b", "/a", 0, NULL});
}

static void test_a_rule_that_leads_to_the_request_itself_is_skipped(void **state)
{
	static const struct match_case CASES[] = {
	    {"to itself", "/a /a", "/a", 0, NULL},
	    {"to itself, then another", "/a /a\n/a /b", "/a", 301, "/b"},
	    {"the missing index of an app", "/* /index.html 200", "/index.html", 0, NULL},
	    {"splat to splat", "/* /:splat", "/a/b", 0, NULL},
	    {"splat to splat, with a query", "/* /:splat", "/a/b?c", 0, NULL},
	    {"slash added", "/a /a/", "/a", 301, "/a/"},
	    {"slash there", "/a /a/", "/a/", 0, NULL},
	    {"encoded otherwise", "/%61 /%61", "/a", 0, NULL},
	    {"query added", "/a /a?b=c", "/a", 301, "/a?b=c"},
	    {"query there", "/a /a?b=c", "/a?b=c", 0, NULL},
	    {"another query there", "/a /a?b=c", "/a?b=d", 301, "/a?b=c"},
	    {"fragment only", "/a /a#b", "/a", 0, NULL},
	    {"this host, whatever the scheme",
	     "http://www.example.org/* https://www.example.org/:splat", "/a", 0, NULL},
	    {"this host, its default port", "/* https://www.example.org:443/:splat", "/a", 0, NULL},
	    {"this host, another port", "/* https://www.example.org:8443/:splat", "/a", 301,
	     "https://www.example.org:8443/a"},
	    {"another host", "/* https://example.org/:splat", "/a", 301, "https://example.org/a"},
	    {"a host of one letter", "/* https://b/:splat", "/a", 301, "https://b/a"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		expect_on("www.example.org", &CASES[i]);
}

static void test_the_problem_of_an_invalid_line_is_named(void **state)
{
	static const char *const LINES[][2] = {
	    {"/a", "has no target"},
	    {"/a 200", "has no target"},
	    {"/a # /b", "has no target"},
	    {"/* # comment", "has no target"},
	    {"X-Frame-Options: DENY", "does not begin with / or http:// or https://"},
	    {"a /b", "does not begin with / or http:// or https://"},
	    {"ftp://a.example/a /b", "does not begin with / or http:// or https://"},
	    {"/a b", "has a target that does not begin with / or http:// or https://"},
	    {"/a //b.example/c", "has a target that begins with //"},
	    {"/a ?b", "has a target that does not begin with / or http:// or https://"},
	    {"/a #b", "has no target"},
	    {"/a https:///b", "has a target with an invalid host"},
	    {"/a https://:80/b", "has a target with an invalid host"},
	    {"/a https://user@b.example/", "has a target with an invalid host"},
	    {"/a https://:splat.example/", "has a target with an invalid host"},
	    {"/* https://b.example:splat/", "has a target with an invalid host"},
	    {"/* https://b.example\\@c.example/", "has a target with an invalid host"},
	    {"/* https://*.example/", "has a target with an invalid host"},
	    {"/a /b%zz", "has a target with a % that does not encode a byte"},
	    {"/a /b%00", "has a target with a % that does not encode a byte"},
	    {"/a%2 /b", "has a % that two hexadecimal digits do not follow"},
	    {"/a%00 /b", "has an encoded NUL or slash"},
	    {"/a%2fb /c", "has an encoded NUL or slash"},
	    {"/a//b /c", "has an empty segment (//)"},
	    {"//a /c", "has an empty segment (//)"},
	    {"/a/../b /c", "has a segment . or .."},
	    {"/a/%2e /c", "has a segment . or .."},
	    {"/a?b=c /d", "has a query in its path, which is not supported"},
	    {"/a#b /d", "has a # in its path: write %23"},
	    {"/a/*/b /c", "has a * that is not the last segment of its path"},
	    {"/a/*/ /c", "has a * that is not the last segment of its path"},
	    {"/a* /c", "has a * that is not a whole segment: write %2A"},
	    {"/: /c", "has a :name that is not a whole segment of letters, digits and _"},
	    {"/:a-b /c", "has a :name that is not a whole segment of letters, digits and _"},
	    {"/:1 /c", "has a :name that is not a whole segment of letters, digits and _"},
	    {"/:a/:b/:c/:d/:e/:f/:g/:h/:i/:j/:k/:l/:m/:n/:o/:p/* /q", "has more than 16 names"},
	    {"/a /b 301!", "is forced (!), which is not supported: an existing file is served"},
	    {"/a /b 201", "has a status other than 301, 302, 303, 307, 308, 200, 404, 410 and 451"},
	    {"/a /b 302x",
	     "has a status other than 301, 302, 303, 307, 308, 200, 404, 410 and 451"},
	    {"/a /b 30", "has a status other than 301, 302, 303, 307, 308, 200, 404, 410 and 451"},
	    {"/a id=:id /b", "depends on the query, which is not supported"},
	    {"/a /b 302 Country=ch,tw", "has a condition or another word after its status, which "
	                                "is not supported"},
	    {"/a /b 200 Role=admin", "has a condition or another word after its status, which "
	                             "is not supported"},
	    {"/a /b Language=de", "has a condition or another word after its status, which "
	                          "is not supported"},
	    {"/a /b 302 !important", "has a condition or another word after its status, which "
	                             "is not supported"},
	    {"/a //", "has a target that begins with //"},
	    {"/api/* https://api.example/:splat 200",
	     "serves a file of another host, which is not supported"},
	    {"/api/* https://api.example/:splat 404",
	     "serves a file of another host, which is not supported"},
	    {"https://*.pages.dev/a /b", "has a host with a wildcard, which is not supported"},
	    {"https://:sub.pages.dev/a /b", "has an invalid host"},
	    {"https:///a /b", "has an invalid host"},
	    {"/a\x01 /b", "has a control character"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
		struct redirect_rule rule;
		struct view line = heap_copy(view_of(LINES[i][0]));
		const char *problem = redirect_rule_parse(line, &rule);
		if (problem == NULL || strcmp(problem, LINES[i][1]) != 0)
			fail_msg("\"%s\": %s, not %s", LINES[i][0], problem, LINES[i][1]);
		heap_free(line);
	}
}

static void test_a_line_of_2000_bytes_is_valid_a_longer_one_is_not(void **state)
{
	char line[RULES_LINE_MAX + 1];
	struct redirect_rule rule;
	(void)state;
	memset(line, 'a', sizeof line);
	memcpy(line, "/b /", 4);
	assert_null(redirect_rule_parse((struct view){line, RULES_LINE_MAX}, &rule));
	assert_string_equal(redirect_rule_parse((struct view){line, RULES_LINE_MAX + 1}, &rule),
	                    "is longer than 2000 bytes");
}

static void test_a_file_above_its_size_or_number_of_rules_is_reported(void **state)
{
	static char bytes[RULES_SIZE_MAX + 1];
	struct buffer text = BUFFER(bytes);
	(void)state;
	for (unsigned i = 0; i < REDIRECTS_MAX; i++)
		buffer_add_string(&text, "# comment\n\n/a /b\n");
	assert_true(redirects_are_within_limits(buffer_view(&text)));
	buffer_add_string(&text, "bad\n");
	assert_false(redirects_are_within_limits(buffer_view(&text)));

	memset(bytes, '#', sizeof bytes);
	assert_true(redirects_are_within_limits((struct view){bytes, RULES_SIZE_MAX}));
	assert_false(redirects_are_within_limits((struct view){bytes, RULES_SIZE_MAX + 1}));
}

static void test_a_target_that_the_request_makes_too_long_is_reported(void **state)
{
	char path[3001], bytes[REDIRECT_TO_MAX];
	struct buffer to = BUFFER(bytes);
	unsigned line = 0;
	(void)state;
	memset(path, ' ', sizeof path);
	path[0] = '/';
	struct redirect_request request = {
	    .host = VIEW("a"), .path = {path, sizeof path}, .query = VIEW("")};
	int status = find("/* /b/:splat", &request, &to, &line);
	assert_int_equal(status, 301);
	assert_int_equal(to.length, 3 + 3 * 3000);
	assert_false(to.truncated);
	request.path.length = 2001; /* the path of the target is longer than any of a request */
	status = find("/* /:splat/:splat", &request, &to, &line);
	assert_int_equal(status, 301);
	assert_int_equal(to.length, 2 + 2 * 3 * 2000);
	assert_false(to.truncated);
	request.path.length = sizeof path;
	status = find("/b /c\n/* /:splat/:splat/c 410\n/* /b/:splat", &request, &to, &line);
	assert_int_equal(status, 410);
	assert_int_equal(line, 2);
	assert_true(to.truncated);
}

static void test_the_line_number_counts_blank_lines_and_comments(void **state)
{
	char bytes[REDIRECT_TO_MAX];
	struct buffer to = BUFFER(bytes);
	unsigned line = 0;
	(void)state;
	struct redirect_request request = request_of("a", "/a");
	find("# one\n\r\n/b /c\n  \n/a /b\n", &request, &to, &line);
	assert_int_equal(line, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_path_matches_the_same_path_with_or_without_a_final_slash),
	    cmocka_unit_test(test_a_splat_is_the_rest_of_the_path),
	    cmocka_unit_test(test_a_placeholder_is_one_segment_of_the_path),
	    cmocka_unit_test(test_each_status_is_read_and_bad_lines_and_comments_are_skipped),
	    cmocka_unit_test(test_the_target_keeps_its_query_and_fragment),
	    cmocka_unit_test(test_a_rule_with_a_host_applies_to_that_host_only),
	    cmocka_unit_test(test_a_rule_that_leads_to_the_request_itself_is_skipped),
	    cmocka_unit_test(test_the_problem_of_an_invalid_line_is_named),
	    cmocka_unit_test(test_a_line_of_2000_bytes_is_valid_a_longer_one_is_not),
	    cmocka_unit_test(test_a_file_above_its_size_or_number_of_rules_is_reported),
	    cmocka_unit_test(test_a_target_that_the_request_makes_too_long_is_reported),
	    cmocka_unit_test(test_the_line_number_counts_blank_lines_and_comments),
	};
	return cmocka_run_group_tests_name("redirects", tests, NULL, NULL);
}
