/* Folding days into a month while each system call fails in turn: no hit is lost, and the next folding completes it. */
#include "mayflyctl/history.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { FOLDED = 2, DAYS = HISTORY_DAYS_MAX + FOLDED, DAY = 86400 };

/* 2025-10-01 */
static const time_t FIRST = 1759276800;

static unsigned calls, failing; /* which call fails, counted from 1; 0: none */

static bool must_fail(void)
{
	errno = EIO;
	return ++calls == failing;
}

/* The program's, in place of the C library's. */
int openat(int directory, const char *name, int flags, ...)
{
	return must_fail() ? -1 : (int)syscall(SYS_openat, directory, name, flags, 0600);
}

int unlinkat(int directory, const char *name, int flags)
{
	return must_fail() ? -1 : (int)syscall(SYS_unlinkat, directory, name, flags);
}

int renameat(int from, const char *name, int to, const char *new_name)
{
	return must_fail() ? -1 : (int)syscall(SYS_renameat2, from, name, to, new_name, 0);
}

int fsync(int file)
{
	return must_fail() ? -1 : (int)syscall(SYS_fsync, file);
}

int fchmod(int file, mode_t mode)
{
	return must_fail() ? -1 : (int)syscall(SYS_fchmod, file, mode);
}

int fstat(int file, struct stat *status)
{
	return must_fail() ? -1 : fstatat(file, "", status, AT_EMPTY_PATH);
}

static char directory[] = "/tmp/test_history-XXXXXX", counter_file[64];

static void name_of(int day, char name[static 16])
{
	struct tm date;
	time_t when = FIRST + (time_t)day * DAY;
	assert_non_null(gmtime_r(&when, &date));
	assert_int_equal(strftime(name, 16, "%Y-%m-%d", &date), 10);
}

/* One hit on each day. */
static void write_day(int day)
{
	char name[16], path[96];
	name_of(day, name);
	(void)snprintf(path, sizeof path, "%s/history/%s", directory, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	(void)fprintf(file,
	              "mayfly-hits 1\n# history %s\n# period %s %s\n# taken %jd\n1\t/a\nend\t1\n",
	              name, name, name, (intmax_t)(FIRST + (day + 1) * DAY));
	assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
	char path[96];
	(void)snprintf(path, sizeof path, "%s/history/%s", directory, name);
	(void)unlink(path);
}

static void add_sum(void *sum, const char *path, size_t path_length, uint64_t count)
{
	(void)path;
	(void)path_length;
	*(uint64_t *)sum += count;
}

static void expect_all_hits(struct history *history)
{
	uint64_t sum = 0;
	const struct history_visitor visitor = {.sink = {.hits = add_sum,
	                                                 .hits_context = &sum,
	                                                 .dropped = add_sum,
	                                                 .dropped_context = &sum}};
	assert_null(history_read(history, &visitor));
	assert_int_equal(sum, DAYS);
}

static const char *fold(struct history *history)
{
	const char *problem = history_open(history, counter_file, HISTORY_WRITE);
	return problem == NULL ? history_fold(history) : problem;
}

static void test_failed_folding_loses_no_hit(void **state)
{
	struct history history;
	unsigned problems = 0;
	(void)state;
	for (unsigned next = 1; calls >= failing; next++) {
		remove_file("2025-10");
		for (int day = 0; day < FOLDED; day++)
			write_day(day);
		calls = 0;
		failing = next;
		problems += fold(&history) != NULL;
		unsigned made = calls;
		failing = 0;
		history_close(&history);
		const char *problem = history_open(&history, counter_file, HISTORY_READ);
		if (problem != NULL)
			fail_msg("call %u: %s", next, problem);
		expect_all_hits(&history);
		history_close(&history);
		assert_null(fold(&history));
		expect_all_hits(&history);
		assert_int_equal(history.count, DAYS - FOLDED + 1);
		history_close(&history);
		calls = made;
		failing = next;
	}
	failing = 0;
	assert_true(problems > 15);
}

static int make_directory(void **state)
{
	char path[64];
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(counter_file, sizeof counter_file, "%s/hits", directory);
	(void)snprintf(path, sizeof path, "%s/history", directory);
	if (mkdir(path, 0700) != 0)
		return -1;
	for (int day = FOLDED; day < DAYS; day++)
		write_day(day);
	return 0;
}

static int remove_directory(void **state)
{
	char name[16], path[64];
	(void)state;
	for (int day = 0; day < DAYS; day++) {
		name_of(day, name);
		remove_file(name);
	}
	remove_file("2025-10");
	remove_file(".lock");
	(void)snprintf(path, sizeof path, "%s/history", directory);
	return rmdir(path) | rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_failed_folding_loses_no_hit, make_directory,
	                                    remove_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
