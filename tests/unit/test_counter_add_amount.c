/*
 * Adding an amount of hits at once, as an import does: 0, some, as many as fit and one more; next to
 * other writers; and killed at each call.
 */
#include "counter/add.h"
#include "counter_file.h"
#include <sys/wait.h>

#include "counter_calls.h"

static struct counter_result add_amount(const char *path, uint64_t amount)
{
	const char *error;
	int file = counter_open(counter_file, &error);
	assert_true(file >= 0);
	struct counter_result result = counter_add_amount(file, path, strlen(path), amount, 10000);
	close(file);
	return result;
}

static void expect_sum(const char *path, uint64_t amount, uint64_t expected)
{
	struct counter_result result = add_amount(path, amount);
	if (result.error != NULL)
		fail_msg("%s: %s", path, result.error);
	assert_int_equal(result.count, expected);
}

static void test_amounts_add_up(void **state)
{
	(void)state;
	expect_sum("/a", 1000, 1000);
	expect_count("/a", 1001);
	expect_sum("/a", 1, 1002);
	expect_sum("/b", UINT64_C(1) << 40, UINT64_C(1) << 40);
	assert_int_equal(sum_of("/a"), 1002);
	assert_int_equal(read_counts(NULL).records, 2);
}

/* The first hit finds the record. */
static void test_amount_of_0_appends_a_record_without_a_count(void **state)
{
	(void)state;
	expect_count("/a", 1);
	expect_sum("/new", 0, 0);
	uint64_t size = file_size();
	expect_sum("/a", 0, 1);
	assert_int_equal(read_counts(NULL).records, 1);
	expect_count("/new", 1);
	assert_int_equal(file_size(), size);
	assert_int_equal(read_counts(NULL).sum, 2);
}

static void test_count_beyond_64_bits_is_refused(void **state)
{
	(void)state;
	expect_sum("/a", 10, 10);
	struct counter_result result = add_amount("/a", UINT64_MAX - 9);
	assert_non_null(result.error);
	assert_string_equal(result.error, "hits-damaged");
	assert_int_equal(result.count, 0);
	assert_int_equal(sum_of("/a"), 10);
	expect_sum("/a", UINT64_MAX - 10, UINT64_MAX);
	expect_sum("/a", 0, UINT64_MAX);
	expect_error_and_no_change("/a", "hits-damaged");
}

static void test_errors_are_those_of_a_hit(void **state)
{
	(void)state;
	expect_count("/a", 1);
	poke_number(bucket_of("/damaged"), 4);
	assert_string_equal(add_amount("/damaged", 0).error, "hits-damaged");
	calls.error = ENOSPC;
	calls.fail_at = calls.fail_until = calls.count + 3; /* header, bucket head; record */
	assert_string_equal(add_amount("/new", 0).error, "hits-disk-full");
	assert_int_equal(read_counts(NULL).sum, 1);
}

static unsigned calls_until_death;

static void die_in_time(void)
{
	if (--calls_until_death == 0)
		kill(getpid(), SIGKILL);
}

/* Returns whether the child made so many calls that it was killed. */
static bool add_and_be_killed(const char *path, uint64_t amount, unsigned call)
{
	int status = -1;
	pid_t child = fork_child();
	if (child == 0) {
		calls_until_death = call;
		calls.before = die_in_time;
		_exit(add_amount(path, amount).error == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || status == 0);
	return WIFSIGNALED(status);
}

static void test_kill_at_each_call_leaves_the_old_count_or_the_new(void **state)
{
	unsigned call = 1;
	(void)state;
	for (bool killed = true; killed; call++) {
		unlink(counter_file);
		expect_sum("/other", 5, 5);
		killed = add_and_be_killed("/a", 1000, call);
		uint64_t now = sum_of("/a");
		assert_true(now == 1000 || (now == 0 && killed));
		assert_int_equal(read_counts(NULL).damaged, 0);
		expect_count("/a", now + 1);
		expect_count("/other", 6);
		assert_in_range(call, 1, 20);
	}
	/* header, bucket head; record, link, count; unlock (fstat is not counted here) */
	assert_int_equal(call, 8);
}

static void test_nothing_is_lost_next_to_other_writers(void **state)
{
	enum { PROCESSES = 6, ROUNDS = 300 };
	pid_t children[PROCESSES];
	(void)state;
	for (unsigned i = 0; i < PROCESSES; i++) {
		children[i] = fork_child();
		for (unsigned round = 0; children[i] == 0 && round < ROUNDS; round++)
			if ((i % 2 == 0 ? add_amount("/a", 1000) : hit("/a")).error != NULL)
				_exit(1);
		if (children[i] == 0)
			_exit(0);
	}
	for (unsigned i = 0; i < PROCESSES; i++) {
		int status = -1;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(sum_of("/a"), PROCESSES / 2 * ROUNDS * UINT64_C(1001));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CALLS(test_amounts_add_up),
	    WITH_CALLS(test_amount_of_0_appends_a_record_without_a_count),
	    WITH_CALLS(test_count_beyond_64_bits_is_refused),
	    WITH_CALLS(test_errors_are_those_of_a_hit),
	    WITH_CALLS(test_kill_at_each_call_leaves_the_old_count_or_the_new),
	    WITH_CALLS(test_nothing_is_lost_next_to_other_writers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
