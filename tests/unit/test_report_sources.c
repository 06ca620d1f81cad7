/* Where visitors came from: hosts of links, subscribers in User-Agents, and the tally of texts. */
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

static struct tally tally; /* too large for a stack */

static void test_tally_counts_and_ranks(void **state)
{
	(void)state;
	tally_add(&tally, VIEW("b"), 1);
	tally_add(&tally, VIEW("a"), 1);
	tally_add(&tally, VIEW("b"), 2);
	tally_raise(&tally, VIEW("ab"), 9);
	tally_raise(&tally, VIEW("ab"), 5);
	tally_add(&tally, VIEW(""), 1);
	tally_rank(&tally);
	assert_int_equal(tally.count, 4);
	assert_string_equal(tally.rows[0].text, "ab");
	assert_int_equal(tally.rows[0].count, 9);
	assert_int_equal(tally.rows[1].count, 3);
	assert_string_equal(tally.rows[2].text, "");
	assert_string_equal(tally.rows[3].text, "a");
	tally_free(&tally);
}

static void test_tally_is_limited(void **state)
{
	char text[16];
	(void)state;
	for (int i = 0; i < TALLY_MAX + 10; i++) {
		(void)snprintf(text, sizeof text, "%d", i);
		tally_add(&tally, view_of(text), 1);
	}
	assert_int_equal(tally.count, TALLY_MAX);
	tally_add(&tally, VIEW("0"), 1);
	tally_rank(&tally);
	assert_string_equal(tally.rows[0].text, "0");
	tally_free(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_host_of_a_url),
	    cmocka_unit_test(test_subscribers_in_a_user_agent),
	    cmocka_unit_test(test_tally_counts_and_ranks),
	    cmocka_unit_test(test_tally_is_limited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
