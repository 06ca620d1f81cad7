/* What `mayflyctl check` finds: a problem is kept once for each site. */
#include "mayflyctl/command_check.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_problem_is_kept_once_for_each_site(void **state)
{
	static struct findings findings;
	char blog[] = "blog", same_blog[] = "blog";
	(void)state;
	findings_add(&findings, NULL, NULL, "no %s", "journal");
	findings.site = blog;
	findings_add(&findings, NULL, NULL, "no journal");
	findings_mark_critical(&findings);
	findings.site = same_blog;
	findings_add(&findings, NULL, NULL, "no journal");
	findings_mark_critical(&findings);
	assert_int_equal(findings.count, 2);
	assert_int_equal(findings.critical_count, 1);
	findings.site = "wiki";
	findings_add(&findings, NULL, NULL, "no journal");
	findings_mark_critical(&findings);
	assert_int_equal(findings.count, 3);
	assert_int_equal(findings.critical_count, 2);
	assert_null(findings.all[0].site);
	assert_string_equal(findings.all[1].site, "blog");
	assert_string_equal(findings.all[2].site, "wiki");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_problem_is_kept_once_for_each_site),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
