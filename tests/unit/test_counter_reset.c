/*
 * Setting counts to zero: selected counts and no others; next to writers, where each hit is either
 * reported as dropped or still in the file; and killed at each call.
 */
#include "counter/reset.h"
#include "counter_file.h"
#include <sys/wait.h>

#include "counter_calls.h"

static bool begins_with(void *prefix, const char *path, size_t path_length)
{
	size_t length = strlen(prefix);
	return path_length >= length && memcmp(path, prefix, length) == 0;
}

static const char *reset(const char *prefix, struct counter_dropped *dropped)
{
	char text[24];
	int file = open(counter_file, O_RDWR | O_CLOEXEC);
	assert_true(file >= 0);
	snprintf(text, sizeof text, "%s", prefix);
	const char *error = counter_reset(file, begins_with, text, dropped);
	close(file);
	return error;
}

static void expect_dropped(const char *prefix, uint64_t records, uint64_t hits)
{
	struct counter_dropped dropped;
	const char *error = reset(prefix, &dropped);
	if (error != NULL)
		fail_msg("%s: %s", prefix, error);
	assert_int_equal(dropped.records, records);
	assert_int_equal(dropped.hits, hits);
}

static void test_reset_drops_selected_counts_only(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 3; i++) {
		expect_count("/a", i);
		expect_count("/b/1", i);
		expect_count("/b/2", i);
	}
	expect_dropped("/b/", 2, 6);
	assert_int_equal(sum_of("/a"), 3);
	assert_int_equal(read_counts(NULL).records, 1);
	expect_dropped("/b/", 0, 0);
	expect_count("/b/1", 1);
	expect_dropped("", 2, 4);
	assert_int_equal(read_counts(NULL).records, 0);
	assert_int_equal(read_counts(NULL).damaged, 0);
}

static void test_reset_keeps_the_records_for_later_hits(void **state)
{
	char path[24];
	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		snprintf(path, sizeof path, "/%u", i);
		expect_count(path, 1);
	}
	uint64_t size = file_size();
	expect_dropped("", 500, 500);
	for (unsigned i = 0; i < 500; i++) {
		snprintf(path, sizeof path, "/%u", i);
		expect_count(path, 1);
	}
	assert_int_equal(file_size(), size);
}

static void expect_error_of_reset(const char *expected)
{
	struct counter_dropped dropped = {7, 7};
	const char *error = reset("", &dropped);
	assert_non_null(error);
	assert_string_equal(error, expected);
	assert_int_equal(dropped.hits, 0);
}

static void test_reset_refuses_foreign_and_damaged_files(void **state)
{
	(void)state;
	poke(0, "", 0);
	expect_dropped("", 0, 0);
	poke(0, "#!/bin/sh\necho a stranger's file, of more than 64 bytes, is left alone\n", 72);
	expect_error_of_reset("hits-foreign");
	unlink(counter_file);
	expect_count("/a", 1);
	resize(COUNTER_RECORDS - 8);
	expect_error_of_reset("hits-damaged");
}

static void test_failed_call_leaves_the_old_count_or_0(void **state)
{
	(void)state;
	expect_count("/a", 1);
	calls.error = EIO;
	for (unsigned call = 1; call <= 4; call++) { /* header; page, its end; count */
		calls.fail_at = calls.fail_until = calls.count + call;
		expect_error_of_reset("hits-damaged");
	}
	calls.fail_at = calls.fail_until = calls.count + 5;
	expect_error_of_reset("hits-write-failed");
	calls.fail_at = 0;
	assert_int_equal(sum_of("/a"), 1);
	expect_dropped("", 1, 1);
}

/* As of a network file system, for bytes that another machine has just written. */
static void test_page_that_reads_nothing_is_not_taken_for_the_end(void **state)
{
	(void)state;
	expect_count("/a", 1);
	calls.error = 0;
	calls.fail_at = calls.fail_until = calls.count + 2; /* after the header */
	assert_int_equal(read_counts(NULL).damaged, 1);
	calls.fail_at = calls.fail_until = calls.count + 2;
	expect_error_of_reset("hits-damaged");
	calls.fail_at = 0;
	assert_int_equal(sum_of("/a"), 1);
}

static const char *subtract(const char *path, uint64_t amount)
{
	int file = open(counter_file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	const char *error = counter_subtract(file, path, strlen(path), amount);
	close(file);
	return error;
}

static void test_subtract_takes_back_only_what_is_there(void **state)
{
	(void)state;
	assert_string_equal(subtract("/a", 1), "hits-damaged");
	expect_count("/a", 1);
	expect_count("/a", 2);
	expect_count("/b", 1);
	assert_null(subtract("/a", 1));
	assert_int_equal(sum_of("/a"), 1);
	assert_string_equal(subtract("/a", 2), "hits-damaged");
	assert_string_equal(subtract("/c", 0), "hits-damaged");
	assert_string_equal(counter_subtract(-1, "/a", 2, 1), "hits-locked");
	calls.error = ENOSPC;
	calls.fail_at = calls.fail_until = calls.count + 4; /* header, bucket, record; count */
	assert_string_equal(subtract("/a", 1), "hits-disk-full");
	calls.fail_at = 0;
	assert_null(subtract("/a", 1));
	assert_int_equal(sum_of("/a"), 0);
	assert_int_equal(sum_of("/b"), 1);
}

static unsigned calls_until_death;

static void die_in_time(void)
{
	if (--calls_until_death == 0)
		kill(getpid(), SIGKILL);
}

static void test_reset_killed_at_each_call_leaves_the_old_count_or_0(void **state)
{
	unsigned call = 1;
	(void)state;
	for (bool killed = true; killed; call++) {
		int status = -1;
		struct counter_dropped dropped;
		unlink(counter_file);
		expect_count("/a", 1);
		expect_count("/b", 1);
		expect_count("/kept", 1);
		pid_t child = fork_child();
		if (child == 0) {
			calls_until_death = call;
			calls.before = die_in_time;
			_exit(reset("/a", &dropped) == NULL && reset("/b", &dropped) == NULL ? 0
			                                                                     : 1);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		killed = WIFSIGNALED(status);
		assert_true(killed || status == 0);
		uint64_t a = sum_of("/a"), b = sum_of("/b");
		assert_true(a <= b && b <= (killed ? 1 : 0));
		assert_int_equal(sum_of("/kept"), 1);
		assert_int_equal(read_counts(NULL).damaged, 0);
		expect_count("/a", a + 1);
		expect_count("/b", b + 1);
		assert_in_range(call, 1, 40);
	}
	assert_in_range(call, 10, 40);
}

static unsigned counted, refused;

/* Between two calls of a reset. */
static void let_another_count(void)
{
	void (*before)(void) = calls.before;
	calls.before = NULL;
	if (hit_at_once("/a"))
		counted++;
	else
		refused++;
	calls.before = before;
}

/* The lock is held while a count is read and set to 0. */
static void test_hit_between_any_two_calls_is_dropped_or_kept(void **state)
{
	struct counter_dropped dropped;
	(void)state;
	expect_count("/a", 1);
	expect_count("/b", 1);
	counted = refused = 0;
	calls.before = let_another_count;
	assert_null(reset("/a", &dropped));
	calls.before = NULL;
	assert_true(counted > 0 && refused > 0);
	assert_int_equal(dropped.hits + sum_of("/a"), 1 + counted);
	assert_int_equal(sum_of("/b"), 1);
}

/* Adds hits, the second half of them after a byte through the pipe. Returns the exit status. */
static int count_in_two_halves(unsigned first, unsigned hits, int go)
{
	static const char *const PATHS[] = {"/", "/a", "/b", "/c"};
	char byte;
	for (unsigned n = 0; n < hits; n++)
		if ((n == hits / 2 && read(go, &byte, 1) != 1) ||
		    hit(PATHS[(first + n) % 4]).error != NULL)
			return 1;
	return 0;
}

/*
 * Each counted hit was dropped by a reset or is left. Half of the hits come after the first reset,
 * and some of them before the last one.
 */
static void test_hits_during_a_reset_are_dropped_or_kept(void **state)
{
	enum { WRITERS = 4, HITS = 1500 };
	uint64_t dropped_hits = 0;
	unsigned resets = 0;
	int go[2];
	(void)state;
	assert_int_equal(pipe(go), 0);
	expect_count("/", 1);
	for (unsigned i = 0; i < WRITERS; i++)
		if (fork_child() == 0)
			_exit(count_in_two_halves(i, HITS, go[0]));
	for (unsigned ended = 0; ended < WRITERS;) {
		struct counter_dropped dropped;
		int status = 0;
		const char *error = reset("/", &dropped);
		if (error != NULL)
			fail_msg("%s", error);
		dropped_hits += dropped.hits;
		resets += dropped.hits > 0;
		if (resets == 1 && dropped.hits > 0)
			assert_int_equal(write(go[1], "xxxx", WRITERS), WRITERS);
		ended += waitpid(-1, &status, WNOHANG) > 0;
		assert_int_equal(status, 0);
	}
	assert_int_equal(dropped_hits + read_counts(NULL).sum, WRITERS * HITS + 1);
	assert_true(resets >= 2);
	close(go[0]);
	close(go[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CALLS(test_reset_drops_selected_counts_only),
	    WITH_CALLS(test_reset_keeps_the_records_for_later_hits),
	    WITH_CALLS(test_reset_refuses_foreign_and_damaged_files),
	    WITH_CALLS(test_failed_call_leaves_the_old_count_or_0),
	    WITH_CALLS(test_page_that_reads_nothing_is_not_taken_for_the_end),
	    WITH_CALLS(test_subtract_takes_back_only_what_is_there),
	    WITH_CALLS(test_reset_killed_at_each_call_leaves_the_old_count_or_0),
	    WITH_CALLS(test_hit_between_any_two_calls_is_dropped_or_kept),
	    WITH_CALLS(test_hits_during_a_reset_are_dropped_or_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
