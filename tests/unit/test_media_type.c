/*
 * The media type of a path, by the extension of its last segment, in any case: the types that browsers
 * need and that site generators write. The media type of bytes. Rare types are those of
 * /etc/mime.types.
 */
#include "http/media_type.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char UNKNOWN[] = "";
static const char TEXT[] = "text/plain; charset=utf-8";

static void expect_type(const char *path, const char *expected)
{
	struct view type = media_type_of(view_of(path));
	if (!view_equal(type, view_of(expected)))
		fail_msg("%s: %.*s, not %s", path, (int)type.length, type.data, expected);
}

static void test_types_that_browsers_need_are_known(void **state)
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

static void test_types_that_site_generators_write_are_known(void **state)
{
	static const struct {
		const char *path, *type;
	} CASES[] = {
	    {"/chunk-4f2a.mjs", "text/javascript; charset=utf-8"},
	    {"/chunk.cjs", "text/javascript; charset=utf-8"},
	    {"/app.js.map", "application/json"},
	    {"/app.wasm", "application/wasm"},
	    {"/graph.jsonld", "application/ld+json"},
	    {"/map.geojson", "application/geo+json"},
	    {"/map.topojson", "application/json"},
	    {"/feed.rss", "application/rss+xml"},
	    {"/feed.atom", "application/atom+xml"},
	    {"/track.gpx", "application/xml"},
	    {"/scheme.xsd", "application/xml"},
	    {"/page.xslt", "application/xslt+xml"},
	    {"/photo.avif", "image/avif"},
	    {"/photo.jxl", "image/jxl"},
	    {"/photo.heic", "image/heic"},
	    {"/moving.apng", "image/apng"},
	    {"/hand.cur", "image/x-icon"},
	    {"/sans.otf", "font/otf"},
	    {"/sans.ttf", "font/ttf"},
	    {"/live.m3u8", "application/vnd.apple.mpegurl"},
	    {"/live.mpd", "application/dash+xml"},
	    {"/seg-001.ts", "video/mp2t"},
	    {"/seg-001.m4s", "video/iso.segment"},
	    {"/seg-001.cmfv", "video/mp4"},
	    {"/song.opus", "audio/ogg"},
	    {"/song.m4a", "audio/mp4"},
	    {"/song.weba", "audio/webm"},
	    {"/song.flac", "audio/flac"},
	    {"/film.mkv", "video/matroska"},
	    {"/film.mov", "video/quicktime"},
	    {"/model.glb", "model/gltf-binary"},
	    {"/model.gltf", "model/gltf+json"},
	    {"/tiles.pmtiles", "application/vnd.pmtiles"},
	    {"/tile.pbf", "application/x-protobuf"},
	    {"/rows.ndjson", "application/x-ndjson"},
	    {"/rows.parquet", "application/vnd.apache.parquet"},
	    {"/book.epub", "application/epub+zip"},
	    {"/app.apk", "application/vnd.android.package-archive"},
	    {"/mayfly.deb", "application/vnd.debian.binary-package"},
	    {"/debian.iso", "application/x-iso9660-image"},
	    {"/all.zst", "application/zstd"},
	    {"/all.tzst", "application/zstd"},
	    {"/all.tar.xz", "application/x-xz"},
	    {"/all.tar.bz2", "application/x-bzip2"},
	    {"/all.tgz", "application/gzip"},
	    {"/drawing.svgz", "image/svg+xml"},
	    {"/notebook.ipynb", "application/x-ipynb+json"},
	    {"/ticket.pkpass", "application/vnd.apple.pkpass"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		expect_type(CASES[i].path, CASES[i].type);
}

/* Browsers show text/plain, but download types that they do not know. */
static void test_text_formats_are_text_plain(void **state)
{
	static const char *const PATHS[] = {
	    "/a.yaml", "/a.yml",      "/a.toml",    "/a.log",       "/a.conf",    "/a.md",
	    "/a.ini",  "/a.json5",    "/a.sh",      "/a.py",        "/a.rs",      "/a.c",
	    "/a.diff", "/a.tsx",      "/a.vue",     "/a.scss",      "/a.proto",   "/a.sha256",
	    "/a.pub",  "/README",     "/readme",    "/a.b/LICENSE", "/CHANGELOG", "/Makefile",
	    "README",  "/SHA256SUMS", "/InRelease", "/a.socket",
	};
	(void)state;
	for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++)
		expect_type(PATHS[i], TEXT);
}

static void test_well_known_names_have_their_types(void **state)
{
	(void)state;
	expect_type("/.well-known/apple-app-site-association", "application/json");
	expect_type("/apple-app-site-association", "application/json");
	expect_type("/.well-known/matrix/client", "application/json");
	expect_type("/.well-known/matrix/server", "application/json");
	expect_type("/.well-known/openid-configuration", "application/json");
	expect_type("/.well-known/webauthn", "application/json");
	expect_type("/.well-known/assetlinks.json", "application/json");
	expect_type("/.well-known/smart-configuration", "application/json");
	expect_type("/.well-known/openid-federation", "application/entity-statement+jwt");
	expect_type("/.well-known/webfinger", "application/jrd+json");
	expect_type("/.well-known/host-meta", "application/xrd+xml");
	expect_type("/.well-known/pvd", "application/pvd+json");
	expect_type("/.well-known/ohttp-gateway", "application/ohttp-keys");
	expect_type("/.well-known/oauth-authorization-server/tenant", "application/json");
	expect_type("/.well-known/oauth-authorization-server/a/example.com", "application/json");
	expect_type("/.well-known/oauth-protected-resource/resource.html", "application/json");
	expect_type("/.well-known/openid-configuration/tenant", "application/json");
	expect_type("/.well-known/openid-credential-issuer/tenant", "application/json");
	expect_type("/.well-known/jwt-vc-issuer/tenant", "application/json");
	expect_type("/.well-known/atproto-did", TEXT);
	expect_type("/.well-known/security.txt", TEXT);
	expect_type("/.well-known/stellar.toml", TEXT);
}

static void expect_type_of_bytes(struct view start, bool is_text)
{
	struct view type = media_type_of_bytes(start);
	if (!view_equal(type, is_text ? view_of(TEXT) : VIEW("application/octet-stream")))
		fail_msg("%.*s: %.*s", (int)start.length, start.data, (int)type.length, type.data);
}

static void test_utf_8_bytes_are_text_plain_others_octet_stream(void **state)
{
	(void)state;
	expect_type_of_bytes(VIEW(""), true);
	expect_type_of_bytes(
	    VIEW("Words.\r\n\tMore, \x1b[1mbold\x1b[0m, caf\xc3\xa9, \f \xf0\x9f\xa6\x8b\x7f"),
	    true);
	expect_type_of_bytes(VIEW("\xef\xbb\xbfwith a byte order mark"), true);
	expect_type_of_bytes(VIEW("<!DOCTYPE html><script>"), true);
	expect_type_of_bytes(VIEW("#!/bin/sh\n"), true);
	expect_type_of_bytes(VIEW("\x7f"
	                          "ELF\x02\x01\x01\0"),
	                     false);
	expect_type_of_bytes(VIEW("\x89PNG\r\n\x1a\n"), false);
	expect_type_of_bytes(VIEW("\x1f\x8b\x08"), false);
	expect_type_of_bytes(VIEW("w\0o\0r\0d\0"), false);
	expect_type_of_bytes(VIEW("caf\xe9"), false);
	expect_type_of_bytes(VIEW("\xff\xfew\0"), false);
	expect_type_of_bytes(VIEW("\xed\xa0\x80"), false);
	expect_type_of_bytes(VIEW("\xc0\xaf"), false);
	expect_type_of_bytes(VIEW("\x80"), false);
	expect_type_of_bytes(VIEW("\xc3"), false);
}

static void test_types_that_are_gzip_are_known(void **state)
{
	(void)state;
	assert_true(media_type_is_of_gzip(VIEW("/a.svgz")));
	assert_true(media_type_is_of_gzip(VIEW("/a.x3dz")));
	assert_true(media_type_is_of_gzip(VIEW("/a.X3DVZ")));
	assert_false(media_type_is_of_gzip(VIEW("/a.svg")));
	assert_false(media_type_is_of_gzip(VIEW("/svgz")));
	assert_false(media_type_is_of_gzip(VIEW("/a.svgz/b")));
}

static void test_character_cut_off_at_the_end_of_the_read_bytes_is_text(void **state)
{
	static char start[MEDIA_TYPE_BYTES];
	(void)state;
	for (size_t cut = 1; cut < 4; cut++) {
		memset(start, 'a', sizeof start);
		memcpy(start + sizeof start - cut, "\xf0\x9f\xa6\x8b", cut);
		expect_type_of_bytes((struct view){start, sizeof start}, true);
		expect_type_of_bytes((struct view){start + 1, sizeof start - 1}, false);
		start[sizeof start - cut] = '\xe9';
		start[sizeof start - 4] = '\x80';
		expect_type_of_bytes((struct view){start, sizeof start}, false);
	}
	memset(start, 'a', sizeof start);
	start[sizeof start - 1] = '\xc2';
	expect_type_of_bytes((struct view){start, sizeof start}, true);
	start[sizeof start - 1] = '\xc1'; /* begins no character */
	expect_type_of_bytes((struct view){start, sizeof start}, false);
}

static void test_last_extension_of_the_last_segment_decides(void **state)
{
	(void)state;
	expect_type("/archive.tar.gz", "application/gzip");
	expect_type("/app.js.map", "application/json");
	expect_type("/app.d.ts", "video/mp2t");
	expect_type("/page.html.png", "image/png");
	expect_type("/v1.html/name", UNKNOWN);
	expect_type("/v1.html/", UNKNOWN);
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

static void test_unknown_names_have_no_type(void **state)
{
	static const char *const PATHS[] = {
	    "",
	    "/",
	    "/name",
	    "/html",
	    "/README.",
	    "/readme-unknownextension",
	    "/a-name-that-is-longer-than-each-name-in-the-table",
	    "/.well-known/",
	    "/.well-known/acme-challenge/token",
	    "/sub/.well-known/openid-configuration",
	    "/.well-known/sub/openid-configuration",
	    "/.well-known/matrix/client/tenant",
	    "/.well-known/webfinger/tenant",
	    "/.well-known/oauth-authorization-servers/tenant",
	    "/a.b/",
	    "/file.unknownextension",
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
		expect_type(PATHS[i], UNKNOWN);
}

/* A byte after the view is not compared, and a NUL within it does not end it. */
static void test_bytes_after_the_view_are_not_read(void **state)
{
	static const char LONGER[] = "/page.html";
	static const char WITH_NUL[] = "/page.htm\0";
	(void)state;
	struct view htm = media_type_of((struct view){LONGER, sizeof LONGER - 2});
	assert_true(view_equal(htm, VIEW("text/html; charset=utf-8")));
	struct view nul = media_type_of((struct view){WITH_NUL, sizeof WITH_NUL - 1});
	assert_true(view_equal(nul, view_of(UNKNOWN)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_types_that_browsers_need_are_known),
	    cmocka_unit_test(test_types_that_site_generators_write_are_known),
	    cmocka_unit_test(test_text_formats_are_text_plain),
	    cmocka_unit_test(test_well_known_names_have_their_types),
	    cmocka_unit_test(test_utf_8_bytes_are_text_plain_others_octet_stream),
	    cmocka_unit_test(test_character_cut_off_at_the_end_of_the_read_bytes_is_text),
	    cmocka_unit_test(test_types_that_are_gzip_are_known),
	    cmocka_unit_test(test_last_extension_of_the_last_segment_decides),
	    cmocka_unit_test(test_case_does_not_matter),
	    cmocka_unit_test(test_unknown_names_have_no_type),
	    cmocka_unit_test(test_bytes_after_the_view_are_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
