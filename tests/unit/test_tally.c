/* Counts of texts: order, ranks, and what is dropped if there are too many. */
#include "mayflyctl/tally.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static int free_tally(void **state)
{
	tally_free(*state);
	return 0;
}

/* Adds `count` to each of the texts "PREFIX 0" to "PREFIX number-1". */
static void add_many(struct tally *tally, const char *prefix, int number, uint64_t count)
{
	char text[32];
	for (int i = 0; i < number; i++) {
		(void)snprintf(text, sizeof text, "%s %d", prefix, i);
		tally_add(tally, view_of(text), count);
	}
}

static void test_texts_are_counted_and_ranked(void **state)
{
	static struct tally tally;
	*state = &tally;
	tally_add(&tally, VIEW("b"), 1);
	tally_add(&tally, VIEW("a"), 1);
	tally_add(&tally, VIEW("b"), 2);
	tally_raise(&tally, VIEW("ab"), 9);
	tally_raise(&tally, VIEW("ab"), 5);
	tally_add(&tally, VIEW(""), 1);
	assert_int_equal(tally_get(&tally, VIEW("b")), 3);
	assert_int_equal(tally_get(&tally, VIEW("c")), 0);
	tally_rank(&tally);
	assert_int_equal(tally.count, 4);
	assert_string_equal(tally.rows[0].text, "ab");
	assert_int_equal(tally.rows[0].count, 9);
	assert_string_equal(tally.rows[1].text, "b");
	assert_string_equal(tally.rows[2].text, "");
	assert_string_equal(tally.rows[3].text, "a");
}

static void test_rare_texts_do_not_keep_out_frequent_ones(void **state)
{
	static struct tally tally;
	char prefix[] = "flood 0";
	*state = &tally;
	add_many(&tally, "rare", TALLY_MAX, 1);
	for (int i = 0; i < 10; i++, prefix[sizeof prefix - 2]++) {
		add_many(&tally, "frequent", 10, 1);
		add_many(&tally, prefix, TALLY_MAX / 4, 1);
	}
	assert_true(tally.count <= TALLY_MAX);
	tally_rank(&tally);
	for (int i = 0; i < 10; i++)
		assert_int_equal(tally.rows[i].count, 10);
}

static void test_exactly_the_rarer_half_is_dropped(void **state)
{
	static struct tally tally;
	*state = &tally;
	add_many(&tally, "z rare", TALLY_MAX / 4, 1);
	add_many(&tally, "equal", TALLY_MAX / 2, 2);
	add_many(&tally, "a frequent", TALLY_MAX / 4, 3);
	assert_int_equal(tally.count, TALLY_MAX);
	tally_add(&tally, VIEW("new"), 1);
	assert_int_equal(tally.count, TALLY_MAX / 2 + 1);
	assert_int_equal(tally_get(&tally, VIEW("new")), 1);
	assert_int_equal(tally_get(&tally, VIEW("z rare 0")), 0);
	tally_rank(&tally);
	assert_int_equal(tally.rows[TALLY_MAX / 4 - 1].count, 3);
	assert_int_equal(tally.rows[TALLY_MAX / 2 - 1].count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_texts_are_counted_and_ranked, free_tally),
	    cmocka_unit_test_teardown(test_rare_texts_do_not_keep_out_frequent_ones, free_tally),
	    cmocka_unit_test_teardown(test_exactly_the_rarer_half_is_dropped, free_tally),
	};
	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
