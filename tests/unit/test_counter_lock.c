/*
 * Waiting for the lock of the counter file: how often flock(2) is called, with which alarms, and which of its
 * results end the wait. test_counter_processes.c waits for other processes.
 */
#include "counter/lock.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/time.h>

#include <cmocka.h>

enum { FILE_NUMBER = 77, CALLS_MAX = 8 };

static struct {
	int errors[CALLS_MAX]; /* errno of each call; 0: it takes the lock */
	size_t count;          /* calls so far */
	int operations[CALLS_MAX];
	struct itimerval timers[CALLS_MAX]; /* during each call */
} calls;

int flock(int file, int operation)
{
	assert_int_equal(file, FILE_NUMBER);
	assert_in_range(calls.count, 0, CALLS_MAX - 1);
	assert_int_equal(getitimer(ITIMER_REAL, &calls.timers[calls.count]), 0);
	calls.operations[calls.count] = operation;
	errno = calls.errors[calls.count++];
	return errno == 0 ? 0 : -1;
}

/* Expects that with these results of flock the lock is taken, or not, after so many calls. */
static void expect_lock(unsigned wait_ms, const int errors[static CALLS_MAX], bool taken,
                        size_t count)
{
	memset(&calls, 0, sizeof calls);
	memcpy(calls.errors, errors, sizeof calls.errors);
	const char *error = counter_lock(FILE_NUMBER, LOCK_EX, wait_ms);
	if (taken)
		assert_null(error);
	else
		assert_string_equal(error, "hits-locked");
	assert_int_equal(calls.count, count);
	assert_int_equal(calls.operations[0], LOCK_EX | LOCK_NB);
	for (size_t i = 1; i < count; i++)
		assert_int_equal(calls.operations[i], LOCK_EX);
}

#define ERRORS(...) ((const int[CALLS_MAX]){__VA_ARGS__})

static void test_free_lock_takes_one_call(void **state)
{
	(void)state;
	expect_lock(0, ERRORS(0), true, 1);
	expect_lock(1000, ERRORS(0), true, 1);
}

static void test_without_a_wait_one_call_decides(void **state)
{
	(void)state;
	expect_lock(0, ERRORS(EWOULDBLOCK), false, 1);
	expect_lock(0, ERRORS(EINTR), false, 1);
}

static void test_four_alarms_end_the_wait(void **state)
{
	(void)state;
	expect_lock(1000, ERRORS(EWOULDBLOCK, 0), true, 2);
	expect_lock(1000, ERRORS(EINTR, 0), true, 2);
	expect_lock(1000, ERRORS(EWOULDBLOCK, EINTR, EINTR, EINTR, 0), true, 5);
	expect_lock(1000, ERRORS(EWOULDBLOCK, EINTR, EINTR, EINTR, EINTR, 0), false, 5);
}

static void test_other_errors_end_the_wait_at_once(void **state)
{
	(void)state;
	expect_lock(1000, ERRORS(ENOLCK), false, 1);
	expect_lock(1000, ERRORS(EWOULDBLOCK, ENOLCK), false, 2);
	expect_lock(1000, ERRORS(EWOULDBLOCK, EINTR, EBADF), false, 3);
}

static suseconds_t in_us(struct timeval time)
{
	return time.tv_sec * 1000000 + time.tv_usec;
}

static void test_alarms_divide_the_wait_by_four_and_end_with_it(void **state)
{
	struct itimerval timer;
	sigset_t blocked;
	(void)state;
	expect_lock(10000, ERRORS(EWOULDBLOCK, EINTR, 0), true, 3);
	assert_int_equal(in_us(calls.timers[0].it_interval), 0);
	for (size_t i = 1; i < 3; i++) {
		assert_int_equal(in_us(calls.timers[i].it_interval), 2500000);
		assert_in_range(in_us(calls.timers[i].it_value), 1, 2500000);
	}
	assert_int_equal(getitimer(ITIMER_REAL, &timer), 0);
	assert_int_equal(in_us(timer.it_interval) + in_us(timer.it_value), 0);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &blocked), 0);
	assert_false(sigismember(&blocked, SIGALRM));
}

/* The parent may have left SIGALRM blocked or ignored: an alarm would then interrupt nothing. */
static void test_alarm_interrupts_whatever_the_parent_left(void **state)
{
	struct sigaction action;
	sigset_t alarm;
	(void)state;
	assert_int_equal(sigemptyset(&alarm), 0);
	assert_int_equal(sigaddset(&alarm, SIGALRM), 0);
	assert_int_equal(sigprocmask(SIG_BLOCK, &alarm, NULL), 0);
	assert_true(signal(SIGALRM, SIG_IGN) != SIG_ERR);
	expect_lock(10000, ERRORS(EWOULDBLOCK, 0), true, 2);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &alarm), 0);
	assert_false(sigismember(&alarm, SIGALRM));
	assert_int_equal(sigaction(SIGALRM, NULL, &action), 0);
	assert_true(action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL);
	assert_int_equal(action.sa_flags & SA_RESTART, 0);
	assert_int_equal(raise(SIGALRM), 0); /* does not end the process */
}

static void test_unlocking_releases_the_lock(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof calls);
	counter_unlock(FILE_NUMBER);
	assert_int_equal(calls.count, 1);
	assert_int_equal(calls.operations[0], LOCK_UN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_free_lock_takes_one_call),
	    cmocka_unit_test(test_without_a_wait_one_call_decides),
	    cmocka_unit_test(test_four_alarms_end_the_wait),
	    cmocka_unit_test(test_other_errors_end_the_wait_at_once),
	    cmocka_unit_test(test_alarms_divide_the_wait_by_four_and_end_with_it),
	    cmocka_unit_test(test_alarm_interrupts_whatever_the_parent_left),
	    cmocka_unit_test(test_unlocking_releases_the_lock),
	};
	return cmocka_run_group_tests_name("counter_lock", tests, NULL, NULL);
}
