/* Where visitors came from: hosts of links, and subscribers in User-Agents. */
#include "mayflyctl/report_sources.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect_host(const char *url, const char *host)
{
	assert_true(view_equal(report_host(view_of(url)), view_of(host)));
}

static void test_host_of_a_url(void **state)
{
	(void)state;
	expect_host("https://news.example/item?id=1", "news.example");
	expect_host("HTTP://news.example:8080", "news.example");
	expect_host("http://[::1]:80/", "[::1]:80");
	expect_host("http://", "");
	expect_host("ftp://news.example/", "");
	expect_host("javascript:alert(1)", "");
	expect_host("", "");
}

static void expect_subscribers(const char *user_agent, uint64_t expected)
{
	struct view name;
	assert_int_equal(report_subscribers(view_of(user_agent), &name), expected);
}

static void test_subscribers_in_a_user_agent(void **state)
{
	struct view name;
	(void)state;
	assert_int_equal(report_subscribers(VIEW("Feed/1.0 (+https://a/; 42 subscribers)"), &name),
	                 42);
	assert_true(view_equal(name, VIEW("Feed/1.0")));
	expect_subscribers("Feed (1 subscriber)", 1);
	expect_subscribers("Feed (many subscribers; 7 subscribers)", 7);
	expect_subscribers("Feed (0 subscribers)", 0);
	expect_subscribers("Feed (99999999999999999999 subscribers)", 0);
	expect_subscribers(" subscribers", 0);
	expect_subscribers("5 subscriber", 5);
	expect_subscribers("", 0);
}

static struct report_sources sources; /* too large for a stack */

static int begin(void **state)
{
	(void)state;
	memset(&sources, 0, sizeof sources);
	return 0;
}

static int end(void **state)
{
	(void)state;
	tally_free(&sources.referrers);
	tally_free(&sources.entry_pages);
	tally_free(&sources.subscribers);
	tally_free(&sources.arrivals);
	tally_free(&sources.followed);
	tally_free(&sources.linked);
	return 0;
}

static void add_field(struct entry *entry, const char *name, const char *value)
{
	char field[256];
	(void)snprintf(field, sizeof field, "%s=%s", name, value);
	entry_add(entry, view_of(field));
}

/* Counts a request answered with the file. `fields`: further ones, each with a value; then NULL. */
static void request_with(int minute, const char *address, const char *target, const char *referer,
                         const char *const *fields)
{
	static struct entry entry;
	entry_begin(&entry, UINT64_C(60000000) * (uint64_t)minute);
	add_field(&entry, "REMOTE_ADDR", address);
	add_field(&entry, "HTTP_TARGET", target);
	add_field(&entry, "HTTP_STATUS", "200");
	add_field(&entry, "HTTP_REFERER", referer);
	add_field(&entry, "HTTP_METHOD", "GET");
	for (; *fields != NULL; fields += 2)
		add_field(&entry, fields[0], fields[1]);
	report_sources_add(&sources, &entry, view_of(target));
}

static void request(int minute, const char *address, const char *target, const char *referer)
{
	static const char *const NONE[] = {NULL};
	request_with(minute, address, target, referer, NONE);
}

/* Finishes, and expects "text count, text count". */
static void expect_tally(const struct tally *found, const char *expected)
{
	char text[512] = "";
	for (size_t i = 0; i < found->count; i++) {
		size_t length = strlen(text);
		(void)snprintf(text + length, sizeof text - length, "%s%s %d", i > 0 ? ", " : "",
		               found->rows[i].text, (int)found->rows[i].count);
	}
	assert_string_equal(text, expected);
}

static void test_only_get_of_people_counts(void **state)
{
	static const char *const HEAD[] = {"HTTP_METHOD", "HEAD", NULL};
	static const char *const ROBOT[] = {"ROBOT", "1", NULL};
	static const char *const FEED[] = {"ROBOT", "1", "HTTP_USER_AGENT",
	                                   "Feed/1.0 (7 subscribers)", NULL};
	(void)state;
	request(0, "192.0.2.1", "/a", "https://news.example/");
	request_with(0, "192.0.2.2", "/a", "https://head.example/", HEAD);
	request_with(0, "192.0.2.3", "/a", "https://robot.example/", ROBOT);
	request_with(0, "192.0.2.4", "/feed", "", FEED);
	report_sources_finish(&sources);
	expect_tally(&sources.referrers, "news.example 1");
	expect_tally(&sources.entry_pages, "/a 1");
	expect_tally(&sources.subscribers, "/feed Feed/1.0 7");
}

/* Visitors follow links of the home page of a site without style sheets and pictures. */
static void test_own_host_of_a_plain_site(void **state)
{
	(void)state;
	request(0, "192.0.2.1", "/", "https://news.example/");
	request(1, "192.0.2.1", "/a?x", "https://own.example/");
	request(2, "192.0.2.1", "/b", "https://own.example:8443/a?x");
	request(3, "192.0.2.1", "/c", "https://own.example");
	request(4, "192.0.2.2", "/b", "https://own.example/from-the-cache");
	report_sources_finish(&sources);
	expect_tally(&sources.referrers, "news.example 1");
	expect_tally(&sources.entry_pages, "/ 1");
}

static void test_foreign_host_with_a_hotlinked_picture(void **state)
{
	(void)state;
	request(0, "192.0.2.1", "/cat.png", "https://news.example/");
	request(1, "192.0.2.2", "/", "https://news.example/");
	request(2, "192.0.2.2", "/style.css", "https://own.example/");
	request(3, "192.0.2.2", "/a",
	        "https://news.example/"); /* came back, and followed another */
	report_sources_finish(&sources);
	expect_tally(&sources.referrers, "news.example 2");
	expect_tally(&sources.entry_pages, "/ 1, /a 1");
}

static void test_visitor_who_returns_later_comes_from_elsewhere(void **state)
{
	(void)state;
	request(0, "192.0.2.1", "/", "");
	request(61, "192.0.2.1", "/a", "https://news.example/");
	report_sources_finish(&sources);
	expect_tally(&sources.referrers, "news.example 1");
}

static void test_visitors_of_one_address_differ_by_user_agent(void **state)
{
	static const char *const BROWSER[] = {"HTTP_USER_AGENT", "Browser/1", NULL};
	(void)state;
	request(0, "192.0.2.1", "/", "");
	request_with(1, "192.0.2.1", "/a", "https://news.example/", BROWSER);
	report_sources_finish(&sources);
	expect_tally(&sources.referrers, "news.example 1");
}

static void test_host_of_vhosts_is_own(void **state)
{
	static const char *const HOST[] = {"HTTP_HOST", "own.example", NULL};
	(void)state;
	request_with(0, "192.0.2.1", "/a", "https://own.example/", HOST);
	request_with(0, "192.0.2.1", "/a", "https://news.example/", HOST);
	report_sources_finish(&sources);
	expect_tally(&sources.referrers, "news.example 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_host_of_a_url),
	    cmocka_unit_test(test_subscribers_in_a_user_agent),
	    cmocka_unit_test_setup_teardown(test_only_get_of_people_counts, begin, end),
	    cmocka_unit_test_setup_teardown(test_own_host_of_a_plain_site, begin, end),
	    cmocka_unit_test_setup_teardown(test_foreign_host_with_a_hotlinked_picture, begin, end),
	    cmocka_unit_test_setup_teardown(test_visitor_who_returns_later_comes_from_elsewhere,
	                                    begin, end),
	    cmocka_unit_test_setup_teardown(test_visitors_of_one_address_differ_by_user_agent,
	                                    begin, end),
	    cmocka_unit_test_setup_teardown(test_host_of_vhosts_is_own, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
