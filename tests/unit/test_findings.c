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

/* Also if one of them is the machine's. */
static void test_problem_of_the_machine_is_another_one(void **state)
{
	static struct findings findings = {.site = "blog"};
	(void)state;
	findings_add(&findings, NULL, NULL, "no journal");
	findings.site = NULL;
	findings_add(&findings, NULL, NULL, "no journal");
	assert_int_equal(findings.count, 2);
	assert_null(findings.all[1].site);
}

static void test_findings_and_notes_are_limited(void **state)
{
	static struct findings findings;
	(void)state;
	for (int i = 0; i < FINDINGS_MAX + 1; i++)
		findings_add(&findings, NULL, NULL, "problem %d", i);
	assert_int_equal(findings.count, FINDINGS_MAX);
	assert_string_equal(findings.all[FINDINGS_MAX - 1].problem, "problem 255");
	for (int i = 0; i < NOTES_MAX + 1; i++) {
		findings_add_note(&findings, "note %d", i);
		findings_add_note(&findings, "note 0");
	}
	assert_int_equal(findings.note_count, NOTES_MAX);
	assert_string_equal(findings.notes[1], "note 1");
	assert_string_equal(findings.notes[NOTES_MAX - 1], "note 63");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_problem_is_kept_once_for_each_site),
	    cmocka_unit_test(test_problem_of_the_machine_is_another_one),
	    cmocka_unit_test(test_findings_and_notes_are_limited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
