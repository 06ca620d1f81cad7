/*
 * Which media type a path gets: the types that browsers need, by the right part of the name,
 * whatever its case. Says nothing of rare types: those are as the machine's /etc/mime.types has
 * them.
 */
#include "http/media_type.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char OCTETS[] = "application/octet-stream";

static void expect_type(const char *path, const char *expected)
{
	struct view type = media_type_of(view_of(path));
	if (!view_equal(type, view_of(expected)))
		fail_msg("%s: %.*s, not %s", path, (int)type.length, type.data, expected);
}

static void test_types_that_browsers_need(void **state)
{
	static const struct {
		const char *path, *type;
	} CASES[] = {
	    {"/index.html", "text/html; charset=utf-8"},
	    {"/index.htm", "text/html; charset=utf-8"},
	    {"/style.css", "text/css; charset=utf-8"},
	    {"/app.js", "text/javascript; charset=utf-8"},
	    {"/app.mjs", "text/javascript; charset=utf-8"},
	    {"/notes.txt", "text/plain; charset=utf-8"},
	    {"/notes.md", "text/markdown; charset=utf-8"},
	    {"/table.csv", "text/csv; charset=utf-8"},
	    {"/dates.ics", "text/calendar; charset=utf-8"},
	    {"/words.vtt", "text/vtt; charset=utf-8"},
	    {"/data.json", "application/json"},
	    {"/feed.xml", "application/xml"},
	    {"/feed.atom", "application/atom+xml"},
	    {"/page.xhtml", "application/xhtml+xml"},
	    {"/app.webmanifest", "application/manifest+json"},
	    {"/app.wasm", "application/wasm"},
	    {"/paper.pdf", "application/pdf"},
	    {"/all.zip", "application/zip"},
	    {"/all.gz", "application/gzip"},
	    {"/all.tar", "application/x-tar"},
	    {"/drawing.svg", "image/svg+xml"},
	    {"/photo.png", "image/png"},
	    {"/photo.jpg", "image/jpeg"},
	    {"/photo.jpeg", "image/jpeg"},
	    {"/photo.gif", "image/gif"},
	    {"/photo.webp", "image/webp"},
	    {"/photo.avif", "image/avif"},
	    {"/favicon.ico", "image/vnd.microsoft.icon"},
	    {"/serif.woff2", "font/woff2"},
	    {"/serif.woff", "font/woff"},
	    {"/film.mp4", "video/mp4"},
	    {"/film.webm", "video/webm"},
	    {"/song.mp3", "audio/mpeg"},
	    {"/song.ogg", "audio/ogg"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		expect_type(CASES[i].path, CASES[i].type);
}

static void test_the_last_extension_of_the_last_segment_decides(void **state)
{
	(void)state;
	expect_type("/archive.tar.gz", "application/gzip");
	expect_type("/page.html.png", "image/png");
	expect_type("/v1.html/readme", OCTETS);
	expect_type("/v1.html/", OCTETS);
	expect_type("/v1.2/page.html", "text/html; charset=utf-8");
	expect_type("/..html", "text/html; charset=utf-8");
	expect_type("name.html", "text/html; charset=utf-8");
}

static void test_case_does_not_matter(void **state)
{
	(void)state;
	expect_type("/INDEX.HTML", "text/html; charset=utf-8");
	expect_type("/Photo.JpG", "image/jpeg");
}

static void test_without_a_known_extension_it_is_bytes(void **state)
{
	static const char *const PATHS[] = {
	    "",
	    "/",
	    "/README",
	    "/README.",
	    "/a.b/",
	    "/file.nobodyknowsthis",
	    "/file.htmlx",
	    "/file.htm l",
	    "/file.html ",
	    "/file.\xc3\xa9",
	    "/file.abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
	    "/file.~",
	    "/file.%",
	};
	(void)state;
	for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++)
		expect_type(PATHS[i], OCTETS);
}

/* Neither the byte behind the view nor a NUL within it takes part in the comparison. */
static void test_only_the_bytes_of_the_view_count(void **state)
{
	static const char LONGER[] = "/page.html";
	static const char WITH_NUL[] = "/page.htm\0";
	(void)state;
	struct view htm = media_type_of((struct view){LONGER, sizeof LONGER - 2});
	assert_true(view_equal(htm, VIEW("text/html; charset=utf-8")));
	struct view nul = media_type_of((struct view){WITH_NUL, sizeof WITH_NUL - 1});
	assert_true(view_equal(nul, view_of(OCTETS)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_types_that_browsers_need),
	    cmocka_unit_test(test_the_last_extension_of_the_last_segment_decides),
	    cmocka_unit_test(test_case_does_not_matter),
	    cmocka_unit_test(test_without_a_known_extension_it_is_bytes),
	    cmocka_unit_test(test_only_the_bytes_of_the_view_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
