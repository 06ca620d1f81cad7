/* The name of a site, from the names of its units and of its user. */
#include "mayflyctl/site_name.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect_site_of_unit(const char *unit, const char *expected)
{
	char name[SITE_NAME_SIZE] = "";
	if (!site_name_from_unit(unit, name))
		fail_msg("%s has no site", unit);
	assert_string_equal(name, expected);
}

static void test_units_of_the_main_site(void **state)
{
	(void)state;
	expect_site_of_unit("mayfly.socket", "mayfly");
	expect_site_of_unit("mayfly@7-127.0.0.1:8080-192.0.2.7:51034.service", "mayfly");
	expect_site_of_unit("mayfly@.service", "mayfly");
	expect_site_of_unit("mayfly-busy.socket", "mayfly");
	expect_site_of_unit("mayfly-busy.service", "mayfly");
	expect_site_of_unit("mayfly-http.socket", "mayfly");
	expect_site_of_unit("mayfly-https@7-[::1]:443-[2001:db8::7]:51034.service", "mayfly");
}

static void test_units_of_further_sites(void **state)
{
	(void)state;
	expect_site_of_unit("mayfly-site-blog.socket", "blog");
	expect_site_of_unit("mayfly-site-blog@7-127.0.0.1:8080-192.0.2.7:51034.service", "blog");
	expect_site_of_unit("mayfly-site-blog.service", "blog");
	expect_site_of_unit("mayfly-site-two-words.socket", "two-words");
	expect_site_of_unit("mayfly-site-example.org.socket", "example.org");
	expect_site_of_unit("mayfly-site-example.org@1.service", "example.org");
	expect_site_of_unit("mayfly-https-blog.socket", "blog");
	expect_site_of_unit("mayfly-other.socket", "other");
}

static void test_other_units_have_no_site(void **state)
{
	(void)state;
	static const char *const UNITS[] = {"",
	                                    "mayfly",
	                                    ".socket",
	                                    "@",
	                                    "nginx.service",
	                                    "mayflyx.socket",
	                                    "mayfly-.socket",
	                                    "may.fly",
	                                    "user@1000.service"};
	char name[SITE_NAME_SIZE];
	for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++)
		if (site_name_from_unit(UNITS[i], name))
			fail_msg("%s has the site %s", UNITS[i], name);
}

static void test_a_name_that_is_too_long_is_none(void **state)
{
	(void)state;
	char unit[600] = "mayfly-site-", name[SITE_NAME_SIZE];
	memset(unit + strlen(unit), 'a', 500);
	strcpy(unit + 512, ".socket");
	assert_false(site_name_from_unit(unit, name));
	assert_false(site_name_from_user(unit, name));
}

static void test_users(void **state)
{
	(void)state;
	char name[SITE_NAME_SIZE];
	assert_true(site_name_from_user("mayfly", name));
	assert_string_equal(name, "mayfly");
	assert_true(site_name_from_user("mayfly-blog", name));
	assert_string_equal(name, "blog");
	assert_false(site_name_from_user("mayfly-", name));
	assert_false(site_name_from_user("mayflyx", name));
	assert_false(site_name_from_user("root", name));
	assert_false(site_name_from_user("", name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_units_of_the_main_site),
	    cmocka_unit_test(test_units_of_further_sites),
	    cmocka_unit_test(test_other_units_have_no_site),
	    cmocka_unit_test(test_a_name_that_is_too_long_is_none),
	    cmocka_unit_test(test_users),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
