/* When a client is too slow: windows of 60 seconds at 1,000 bytes per second, and special cases. */
#include "mayfly/pace.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECOND = 1000000, WINDOW = 60, RATE = 1000 };

/*
 * Lets this many seconds pass, in each of which the client reads `rate` bytes; *taken is the sum.
 * Returns whether the client was fast enough.
 */
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

static void test_rate_just_below_the_limit_is_too_slow(void **state)
{
	(void)state;
	struct pace pace = pace_of(WINDOW, RATE);
	uint64_t taken = 0;
	assert_true(take(&pace, &taken, WINDOW - 1, RATE - 1));
	assert_false(take(&pace, &taken, 1, RATE - 1));
}

static void test_bytes_of_earlier_windows_do_not_count(void **state)
{
	(void)state;
	struct pace pace = pace_of(WINDOW, RATE);
	uint64_t taken = 0;
	assert_true(take(&pace, &taken, WINDOW, 1000000));
	assert_true(take(&pace, &taken, WINDOW - 1, 0));
	assert_false(take(&pace, &taken, 1, RATE));
}

/* A client that reads 60 kB/s may pause for 40 seconds, starting anywhere in a window. */
static void test_pause_of_40_seconds_is_accepted(void **state)
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

static void test_4_kb_every_12_seconds_are_too_slow(void **state)
{
	(void)state;
	struct pace pace = pace_of(WINDOW, RATE);
	uint64_t taken = 0;
	unsigned reads = 0;
	while (reads < 100 && take(&pace, &taken, 11, 0) && take(&pace, &taken, 1, 4096))
		reads++;
	assert_int_equal(reads, 4);
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

/* A process or a machine that was suspended for an hour. */
static void test_suspended_time_does_not_count(void **state)
{
	(void)state;
	struct pace pace = pace_of(WINDOW, RATE);
	uint64_t taken = 0;
	assert_true(take(&pace, &taken, 30, 60000));
	pace_add(&pace, (int64_t)3600 * SECOND);
	assert_false(pace_window_is_over(&pace));
	assert_true(take(&pace, &taken, 3600, 60000));
}

/* If others also write to the pipe, the client can seem to have read fewer bytes than before. */
static void test_fewer_bytes_than_before_are_too_slow(void **state)
{
	(void)state;
	struct pace pace = pace_of(1, 1);
	assert_true(pace_next_window(&pace, 5));
	assert_false(pace_next_window(&pace, 3));
	assert_true(pace_next_window(&pace, 4));
}

/* The largest values of the options. */
static void test_largest_option_values_do_not_overflow(void **state)
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
	    cmocka_unit_test(test_rate_just_below_the_limit_is_too_slow),
	    cmocka_unit_test(test_bytes_of_earlier_windows_do_not_count),
	    cmocka_unit_test(test_pause_of_40_seconds_is_accepted),
	    cmocka_unit_test(test_4_kb_every_12_seconds_are_too_slow),
	    cmocka_unit_test(test_without_a_rate_one_byte_is_enough),
	    cmocka_unit_test(test_suspended_time_does_not_count),
	    cmocka_unit_test(test_fewer_bytes_than_before_are_too_slow),
	    cmocka_unit_test(test_largest_option_values_do_not_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
