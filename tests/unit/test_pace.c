/* When a client is too slow: windows of 60 seconds at 1,000 bytes per second, and what else matters. */
#include "mayfly/pace.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECOND = 1000000, WINDOW = 60, RATE = 1000 };

/* Waits for so many seconds while a client takes `rate` bytes per second, *taken so far. Returns
 * whether the client was fast enough. */
static bool take(struct pace *pace, uint64_t *taken, unsigned seconds, uint64_t rate)
{
	for (unsigned second = 0; second < seconds; second++) {
		*taken += rate;
		pace_add(pace, SECOND);
		if (pace_window_is_over(pace) && !pace_next_window(pace, *taken))
			return false;
	}
	return true;
}

static void test_rate_at_the_limit_is_enough(void **state)
{
	(void)state;
	struct pace pace = pace_of(WINDOW, RATE);
	uint64_t taken = 0;
	assert_true(take(&pace, &taken, 3600, RATE));
}

static void test_rate_just_below_is_too_slow(void **state)
{
	(void)state;
	struct pace pace = pace_of(WINDOW, RATE);
	uint64_t taken = 0;
	assert_true(take(&pace, &taken, WINDOW - 1, RATE - 1));
	assert_false(take(&pace, &taken, 1, RATE - 1));
}

static void test_every_window_is_judged_by_itself(void **state)
{
	(void)state;
	struct pace pace = pace_of(WINDOW, RATE);
	uint64_t taken = 0;
	assert_true(take(&pace, &taken, WINDOW, 1000000));
	assert_true(take(&pace, &taken, WINDOW - 1, 0));
	assert_false(take(&pace, &taken, 1, RATE));
}

/* Wherever in a window the pause begins, a client that took 60 kB/s before it is back in time. */
static void test_pause_of_40_seconds_is_no_fault(void **state)
{
	(void)state;
	for (unsigned before = 0; before < WINDOW; before++) {
		struct pace pace = pace_of(WINDOW, RATE);
		uint64_t taken = 0;
		assert_true(take(&pace, &taken, before, 60000));
		assert_true(take(&pace, &taken, 40, 0));
		assert_true(take(&pace, &taken, 3600, 60000));
	}
}

static void test_sips_of_4_kb_in_12_seconds_are_too_slow(void **state)
{
	(void)state;
	struct pace pace = pace_of(WINDOW, RATE);
	uint64_t taken = 0;
	unsigned sips = 0;
	while (sips < 100 && take(&pace, &taken, 11, 0) && take(&pace, &taken, 1, 4096))
		sips++;
	assert_int_equal(sips, 4);
}

static void test_without_a_rate_one_byte_is_enough(void **state)
{
	(void)state;
	struct pace pace = pace_of(WINDOW, 0);
	uint64_t taken = 0;
	for (int window = 0; window < 100; window++) {
		assert_true(take(&pace, &taken, WINDOW - 1, 0));
		assert_true(take(&pace, &taken, 1, 1));
	}
	assert_false(take(&pace, &taken, WINDOW, 0));
}

/* A process that was stopped, or a machine, for an hour. */
static void test_standstill_is_no_fault_of_the_client(void **state)
{
	(void)state;
	struct pace pace = pace_of(WINDOW, RATE);
	uint64_t taken = 0;
	assert_true(take(&pace, &taken, 30, 60000));
	pace_add(&pace, (int64_t)3600 * SECOND);
	assert_false(pace_window_is_over(&pace));
	assert_true(take(&pace, &taken, 3600, 60000));
}

/* A client that left bytes which others wrote into the same pipe has taken fewer than before. */
static void test_fewer_bytes_than_before(void **state)
{
	(void)state;
	struct pace pace = pace_of(1, 1);
	assert_true(pace_next_window(&pace, 5));
	assert_false(pace_next_window(&pace, 3));
	assert_true(pace_next_window(&pace, 4));
}

/* The largest values of the options. */
static void test_the_largest_values(void **state)
{
	(void)state;
	struct pace pace = pace_of(86400, 1000000000);
	uint64_t bytes = (uint64_t)86400 * 1000000000;
	for (int i = 0; i < 8; i++) {
		assert_false(pace_window_is_over(&pace));
		pace_add(&pace, pace_wait_max_us(&pace));
	}
	assert_true(pace_window_is_over(&pace));
	assert_true(pace_next_window(&pace, bytes));
	assert_false(pace_next_window(&pace, 2 * bytes - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rate_at_the_limit_is_enough),
	    cmocka_unit_test(test_rate_just_below_is_too_slow),
	    cmocka_unit_test(test_every_window_is_judged_by_itself),
	    cmocka_unit_test(test_pause_of_40_seconds_is_no_fault),
	    cmocka_unit_test(test_sips_of_4_kb_in_12_seconds_are_too_slow),
	    cmocka_unit_test(test_without_a_rate_one_byte_is_enough),
	    cmocka_unit_test(test_standstill_is_no_fault_of_the_client),
	    cmocka_unit_test(test_fewer_bytes_than_before),
	    cmocka_unit_test(test_the_largest_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
