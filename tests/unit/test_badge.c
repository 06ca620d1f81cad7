/* The counter that a page can show: its paths, its queries, and what it looks like. */
#include "http/badge.h"
#include "http/badge_svg.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
	const char *path;
	enum badge_format format;
	const char *counted;
} PATHS[] = {
    {"/counter/a.html.json", BADGE_JSON, "/a.html"},
    {"/counter/a/b.svg", BADGE_SVG, "/a/b"},
    {"/counter/a.txt", BADGE_TXT, "/a"},
    {"/counter/a.txt.svg", BADGE_SVG, "/a.txt"},
    {"/counter/.json", BADGE_JSON, "/"},
    {"/counter/a/.svg", BADGE_SVG, "/a/"},
    {"/counter.svg", BADGE_SVG, ""},
    {"/counter.json", BADGE_JSON, ""},
    {"/counter.txt", BADGE_TXT, ""},
    {"/counter/counter/a.svg", BADGE_SVG, "/counter/a"},
    {"/counter/...svg", BADGE_SVG, "/.."},
    {"/counter", BADGE_NONE, NULL},
    {"/counter/", BADGE_NONE, NULL},
    {"/counter/a", BADGE_NONE, NULL},
    {"/counter/a.html", BADGE_NONE, NULL},
    {"/counter/a.png", BADGE_NONE, NULL},
    {"/counter/a.SVG", BADGE_NONE, NULL},
    {"/counter/svg", BADGE_NONE, NULL},
    {"/counter/a.svg/", BADGE_NONE, NULL},
    {"/counters.svg", BADGE_NONE, NULL},
    {"/counters/a.svg", BADGE_NONE, NULL},
    {"/Counter/a.svg", BADGE_NONE, NULL},
    {"/x/counter/a.svg", BADGE_NONE, NULL},
    {"/a.svg", BADGE_NONE, NULL},
    {"/", BADGE_NONE, NULL},
    {".svg", BADGE_NONE, NULL},
};

static void test_path_yields_counted_path_and_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
		struct view counted;
		enum badge_format format =
		    badge_parse_path(view_of(PATHS[i].path), VIEW("/counter"), &counted);
		if (format != PATHS[i].format ||
		    (format != BADGE_NONE && !view_equal(counted, view_of(PATHS[i].counted))))
			fail_msg("%s: %d", PATHS[i].path, (int)format);
	}
}

static void test_without_prefix_there_are_no_counters(void **state)
{
	struct view counted;
	(void)state;
	assert_int_equal(badge_parse_path(VIEW("/a.svg"), VIEW(""), &counted), BADGE_NONE);
	assert_int_equal(badge_parse_path(VIEW(".svg"), VIEW(""), &counted), BADGE_NONE);
}

#define CHARACTERS_40 "0123456789012345678901234567890123456789"

static const struct {
	const char *query;
	const char *error;
	const char *label;
} LABELS[] = {
    {"", NULL, "hits"},
    {"label=visits", NULL, "visits"},
    {"label=", NULL, ""},
    {"label", NULL, ""},
    {"label=a+b%20c%2Bd", NULL, "a b c+d"},
    {"label=a%26b%3Dc", NULL, "a&b=c"},
    {"label=%c2%a0~", NULL, "\xc2\xa0~"},
    {"label=%c2%9f", "counter-bad-label", NULL},
    {"label=a=b", NULL, "a=b"},
    {"label=%3Cb%3E%22'&x=y", NULL, "<b>\"'"},
    {"label=bes%C3%B8k", NULL, "bes\xc3\xb8k"},
    {"label=\xe8\xa8\xaa", NULL, "\xe8\xa8\xaa"},
    {"label=a&label=b", NULL, "b"},
    {"Label=a&x&=&&label2=c", NULL, "hits"},
    {"label=" CHARACTERS_40, NULL, CHARACTERS_40},
    {"label=" CHARACTERS_40 "1", "counter-bad-label", NULL},
    {"label=%C3%B8" CHARACTERS_40, "counter-bad-label", NULL},
    {"label=%", "counter-bad-label", NULL},
    {"label=%zz", "counter-bad-label", NULL},
    {"label=%C3", "counter-bad-label", NULL},
    {"label=%ff", "counter-bad-label", NULL},
    {"label=%ed%a0%80", "counter-bad-label", NULL},
    {"label=a%00b", "counter-bad-label", NULL},
    {"label=a%0Ab", "counter-bad-label", NULL},
    {"label=%7f", "counter-bad-label", NULL},
    {"label=%c2%85", "counter-bad-label", NULL},
    {"label=%ff&label=a", "counter-bad-label", NULL},
};

static void test_label_is_a_line_of_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof LABELS / sizeof LABELS[0]; i++) {
		struct badge badge;
		const char *error = badge_parse_query(view_of(LABELS[i].query), &badge);
		if ((error != NULL) != (LABELS[i].error != NULL))
			fail_msg("%s: %s", LABELS[i].query, error != NULL ? error : "accepted");
		if (error != NULL)
			assert_string_equal(error, LABELS[i].error);
		else if (!view_equal((struct view){badge.label, badge.label_length},
		                     view_of(LABELS[i].label)))
			fail_msg("%s: %.*s", LABELS[i].query, (int)badge.label_length, badge.label);
	}
}

static const struct {
	const char *value;
	int64_t rgb; /* -1: refused */
} COLORS[] = {
    {"ff8000", 0xff8000},
    {"%23ff8000", 0xff8000},
    {"FF8000", 0xff8000},
    {"f80", 0xff8800},
    {"%23f80", 0xff8800},
    {"000", 0},
    {"brightgreen", 0x44cc11},
    {"green", 0x97ca00},
    {"yellow", 0xdfb317},
    {"yellowgreen", 0xa4a61d},
    {"orange", 0xfe7d37},
    {"red", 0xe05d44},
    {"blue", 0x007ec6},
    {"grey", 0x555555},
    {"gray", 0x555555},
    {"lightgrey", 0x9f9f9f},
    {"lightgray", 0x9f9f9f},
    {"black", 0},
    {"white", 0xffffff},
    {"", -1},
    {"%23", -1},
    {"%23blue", -1},
    {"Blue", -1},
    {"blu", -1},
    {"blue%20", -1},
    {"ff80", -1},
    {"ff80000", -1},
    {"fffffff", -1},
    {"ggg", -1},
    {"%zz", -1},
    {"blue%zz", -1},
    {"f80%2", -1},
    {"url(%23a)", -1},
    {"rgb(1,2,3)", -1},
    {"red;x:y", -1},
    {"brightgreen%00", -1},
    {"blueblueblueblue", -1},
    {"blueblueblueblueb", -1},
};

static void test_colors_are_hexadecimal_or_known_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * (sizeof COLORS / sizeof COLORS[0]); i++) {
		struct badge badge;
		char bytes[64];
		struct buffer query = BUFFER(bytes);
		bool of_label = i % 2 == 1;
		int64_t rgb = COLORS[i / 2].rgb;
		buffer_add_string(&query, of_label ? "labelColor=" : "color=");
		buffer_add_string(&query, COLORS[i / 2].value);
		const char *error = badge_parse_query(buffer_view(&query), &badge);
		struct badge_color color = of_label ? badge.label_color : badge.message_color;
		struct badge_color other = of_label ? badge.message_color : badge.label_color;
		if (rgb < 0) {
			assert_non_null(error);
			assert_string_equal(error, "counter-bad-color");
			continue;
		}
		if (error != NULL || !color.is_set || color.rgb != rgb || other.is_set)
			fail_msg("%.*s: %06x", (int)query.length, bytes, (unsigned)color.rgb);
	}
}

static void test_style_is_flat_or_flat_square(void **state)
{
	struct badge badge;
	(void)state;
	assert_null(badge_parse_query(VIEW(""), &badge));
	assert_false(badge.is_square);
	assert_null(badge_parse_query(VIEW("style=flat-square"), &badge));
	assert_true(badge.is_square);
	assert_null(badge_parse_query(VIEW("style=flat-square&style=flat"), &badge));
	assert_false(badge.is_square);
	assert_string_equal(badge_parse_query(VIEW("style=plastic"), &badge), "counter-bad-style");
	assert_string_equal(badge_parse_query(VIEW("style="), &badge), "counter-bad-style");
}

static void test_media_type_is_that_of_the_format(void **state)
{
	(void)state;
	assert_true(view_equal(badge_media_type(BADGE_JSON), VIEW("application/json")));
	assert_true(view_equal(badge_media_type(BADGE_SVG), VIEW("image/svg+xml")));
	assert_true(view_equal(badge_media_type(BADGE_TXT), VIEW("text/plain; charset=utf-8")));
}

/* Returns the badge as a string, in static memory. */
static const char *draw(const char *query, enum badge_format format, uint64_t count)
{
	static char bytes[BADGE_LENGTH_MAX + 1];
	struct buffer text = {bytes, BADGE_LENGTH_MAX, 0, false};
	struct badge badge;
	assert_null(badge_parse_query(view_of(query), &badge));
	badge_add(&text, &badge, format, count);
	assert_false(text.truncated);
	bytes[text.length] = '\0';
	return bytes;
}

static void expect_part(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("%s is not in %s", part, text);
}

static void test_numbers_have_commas_for_people(void **state)
{
	static const struct {
		uint64_t count;
		const char *message;
	} NUMBERS[] = {
	    {0, "\"count\":\"0\",\"hits\":0}\n"},
	    {999, "\"count\":\"999\",\"hits\":999}\n"},
	    {1000, "\"count\":\"1,000\",\"hits\":1000}\n"},
	    {123456, "\"count\":\"123,456\",\"hits\":123456}\n"},
	    {1234567, "\"count\":\"1,234,567\",\"hits\":1234567}\n"},
	    {UINT64_MAX, "\"count\":\"18,446,744,073,709,551,615\",\"hits\":18446744073709551615}"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++)
		expect_part(draw("", BADGE_JSON, NUMBERS[i].count), NUMBERS[i].message);
	assert_string_equal(draw("", BADGE_TXT, 1234567), "1234567\n");
}

static void test_json_reads_as_goatcounter_and_as_shields_endpoint(void **state)
{
	(void)state;
	assert_string_equal(draw("", BADGE_JSON, 1234),
	                    "{\"schemaVersion\":1,\"label\":\"hits\",\"message\":\"1,234\","
	                    "\"count\":\"1,234\",\"hits\":1234}\n");
	expect_part(draw("label=a%22%5C%3C", BADGE_JSON, 1), "\"label\":\"a\\\"\\\\<\",");
	expect_part(draw("label=", BADGE_JSON, 1), "\"label\":\"\",\"message\":\"1\"");
}

static void test_svg_escapes_the_label(void **state)
{
	(void)state;
	const char *svg = draw("label=%3C/text%3E%22%26", BADGE_SVG, 1);
	expect_part(svg, "aria-label=\"&lt;/text&gt;&quot;&amp;: 1\"");
	expect_part(svg, "<title>&lt;/text&gt;&quot;&amp;: 1</title>");
	expect_part(svg, ">&lt;/text&gt;&quot;&amp;</text>");
}

static void test_longest_badge_fits(void **state)
{
	char bytes[64 + 3 * BADGE_LABEL_MAX];
	struct buffer query = BUFFER(bytes);
	(void)state;
	buffer_add_string(&query, "label=");
	for (int i = 0; i < BADGE_LABEL_MAX; i++)
		buffer_add_string(&query, "%22");
	buffer_add_byte(&query, '\0');
	expect_part(draw(bytes, BADGE_SVG, UINT64_MAX), "</svg>\n");
	expect_part(draw(bytes, BADGE_JSON, UINT64_MAX), "}\n");
}

static void test_svg_colors(void **state)
{
	(void)state;
	const char *svg = draw("", BADGE_SVG, 7);
	expect_part(svg, "<style>@media(prefers-color-scheme:dark)");
	expect_part(svg, " class=\"mayfly-label\"");
	expect_part(svg, " class=\"mayfly-count\"");
	svg = draw("color=f80", BADGE_SVG, 7);
	expect_part(svg, " class=\"mayfly-label\"");
	assert_null(strstr(svg, " class=\"mayfly-count"));
	expect_part(svg, "<path fill=\"#ff8800\"");
	svg = draw("labelColor=f80", BADGE_SVG, 7);
	expect_part(svg, "<style>");
	expect_part(svg, " class=\"mayfly-count\"");
	assert_null(strstr(svg, " class=\"mayfly-label"));
	svg = draw("color=f80&labelColor=%23012345", BADGE_SVG, 7);
	assert_null(strstr(svg, "<style>"));
	expect_part(svg, "<path fill=\"#012345\"");
}

/* "hits" is 21 pixels wide, "7" is 7; there are 6 pixels at either side of each. */
static const char DEFAULT_SVG[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"52\" height=\"20\""
    " role=\"img\" aria-label=\"hits: 7\"><title>hits: 7</title>"
    "<style>@media(prefers-color-scheme:dark){"
    ".mayfly-label{fill:#33413e}.mayfly-label-text{fill:#e3ece9}"
    ".mayfly-count{fill:#7fd6c6}.mayfly-count-text{fill:#14201e}}</style>"
    "<g font-family=\"DejaVu Sans,Verdana,Geneva,sans-serif\" font-size=\"11\">"
    "<path class=\"mayfly-label\" fill=\"#44524f\""
    " d=\"M3 0h30v20h-30a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z\"/>"
    "<text class=\"mayfly-label-text\" fill=\"#fff\""
    " x=\"6\" y=\"14\" textLength=\"21\">hits</text>"
    "<path class=\"mayfly-count\" fill=\"#0b6b60\""
    " d=\"M33 0h16a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-16z\"/>"
    "<text class=\"mayfly-count-text\" fill=\"#fff\""
    " x=\"39\" y=\"14\" textLength=\"7\">7</text></g></svg>\n";
static const char SQUARE_SVG[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"38\" height=\"20\""
    " role=\"img\" aria-label=\"a: 7\"><title>a: 7</title>"
    "<g font-family=\"DejaVu Sans,Verdana,Geneva,sans-serif\" font-size=\"11\">"
    "<path fill=\"#ffffff\" d=\"M0 0h19v20h-19z\"/>"
    "<text fill=\"#000\" x=\"6\" y=\"14\" textLength=\"7\">a</text>"
    "<path fill=\"#112233\" d=\"M19 0h19v20h-19z\"/>"
    "<text fill=\"#fff\" x=\"25\" y=\"14\" textLength=\"7\">7</text></g></svg>\n";

static void test_svg_is_complete(void **state)
{
	(void)state;
	assert_string_equal(draw("", BADGE_SVG, 7), DEFAULT_SVG);
	assert_string_equal(
	    draw("style=flat-square&label=a&color=123&labelColor=fff", BADGE_SVG, 7), SQUARE_SVG);
	expect_part(draw("label=", BADGE_SVG, 7), "font-size=\"11\"><path class=\"mayfly-count\" "
	                                          "fill=\"#0b6b60\" d=\"M3 0h13a3 3 0 0 1 3 3v14");
}

static void test_flat_square_has_no_arcs(void **state)
{
	(void)state;
	expect_part(draw("", BADGE_SVG, 7), "a3 3");
	assert_null(strstr(draw("style=flat-square", BADGE_SVG, 7), "a3 3"));
}

/* The relative luminance of a color (WCAG 2.2). */
static double luminance(unsigned rgb)
{
	static const double SHARES[] = {0.2126, 0.7152, 0.0722};
	double sum = 0;
	for (int i = 0; i < 3; i++) {
		double channel = (rgb >> (16 - 8 * i) & 0xff) / 255.0;
		sum += SHARES[i] *
		       (channel <= 0.04045 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4));
	}
	return sum;
}

static void test_text_contrasts_with_every_color(void **state)
{
	char query[32];
	(void)state;
	for (unsigned rgb = 0; rgb <= 0xffffff; rgb += rgb < 0xffffff - 4099 ? 4099 : 1 + rgb % 5) {
		double light = luminance(rgb) + 0.05;
		(void)snprintf(query, sizeof query, "label=&color=%06x", rgb);
		bool is_black = strstr(draw(query, BADGE_SVG, 1), "<text fill=\"#000\"") != NULL;
		double contrast = is_black ? light / 0.05 : 1.05 / light;
		if (contrast < 4.5)
			fail_msg("%06x: contrast %f", rgb, contrast);
	}
}

/* The advance widths of DejaVu Sans from the space to the tilde, in 1/2048 of the font size. */
static const unsigned short ADVANCES[] = {
    651,  821,  942,  1716, 1303, 1946, 1597, 563,  799,  799,  1024, 1716, 651,  739,  651,  690,
    1303, 1303, 1303, 1303, 1303, 1303, 1303, 1303, 1303, 1303, 690,  690,  1716, 1716, 1716, 1087,
    2048, 1401, 1405, 1430, 1577, 1294, 1178, 1587, 1540, 604,  604,  1343, 1141, 1767, 1532, 1612,
    1235, 1612, 1423, 1300, 1251, 1499, 1401, 2025, 1403, 1251, 1403, 799,  690,  799,  1716, 1024,
    1024, 1255, 1300, 1126, 1300, 1260, 721,  1300, 1298, 569,  569,  1186, 569,  1995, 1298, 1253,
    1300, 1300, 842,  1067, 803,  1298, 1212, 1675, 1212, 1212, 1075, 1303, 690,  1303, 1716,
};

/* The width of a text in tenths of a pixel: that of ten copies in pixels. */
static unsigned tenths(const char *text)
{
	char bytes[64];
	struct buffer copies = BUFFER(bytes);
	for (int i = 0; i < 10; i++)
		buffer_add_string(&copies, text);
	return badge_svg_text_width(buffer_view(&copies));
}

static void test_ascii_has_the_widths_of_the_font(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ADVANCES / sizeof ADVANCES[0]; i++) {
		char text[] = {(char)(' ' + i), '\0'};
		double expected = round(ADVANCES[i] * 11 * 10 / 2048.0);
		if (fabs(expected - tenths(text)) > 0.01)
			fail_msg("%s: %u tenths, not %.0f", text, tenths(text), expected);
	}
	assert_int_equal(tenths("\x1f"), 115);
	assert_int_equal(tenths("\x7f"), 115);
}

/* The first and the last character of each range. */
static void test_other_characters_have_the_width_of_their_script(void **state)
{
	static const struct {
		const char *first;
		const char *last;
		unsigned width;
	} RANGES[] = {
	    {"\xc2\x80", "\xcb\xbf", 70},
	    {"\xcc\x80", "\xcd\xaf", 0},
	    {"\xcd\xb0", "\xcf\xbf", 65},
	    {"\xd0\x80", "\xd6\x8f", 78},
	    {"\xd6\x90", "\xdb\xbf", 65},
	    {"\xdc\x80", "\xe1\x83\xbf", 80},
	    {"\xe1\x84\x80", "\xe1\xbf\xbf", 100},
	    {"\xe2\x80\x80", "\xe2\x80\x8a", 60},
	    {"\xe2\x80\x8b", "\xe2\x80\x8f", 0},
	    {"\xe2\x80\x90", "\xe2\x80\xa9", 90},
	    {"\xe2\x80\xaa", "\xe2\x80\xae", 0},
	    {"\xe2\x80\xaf", "\xe2\xb9\xbf", 100},
	    {"\xe2\xba\x80", "\xef\xb7\xbf", 115},
	    {"\xef\xb8\x80", "\xef\xb8\x8f", 0},
	    {"\xef\xb8\x90", "\xf0\x9f\x80\x80", 115},
	    {"\xf0\x9f\x80\x81", "\xf4\x8f\xbf\xbf", 150},
	};
	(void)state;
	for (size_t i = 0; i < sizeof RANGES / sizeof RANGES[0]; i++) {
		assert_int_equal(tenths(RANGES[i].first), RANGES[i].width);
		assert_int_equal(tenths(RANGES[i].last), RANGES[i].width);
	}
}

static void test_width_of_text(void **state)
{
	(void)state;
	assert_int_equal(badge_svg_text_width(VIEW("")), 0);
	assert_int_equal(badge_svg_text_width(VIEW("hits")), 21); /* 7.0 + 3.1 + 4.3 + 5.7 */
	assert_int_equal(badge_svg_text_width(VIEW("1234567890")), 70);
	assert_int_equal(badge_svg_text_width(VIEW("~")), 10);
	assert_int_equal(badge_svg_text_width(VIEW("\xc3\xa9")), 7);
	assert_int_equal(badge_svg_text_width(VIEW("e\xcc\x81")), 7); /* a combining accent */
	assert_int_equal(badge_svg_text_width(VIEW("\xe8\xa8\xaa")), 12);
	assert_int_equal(badge_svg_text_width(VIEW("\xf4\x8f\xbf\xbf")), 15); /* U+10FFFF */
	assert_int_equal(badge_svg_text_width(VIEW("\xff")), 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_path_yields_counted_path_and_format),
	    cmocka_unit_test(test_without_prefix_there_are_no_counters),
	    cmocka_unit_test(test_label_is_a_line_of_utf8),
	    cmocka_unit_test(test_colors_are_hexadecimal_or_known_names),
	    cmocka_unit_test(test_style_is_flat_or_flat_square),
	    cmocka_unit_test(test_media_type_is_that_of_the_format),
	    cmocka_unit_test(test_numbers_have_commas_for_people),
	    cmocka_unit_test(test_json_reads_as_goatcounter_and_as_shields_endpoint),
	    cmocka_unit_test(test_svg_escapes_the_label),
	    cmocka_unit_test(test_longest_badge_fits),
	    cmocka_unit_test(test_svg_colors),
	    cmocka_unit_test(test_svg_is_complete),
	    cmocka_unit_test(test_flat_square_has_no_arcs),
	    cmocka_unit_test(test_text_contrasts_with_every_color),
	    cmocka_unit_test(test_ascii_has_the_widths_of_the_font),
	    cmocka_unit_test(test_other_characters_have_the_width_of_their_script),
	    cmocka_unit_test(test_width_of_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
