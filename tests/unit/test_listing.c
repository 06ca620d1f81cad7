/* The rows of a listing: their order and HTML, and which changes change the page's entity tag. */
#include "mayfly/listing_json.h"
#include "mayfly/listing_page.h"
#include "mayfly/listing_sort.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct listing listing;

static int make_listing(void **state)
{
	(void)state;
	memset(&listing, 0, sizeof listing);
	listing.path = VIEW("/");
	return 0;
}

static void add(const char *name, bool is_directory, uint64_t size, int64_t time, uint64_t hits)
{
	listing.rows[listing.count++] = (struct listing_row){.name = view_of(name),
	                                                     .is_directory = is_directory,
	                                                     .size = size,
	                                                     .modified = {.tv_sec = time},
	                                                     .hits = hits};
}

/* Expects the names in the order that the query selects, each followed by a space. */
static void expect_order(const char *query, const char *expected)
{
	char buffer[256];
	struct buffer names = BUFFER(buffer);
	listing.order = order_parse(view_of(query));
	listing_sort(&listing);
	for (size_t i = 0; i < listing.count; i++) {
		buffer_add(&names, listing.rows[i].name);
		buffer_add(&names, VIEW(" "));
	}
	if (!view_equal(buffer_view(&names), view_of(expected)))
		fail_msg("%s: %.*s", query, (int)names.length, names.data);
}

static void test_query_selects_the_order(void **state)
{
	(void)state;
	add("c", false, 5, 30, 7);
	add("z", true, 1, 50, 0);
	add("file10", false, 9, 10, 7);
	add("y", true, 4096, 40, 0);
	add("file2", false, 5, 20, 100);
	expect_order("", "y z c file2 file10 ");
	expect_order("order=desc", "z y file10 file2 c ");
	expect_order("sort=size", "y z c file2 file10 ");
	expect_order("sort=size&order=desc", "y z file10 c file2 ");
	expect_order("sort=time", "y z file10 file2 c ");
	expect_order("sort=time&order=desc", "z y c file2 file10 ");
	expect_order("sort=hits", "y z c file10 file2 ");
	expect_order("sort=hits&order=desc", "y z file2 c file10 ");
}

static void test_nanoseconds_affect_the_order(void **state)
{
	(void)state;
	add("a", false, 0, 10, 0);
	add("b", false, 0, 10, 0);
	listing.rows[0].modified.tv_nsec = 2;
	listing.rows[1].modified.tv_nsec = 1;
	expect_order("sort=time", "b a ");
}

/* Every number of rows up to 69, in the worst initial orders and in a scattered one. */
static void test_any_number_of_rows_is_sorted(void **state)
{
	(void)state;
	for (size_t count = 0; count < 70; count++)
		for (unsigned factor = 1; factor < 71; factor += 14) {
			listing.count = 0;
			for (size_t i = 0; i < count; i++)
				add("x", false, (i + 1) * factor % 71, 0, 0);
			listing.order = order_parse(VIEW("sort=size"));
			listing_sort(&listing);
			for (size_t i = 1; i < count; i++)
				assert_true(listing.rows[i - 1].size <= listing.rows[i].size);
		}
}

static char page[400000];

static const char *whole_text(bool add_piece(const struct listing *, size_t, struct buffer *))
{
	struct buffer text = {page, sizeof page - 1, 0, false};
	size_t before = 0;
	for (size_t i = 0; add_piece(&listing, i, &text); i++) {
		assert_true(text.length - before <= LISTING_PIECE_MAX);
		before = text.length;
	}
	assert_false(text.truncated);
	page[text.length] = '\0';
	return page;
}

/* Returns the complete page, terminated. */
static const char *whole_page(void)
{
	return whole_text(listing_page_add);
}

static void expect_in_page(const char *part)
{
	if (strstr(whole_page(), part) == NULL)
		fail_msg("%s is not in %s", part, page);
}

static void expect_not_in_page(const char *part)
{
	if (strstr(whole_page(), part) != NULL)
		fail_msg("%s is in %s", part, page);
}

static const struct {
	const char *name;
	const char *link;
} NAMES[] = {
    {"a.txt", "<a href=\"./a.txt\"><bdi>a.txt</bdi></a>"},
    {"a b&c", "<a href=\"./a%20b&amp;c\"><bdi>a b&amp;c</bdi></a>"},
    {"\"><script>", "<a href=\"./%22%3E%3Cscript%3E\"><bdi>&quot;&gt;&lt;script&gt;</bdi></a>"},
    {"it's", "<a href=\"./it's\"><bdi>it's</bdi></a>"},
    {"javascript:alert(1)", "<a href=\"./javascript:alert(1)\"><bdi>javascript:alert(1)</bdi></a>"},
    {"50%?#", "<a href=\"./50%25%3F%23\"><bdi>50%?#</bdi></a>"},
    {"a\nb\xff", "<a href=\"./a%0Ab%FF\"><bdi>a\xef\xbf\xbd"
                 "b\xef\xbf\xbd</bdi></a>"},
    {"\xc3\xa9", "<a href=\"./%C3%A9\"><bdi>\xc3\xa9</bdi></a>"},
};

static void test_names_are_escaped_in_text_and_link(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		listing.count = 0;
		add(NAMES[i].name, false, 1, 0, 0);
		expect_in_page(NAMES[i].link);
	}
	add("sub", true, 1, 0, 0);
	expect_in_page("<a href=\"./sub/\"><bdi>sub</bdi>/</a>");
	expect_in_page(">folder<");
}

static const struct {
	uint64_t size;
	const char *shown;
} SIZES[] = {
    {0, ">0 B<"},         {999, ">999 B<"},         {1000, ">1.0 kB<"},
    {1049, ">1.0 kB<"},   {1050, ">1.1 kB<"},       {999949, ">999.9 kB<"},
    {999950, ">1.0 MB<"}, {1234567890, ">1.2 GB<"}, {INT64_MAX, ">9.2 EB<"},
};

static void test_sizes_are_rounded_with_a_unit(void **state)
{
	(void)state;
	add("x", false, 0, 0, 0);
	for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
		listing.rows[0].size = SIZES[i].size;
		expect_in_page(SIZES[i].shown);
	}
	listing.rows[0].is_directory = true;
	expect_not_in_page(" EB<");
}

static void test_time_is_shown_if_it_can_be_formatted(void **state)
{
	(void)state;
	add("x", false, 0, 784111777, 0);
	expect_in_page("<time datetime=\"1994-11-06T08:49Z\">1994-11-06 08:49</time>");
	listing.rows[0].modified.tv_sec = INT64_MAX;
	expect_not_in_page("<time");
}

static void test_hits_are_shown_if_selected(void **state)
{
	(void)state;
	add("x", false, 0, 0, 1234567);
	expect_not_in_page("1234567");
	expect_not_in_page("value=\"hits\"");
	listing.shows_hits = true;
	expect_in_page(">1234567</td>");
	expect_in_page("value=\"hits\"");
}

static void test_heading_selects_its_order_or_the_opposite_direction(void **state)
{
	(void)state;
	add("x", false, 0, 0, 0);
	expect_in_page("aria-sort=\"ascending\"><form rel=\"nofollow\"><button name=\"sort\" "
	               "value=\"name\">Name"
	               "</button><input type=\"hidden\" name=\"order\" value=\"desc\"></form>");
	expect_in_page(
	    "value=\"size\">Size</button><input type=\"hidden\" name=\"order\" value=\"asc\">");
	listing.order = (struct order){.key = ORDER_SIZE, .descending = true};
	expect_in_page("aria-sort=\"descending\"><form rel=\"nofollow\"><button name=\"sort\" "
	               "value=\"size\">Size"
	               "</button><input type=\"hidden\" name=\"order\" value=\"asc\"></form>");
	expect_in_page(
	    "value=\"name\">Name</button><input type=\"hidden\" name=\"order\" value=\"asc\">");
}

static void test_page_with_a_query_is_not_for_robots(void **state)
{
	(void)state;
	expect_not_in_page("robots");
	listing.is_variant = true;
	expect_in_page("<meta name=\"robots\" content=\"noindex,nofollow\">");
}

static void test_readme_is_shown_as_text(void **state)
{
	(void)state;
	expect_not_in_page("<pre>");
	listing.readme_name = VIEW("README.md");
	listing.readme = VIEW("\n# A <b>\r\n\t&amp; \"caf\xc3\xa9\"\x1b</pre><script>\n");
	expect_in_page("<h2>README.md</h2>\n<pre>\n\n# A &lt;b&gt;\n\t&amp;amp; "
	               "&quot;caf\xc3\xa9&quot;\xef\xbf\xbd"
	               "&lt;/pre&gt;&lt;script&gt;\n</pre>\n</main>");
	expect_not_in_page("more than a page can show");
	listing.readme_is_cut = true;
	expect_in_page("</pre>\n<p>This file has more than a page can show.</p>\n</main>");
	add("x", false, 0, 0, 0);
	expect_in_page("</table>\n<h2>README.md</h2>");
}

/* The longest text in the longest escapes, and in characters of each length, none of which is cut. */
static void test_readme_of_any_length_is_complete(void **state)
{
	static const char *const CHARACTERS[] = {"\"", "a", "\xc3\xa9", "\xe2\x82\xac",
	                                         "\xf0\x9f\xa6\x8b"};
	(void)state;
	listing.readme_name = VIEW("README.txt");
	for (size_t c = 0; c < sizeof CHARACTERS / sizeof CHARACTERS[0]; c++)
		for (size_t length = LISTING_README_MAX - 8; length <= LISTING_README_MAX;
		     length++) {
			size_t width = strlen(CHARACTERS[c]), whole = length / width * width;
			for (size_t i = 0; i < whole; i += width)
				memcpy(listing.readme_bytes + i, CHARACTERS[c], width);
			listing.readme = (struct view){listing.readme_bytes, whole};
			const char *text = strstr(whole_page(), "<pre>\n") + strlen("<pre>\n");
			size_t shown_width = CHARACTERS[c][0] == '"' ? strlen("&quot;") : width;
			assert_int_equal(strstr(text, "</pre>") - text,
			                 whole / width * shown_width);
			assert_null(strstr(text, "\xef\xbf\xbd"));
		}
}

static void expect_json(const char *expected)
{
	if (strcmp(whole_text(listing_json_add), expected) != 0)
		fail_msg("%s", page);
}

static void test_json_has_the_keys_of_nginx_and_the_hits(void **state)
{
	(void)state;
	expect_json("[\n]\n");
	add("sub", true, 4096, 784111777, 0);
	expect_json("[\n{ \"name\":\"sub\", \"type\":\"directory\", \"mtime\":\"Sun, 06 Nov 1994 "
	            "08:49:37 GMT\" }\n]\n");
	add("a\"\\b\n\x01\xff\xc3\xa9</", false, 3, 784111777, 7);
	expect_json(
	    "[\n{ \"name\":\"sub\", \"type\":\"directory\", \"mtime\":\"Sun, 06 Nov 1994 08:49:37 "
	    "GMT\" },\n"
	    "{ \"name\":\"a\\\"\\\\b\\u000a\\u0001\xef\xbf\xbd\xc3\xa9</\", \"type\":\"file\", "
	    "\"mtime\":\"Sun, 06 Nov 1994 08:49:37 GMT\", \"size\":3 }\n]\n");
	listing.shows_hits = true;
	if (strstr(whole_text(listing_json_add), "\"size\":3, \"hits\":7 }\n]\n") == NULL)
		fail_msg("%s", page);
}

static void test_page_describes_its_directory(void **state)
{
	(void)state;
	expect_in_page("This folder is empty.");
	expect_not_in_page("<table");
	expect_not_in_page("../");
	add("x", false, 0, 0, 0);
	listing.path = VIEW("/<i>/");
	expect_in_page("<title>Index of /&lt;i&gt;/</title>");
	expect_in_page("<h1>Index of /&lt;i&gt;/</h1>");
	expect_in_page("<a href=\"../\">");
	expect_not_in_page("more than one page");
	listing.is_cut = true;
	expect_in_page("more than a page can show: the first 1 ent");
}

static void test_longest_pieces_fit(void **state)
{
	static char path[3500], name[255];
	(void)state;
	memset(path, '"', sizeof path);
	memset(name, '"', sizeof name);
	listing.path = (struct view){path, sizeof path};
	listing.is_cut = listing.shows_hits = true;
	listing.count = 1;
	listing.rows[0] = (struct listing_row){.name = {name, sizeof name},
	                                       .size = UINT64_MAX,
	                                       .modified = {.tv_sec = 253402300799},
	                                       .hits = UINT64_MAX};
	for (size_t piece = 0; piece < 3; piece++) {
		struct buffer text = {page, LISTING_PIECE_MAX, 0, false};
		assert_true(listing_page_add(&listing, piece, &text));
		assert_false(text.truncated);
	}
	memset(name, '\xff', sizeof name);
	struct buffer text = {page, LISTING_PIECE_MAX, 0, false};
	assert_true(listing_page_add(&listing, 1, &text));
	assert_false(text.truncated);
}

static void take_tag(struct buffer *tag)
{
	tag->length = 0;
	listing_page_add_tag(&listing, tag);
	assert_false(tag->truncated);
}

/* Each change of the displayed content changes the tag; without a change it stays the same. */
static void test_tag_changes_exactly_with_the_page(void **state)
{
	char before[96], after[96];
	struct buffer old = BUFFER(before), new = BUFFER(after);
	(void)state;
	add("x", false, 1, 1, 1);
	add("y", false, 1, 1, 1);
	for (int change = 0; change < 17; change++) {
		take_tag(&old);
		take_tag(&new);
		assert_true(view_equal(buffer_view(&old), buffer_view(&new)));
		switch (change) {
		case 0:
			listing.rows[0].size++;
			break;
		case 1:
			listing.rows[0].modified.tv_sec++;
			break;
		case 2:
			listing.rows[0].modified.tv_nsec++;
			break;
		case 3:
			listing.rows[0].hits++;
			break;
		case 4:
			listing.rows[0].is_directory = true;
			break;
		case 5:
			listing.rows[0].name = VIEW("z");
			break;
		case 6:
			listing.count--;
			break;
		case 7:
			listing.order.key = ORDER_SIZE;
			break;
		case 8:
			listing.order.descending = true;
			break;
		case 9:
			listing.shows_hits = true;
			break;
		case 10:
			listing.is_cut = true;
			break;
		case 11:
			listing.is_variant = true;
			break;
		case 12:
			listing.order.as_json = true;
			break;
		case 13:
			listing.readme_name = VIEW("README.md");
			break;
		case 14:
			listing.readme = VIEW("text");
			break;
		case 15:
			listing.readme_is_cut = true;
			break;
		default:
			listing.count = 0;
			break;
		}
		take_tag(&new);
		if (view_equal(buffer_view(&old), buffer_view(&new)))
			fail_msg("change %d: %.*s", change, (int)new.length, new.data);
		assert_memory_equal(new.data, "W/\"l-", 5);
		assert_int_equal(new.data[new.length - 1], '"');
	}
}

#define WITH_LISTING(test) cmocka_unit_test_setup(test, make_listing)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_LISTING(test_query_selects_the_order),
	    WITH_LISTING(test_nanoseconds_affect_the_order),
	    WITH_LISTING(test_any_number_of_rows_is_sorted),
	    WITH_LISTING(test_names_are_escaped_in_text_and_link),
	    WITH_LISTING(test_sizes_are_rounded_with_a_unit),
	    WITH_LISTING(test_time_is_shown_if_it_can_be_formatted),
	    WITH_LISTING(test_hits_are_shown_if_selected),
	    WITH_LISTING(test_heading_selects_its_order_or_the_opposite_direction),
	    WITH_LISTING(test_page_with_a_query_is_not_for_robots),
	    WITH_LISTING(test_readme_is_shown_as_text),
	    WITH_LISTING(test_readme_of_any_length_is_complete),
	    WITH_LISTING(test_json_has_the_keys_of_nginx_and_the_hits),
	    WITH_LISTING(test_page_describes_its_directory),
	    WITH_LISTING(test_longest_pieces_fit),
	    WITH_LISTING(test_tag_changes_exactly_with_the_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
