/*
 * Shared by the tests of the counter file: one file per test, hits on it, what a reader finds
 * in it, and ways to damage it. Children report by exit status: only the parent may use cmocka's
 * assertions.
 */
#ifndef MAYFLY_TESTS_COUNTER_FILE_H
#define MAYFLY_TESTS_COUNTER_FILE_H

#include "counter/add.h"
#include "counter/each.h"
#include "counter/get.h"
#include "counter/layout.h"
#include "counter/open.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { TABLE_PAGES = (COUNTER_RECORDS - COUNTER_TABLE) / COUNTER_PAGE };

static char counter_directory[256];
static char counter_file[sizeof counter_directory + 8];

/* Ends the test after 300 seconds. (Waiting for the lock of a counter file uses alarm(2) itself.) */
static inline void limit_time(void)
{
	static timer_t timer;
	static bool exists;
	struct sigevent end = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM};
	struct itimerspec limit = {.it_value.tv_sec = 300};
	if (!exists)
		assert_int_equal(timer_create(CLOCK_MONOTONIC, &end, &timer), 0);
	exists = true;
	assert_int_equal(timer_settime(timer, 0, &limit, NULL), 0);
}

/*
 * cmocka's setup and teardown: an empty directory, in which counter_file does not exist yet. A test
 * is killed after 300 seconds.
 */
static inline int make_directory(void **state)
{
	const char *parent = getenv("TMPDIR");
	(void)state;
	limit_time();
	snprintf(counter_directory, sizeof counter_directory, "%s/mayfly-hits-XXXXXX",
	         parent != NULL ? parent : "/tmp");
	if (mkdtemp(counter_directory) == NULL)
		return -1;
	snprintf(counter_file, sizeof counter_file, "%s/hits", counter_directory);
	return 0;
}

static inline int remove_directory(void **state)
{
	(void)state;
	unlink(counter_file);
	return rmdir(counter_directory);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

/* Forks a child that is killed with the test. */
static inline pid_t fork_child(void)
{
	pid_t child = fork();
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

/* Adds a hit as a handler does: opens the file, counts, closes it. */
static inline struct counter_result hit_bytes(const char *path, size_t path_length)
{
	struct counter_result result = {0, NULL};
	int file = counter_open(counter_file, &result.error);
	if (file < 0)
		return result;
	result = counter_add(file, path, path_length, 10000);
	close(file);
	return result;
}

/* Counts several hits at once. */
static inline void hit_times(const char *path, uint64_t times)
{
	const char *error;
	int file = counter_open(counter_file, &error);
	assert_true(file >= 0);
	struct counter_result result = counter_add_amount(file, path, strlen(path), times, 10000);
	assert_null(result.error);
	(void)close(file);
}

static inline struct counter_result hit(const char *path)
{
	return hit_bytes(path, strlen(path));
}

static inline void expect_count(const char *path, uint64_t expected)
{
	struct counter_result result = hit(path);
	if (result.error != NULL)
		fail_msg("%.60s: %s", path, result.error);
	if (result.count != expected)
		fail_msg("%.60s: counted as %llu, not %llu", path, (unsigned long long)result.count,
		         (unsigned long long)expected);
}

static inline void expect_error(const char *path, const char *expected)
{
	struct counter_result result = hit(path);
	if (result.error == NULL)
		fail_msg("%.60s: counted as %llu, not %s", path, (unsigned long long)result.count,
		         expected);
	assert_string_equal(result.error, expected);
	assert_int_equal(result.count, 0);
}

/* Adds a hit in another process, without waiting for the lock. Returns whether it was counted. */
static inline bool hit_at_once(const char *path)
{
	int status = -1;
	pid_t child = fork_child();
	if (child == 0) {
		const char *error;
		int file = counter_open(counter_file, &error);
		_exit(counter_add(file, path, strlen(path), 0).error == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status == 0;
}

/* What a reader finds for a path; with NULL, for all. */
struct reading {
	const char *path;
	size_t path_length;
	uint64_t sum;
	unsigned records;
	uint64_t damaged;
};

static inline void add_to_reading(void *context, const char *path, size_t path_length,
                                  uint64_t count)
{
	struct reading *reading = context;
	if (reading->path != NULL &&
	    (path_length != reading->path_length || memcmp(path, reading->path, path_length) != 0))
		return;
	reading->sum += count;
	reading->records++;
}

static inline struct reading read_counts(const char *path)
{
	struct reading reading = {path, path != NULL ? strlen(path) : 0, 0, 0, 0};
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	const char *error = counter_each(file, add_to_reading, &reading, &reading.damaged);
	close(file);
	if (error != NULL)
		fail_msg("cannot be read: %s", error);
	return reading;
}

static inline uint64_t sum_of(const char *path)
{
	return read_counts(path).sum;
}

/* --- Reading and changing bytes of the file. --- */

static inline uint64_t file_size(void)
{
	struct stat status;
	assert_int_equal(stat(counter_file, &status), 0);
	return (uint64_t)status.st_size;
}

static inline void poke(uint64_t offset, const void *bytes, size_t length)
{
	int file = open(counter_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(lseek(file, (off_t)offset, SEEK_SET), offset);
	assert_int_equal(write(file, bytes, length), length);
	close(file);
}

static inline void poke_number(uint64_t offset, uint64_t number)
{
	unsigned char bytes[8];
	counter_store64(bytes, number);
	poke(offset, bytes, sizeof bytes);
}

static inline void peek(uint64_t offset, void *bytes, size_t length)
{
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(lseek(file, (off_t)offset, SEEK_SET), offset);
	assert_int_equal(read(file, bytes, length), length);
	close(file);
}

static inline uint64_t peek_number(uint64_t offset)
{
	unsigned char bytes[8];
	peek(offset, bytes, sizeof bytes);
	return counter_load64(bytes);
}

static inline void resize(uint64_t size)
{
	assert_int_equal(truncate(counter_file, (off_t)size), 0);
}

/* Returns the content of the file, to be freed, and its size. */
static inline char *file_content(size_t *size)
{
	*size = file_size();
	char *content = malloc(*size + 1);
	assert_non_null(content);
	peek(0, content, *size);
	return content;
}

/* Adds a hit that must fail and must not change a byte of the file. */
static inline void expect_error_and_no_change(const char *path, const char *expected)
{
	size_t size_before, size_after;
	char *before = file_content(&size_before);
	expect_error(path, expected);
	char *after = file_content(&size_after);
	assert_int_equal(size_after, size_before);
	assert_memory_equal(after, before, size_before);
	free(before);
	free(after);
}

/* The offset of the head of a path's bucket. */
static inline uint64_t bucket_of(const char *path)
{
	return counter_bucket_head(counter_hash(path, strlen(path)));
}

/*
 * Writes to `path`, of 24 bytes, the next path from `/number` that belongs to a bucket: the last digit first, without
 * snprintf, because a hundred thousand numbers are tried.
 */
static inline void path_in_bucket(uint64_t bucket, unsigned *number, char *path)
{
	do {
		unsigned rest = (*number)++;
		char *end = path;
		*end++ = '/';
		do
			*end++ = (char)('0' + rest % 10);
		while ((rest /= 10) > 0);
		*end = '\0';
	} while (bucket_of(path) != bucket);
}

#endif
