/*
 * Lists of counts: added up, selected and sorted, in memory and with the help of a temporary file;
 * and the failures of that file.
 */
#include "counter/layout.h"
#include "mayflyctl/hits_counts.h"
#include "open_2.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* More than fits into memory, in a few runs. */
enum { MANY = 1500000, PATHS = 700000 };

/* The calls that fail. */
static struct {
	bool malloc, open, pread;
} broken;

/* The program's, in place of the C library's. */
int open(const char *name, int flags, ...)
{
	if (!broken.open)
		return (int)syscall(SYS_openat, AT_FDCWD, name, flags, 0600);
	errno = EOPNOTSUPP;
	return -1;
}

ssize_t pread(int file, void *bytes, size_t length, off_t offset)
{
	return broken.pread ? -1 : syscall(SYS_pread64, file, bytes, length, offset);
}

static void add(struct counts *counts, const char *path, uint64_t count)
{
	counts_add(counts, path, strlen(path), count);
}

static void expect_next(struct counts *counts, const char *path, uint64_t expected)
{
	struct count count;
	assert_true(counts_next(counts, &count));
	assert_string_equal(count.path, path);
	assert_int_equal(count.path_length, strlen(path));
	assert_int_equal(count.count, expected);
}

static void expect_end(struct counts *counts)
{
	struct count count;
	assert_false(counts_next(counts, &count));
	assert_null(counts->problem);
	counts_free(counts);
}

static void test_empty_list(void **state)
{
	struct counts counts = {0};
	(void)state;
	assert_null(counts_combine(&counts));
	counts_select(&counts, "/*", COUNTS_BY_HITS, 3);
	assert_int_equal(counts.size, 0);
	counts_rewind(&counts);
	expect_end(&counts);
}

static void test_counts_of_a_path_are_added_up(void **state)
{
	struct counts counts = {0};
	(void)state;
	add(&counts, "/b", 5);
	add(&counts, "/a", 5);
	add(&counts, "/b", 1);
	add(&counts, "/", 5);
	counts_add(&counts, "/a\0x", 4, 9);
	assert_int_equal(counts.size, 5);
	assert_null(counts_combine(&counts));
	assert_int_equal(counts.size, 4);
	assert_int_equal(counts.total, 25);
	counts_rewind(&counts);
	expect_next(&counts, "/", 5);
	expect_next(&counts, "/a", 5);
	struct count count;
	assert_true(counts_next(&counts, &count));
	assert_int_equal(count.path_length, 4);
	assert_memory_equal(count.path, "/a\0x", 5);
	expect_next(&counts, "/b", 6);
	expect_end(&counts);
}

static void test_more_may_be_added_to_a_combined_list(void **state)
{
	struct counts counts = {0};
	(void)state;
	add(&counts, "/b", 1);
	add(&counts, "/b", 1);
	assert_null(counts_combine(&counts));
	add(&counts, "/a", 1);
	add(&counts, "/b", 1);
	assert_null(counts_combine(&counts));
	assert_int_equal(counts.size, 2);
	counts_rewind(&counts);
	expect_next(&counts, "/a", 1);
	expect_next(&counts, "/b", 3);
	expect_end(&counts);
}

static void test_selection_by_pattern_order_and_number(void **state)
{
	struct counts counts = {0};
	(void)state;
	add(&counts, "/c/2", 7);
	add(&counts, "/a", 9);
	add(&counts, "/b", 7);
	add(&counts, "/d", 3);
	add(&counts, "/e", 1);
	assert_null(counts_combine(&counts));
	counts_select(&counts, "/[b-e]*", COUNTS_BY_HITS, 3);
	assert_int_equal(counts.size, 3);
	for (unsigned round = 0; round < 2; round++) {
		counts_rewind(&counts);
		expect_next(&counts, "/b", 7);
		expect_next(&counts, "/c/2", 7);
		expect_next(&counts, "/d", 3);
	}
	expect_end(&counts);
}

static void test_sum_beyond_64_bits_is_a_problem(void **state)
{
	struct counts counts = {0};
	(void)state;
	add(&counts, "/a", UINT64_MAX - 1);
	add(&counts, "/b", 2);
	assert_null(counts_combine(&counts));
	assert_int_equal(counts.total, UINT64_MAX);
	add(&counts, "/a", 1);
	assert_null(counts_combine(&counts));
	add(&counts, "/a", 1);
	assert_string_equal(counts_combine(&counts), "a count does not fit 64 bits");
	counts_free(&counts);
}

/* A path of a number that jumps about, so that no run is sorted beforehand. */
static const char *path_of(unsigned number)
{
	static char path[64];
	snprintf(path, sizeof path, "/some/directory/%06u",
	         (unsigned)(number * UINT64_C(7919) % PATHS));
	return path;
}

static struct counts make_many(void)
{
	struct counts counts = {0};
	for (unsigned number = 0; number < MANY; number++)
		add(&counts, path_of(number), number / PATHS + 1);
	assert_int_equal(counts.size, MANY);
	return counts;
}

static void expect_many(struct counts *counts)
{
	struct count count;
	char path[64];
	assert_int_equal(counts->size, PATHS);
	for (unsigned round = 0; round < 2; round++) {
		counts_rewind(counts);
		for (unsigned number = 0; number < PATHS; number++) {
			snprintf(path, sizeof path, "/some/directory/%06u", number);
			assert_true(counts_next(counts, &count));
			assert_string_equal(count.path, path);
			assert_in_range(count.count, 3, 6);
		}
		assert_false(counts_next(counts, &count));
	}
}

static void test_list_larger_than_memory(void **state)
{
	(void)state;
	struct counts counts = make_many();
	assert_null(counts_combine(&counts));
	/* Two full rounds of 1 and 2, and 100,000 of 3. */
	assert_int_equal(counts.total, 3 * PATHS + 3 * (MANY - 2 * PATHS));
	expect_many(&counts);
	counts_select(&counts, NULL, COUNTS_BY_HITS, 150000);
	assert_int_equal(counts.size, 150000);
	counts_rewind(&counts);
	struct count count;
	uint64_t last = UINT64_MAX;
	for (unsigned number = 0; counts_next(&counts, &count); number++) {
		assert_int_equal(count.count, number < MANY - 2 * PATHS ? 6 : 3);
		assert_true(count.count <= last);
		last = count.count;
	}
	expect_end(&counts);
}

static void test_adding_to_a_list_larger_than_memory(void **state)
{
	(void)state;
	struct counts counts = make_many();
	assert_null(counts_combine(&counts));
	add(&counts, "/", 1);
	add(&counts, "/zzz", 2);
	add(&counts, path_of(0), 100);
	assert_null(counts_combine(&counts));
	assert_int_equal(counts.size, PATHS + 2);
	counts_rewind(&counts);
	expect_next(&counts, "/", 1);
	expect_next(&counts, path_of(0), 106);
	counts_select(&counts, "/z*", COUNTS_BY_PATH, SIZE_MAX);
	assert_int_equal(counts.size, 1);
	counts_rewind(&counts);
	expect_next(&counts, "/zzz", 2);
	expect_end(&counts);
}

static void test_sum_beyond_64_bits_over_several_runs(void **state)
{
	struct counts counts = {0};
	(void)state;
	add(&counts, path_of(0), UINT64_MAX);
	for (unsigned number = 0; number < MANY; number++)
		add(&counts, path_of(number), 1);
	assert_string_equal(counts_combine(&counts), "a count does not fit 64 bits");
	counts_free(&counts);
}

static void test_paths_of_every_length(void **state)
{
	struct counts counts = {0};
	static char path[COUNTER_PATH_MAX + 1];
	(void)state;
	memset(path, 'a', COUNTER_PATH_MAX);
	for (unsigned round = 0; round < 4; round++)
		for (size_t length = 0; length <= COUNTER_PATH_MAX; length++)
			counts_add(&counts, path, length, 1);
	assert_null(counts_combine(&counts));
	assert_int_equal(counts.size, COUNTER_PATH_MAX + 1);
	counts_rewind(&counts);
	struct count count;
	for (size_t length = 0; length <= COUNTER_PATH_MAX; length++) {
		assert_true(counts_next(&counts, &count));
		assert_int_equal(count.path_length, length);
		assert_int_equal(strlen(count.path), length);
		assert_int_equal(count.count, 4);
	}
	expect_end(&counts);
}

static void test_temporary_file_that_cannot_be_created(void **state)
{
	(void)state;
	assert_int_equal(setenv("TMPDIR", "/nowhere", 1), 0);
	struct counts counts = {0};
	for (unsigned number = 0; number < MANY; number++)
		add(&counts, path_of(number), 1);
	assert_string_equal(counts_combine(&counts),
	                    "cannot create a temporary file in TMPDIR or /var/tmp");
	counts_free(&counts);
	assert_int_equal(unsetenv("TMPDIR"), 0);
}

static void test_temporary_file_that_cannot_grow(void **state)
{
	struct rlimit before, limit;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 20 << 20;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	struct counts counts = {0};
	for (unsigned number = 0; number < MANY; number++)
		add(&counts, path_of(number), 1);
	const char *problem = counts_combine(&counts);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(problem);
	assert_string_equal(problem, "cannot write to the temporary file");
	counts_free(&counts);
}

/* Some file systems have no files without a name. */
static void test_temporary_file_with_a_name(void **state)
{
	char directory[PATH_MAX];
	(void)state;
	broken.open = true;
	FILE *file = counts_temporary_file();
	assert_non_null(file);
	(void)fclose(file);
	memset(directory, 'a', sizeof directory - 1);
	directory[0] = '/';
	directory[sizeof directory - 1] = '\0';
	assert_int_equal(setenv("TMPDIR", directory, 1), 0);
	assert_null(counts_temporary_file());
	assert_int_equal(setenv("TMPDIR", "", 1), 0);
	file = counts_temporary_file();
	assert_non_null(file);
	(void)fclose(file);
	assert_int_equal(unsetenv("TMPDIR"), 0);
	broken.open = false;
}

static void test_temporary_file_that_cannot_be_read(void **state)
{
	(void)state;
	struct counts counts = make_many();
	broken.pread = true;
	assert_string_equal(counts_combine(&counts), "cannot read the temporary file");
	counts_free(&counts);
	broken.pread = false;
}

#ifndef __SANITIZE_ADDRESS__ /* it has a malloc of its own */
void *malloc(size_t size)
{
	return broken.malloc ? NULL : aligned_alloc(16, (size + 15) / 16 * 16);
}

static void test_missing_memory_is_a_problem(void **state)
{
	struct counts counts = {0};
	(void)state;
	add(&counts, "/a", 1);
	assert_null(counts_combine(&counts));
	broken.malloc = true;
	counts_select(&counts, NULL, COUNTS_BY_HITS, 3);
	assert_string_equal(counts.problem, "out of memory");
	counts_free(&counts);
	counts = (struct counts){0};
	add(&counts, "/a", 1);
	assert_string_equal(counts_combine(&counts), "out of memory");
	counts_free(&counts);
	broken.malloc = false;
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty_list),
	    cmocka_unit_test(test_counts_of_a_path_are_added_up),
	    cmocka_unit_test(test_more_may_be_added_to_a_combined_list),
	    cmocka_unit_test(test_selection_by_pattern_order_and_number),
	    cmocka_unit_test(test_sum_beyond_64_bits_is_a_problem),
	    cmocka_unit_test(test_list_larger_than_memory),
	    cmocka_unit_test(test_adding_to_a_list_larger_than_memory),
	    cmocka_unit_test(test_sum_beyond_64_bits_over_several_runs),
	    cmocka_unit_test(test_paths_of_every_length),
	    cmocka_unit_test(test_temporary_file_that_cannot_be_created),
	    cmocka_unit_test(test_temporary_file_that_cannot_grow),
	    cmocka_unit_test(test_temporary_file_with_a_name),
	    cmocka_unit_test(test_temporary_file_that_cannot_be_read),
#ifndef __SANITIZE_ADDRESS__
	    cmocka_unit_test(test_missing_memory_is_a_problem),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
