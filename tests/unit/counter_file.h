/*
 * What the tests of the counter file share: a file of the test's own, hits on it, what a reader
 * finds in it, and ways to spoil it. Children of fork report by exit status: cmocka's assertions
 * are the parent's.
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
#include <unistd.h>

#include <cmocka.h>

enum { TABLE_PAGES = (COUNTER_RECORDS - COUNTER_TABLE) / COUNTER_PAGE };

static char counter_folder[256];
static char counter_file[sizeof counter_folder + 8];

/*
 * cmocka's setup and teardown: an empty folder, in which counter_file is not there yet. A test that
 * goes round in circles is ended.
 */
static inline int make_folder(void **state)
{
	const char *parent = getenv("TMPDIR");
	(void)state;
	alarm(300);
	snprintf(counter_folder, sizeof counter_folder, "%s/mayfly-hits-XXXXXX",
	         parent != NULL ? parent : "/tmp");
	if (mkdtemp(counter_folder) == NULL)
		return -1;
	snprintf(counter_file, sizeof counter_file, "%s/hits", counter_folder);
	return 0;
}

static inline int remove_folder(void **state)
{
	(void)state;
	unlink(counter_file);
	return rmdir(counter_folder);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* A child that does not outlive the test. */
static inline pid_t fork_child(void)
{
	pid_t child = fork();
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

/* One hit, as a handler adds it: the file opened, counted, closed. */
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

static inline void expect_loss(const char *path, const char *expected)
{
	struct counter_result result = hit(path);
	if (result.error == NULL)
		fail_msg("%.60s: counted as %llu, not %s", path, (unsigned long long)result.count,
		         expected);
	assert_string_equal(result.error, expected);
	assert_int_equal(result.count, 0);
}

/* A hit of another process, which does not wait for the lock: whether it was counted. */
static inline bool hit_at_once(const char *path)
{
	int status = -1;
	pid_t child = fork_child();
	if (child == 0) {
		const char *loss;
		int file = counter_open(counter_file, &loss);
		_exit(counter_add(file, path, strlen(path), 0).error == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status == 0;
}

/* What a reader finds for a path, or for all where path is NULL. */
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
	const char *reason = counter_each(file, add_to_reading, &reading, &reading.damaged);
	close(file);
	if (reason != NULL)
		fail_msg("not to be read: %s", reason);
	return reading;
}

static inline uint64_t sum_of(const char *path)
{
	return read_counts(path).sum;
}

/* Looking into the file, and spoiling it. */
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

/* The file's whole content, to be freed; *size is its length. */
static inline char *file_content(size_t *size)
{
	*size = file_size();
	char *content = malloc(*size + 1);
	assert_non_null(content);
	peek(0, content, *size);
	return content;
}

/* Adds a hit that must be lost, and must leave the file as it is to the byte. */
static inline void expect_loss_and_no_change(const char *path, const char *expected)
{
	size_t size_before, size_after;
	char *before = file_content(&size_before);
	expect_loss(path, expected);
	char *after = file_content(&size_after);
	assert_int_equal(size_after, size_before);
	assert_memory_equal(after, before, size_before);
	free(before);
	free(after);
}

/* The bucket head that leads to a path, as an offset in the file. */
static inline uint64_t bucket_of(const char *path)
{
	return counter_bucket_head(counter_hash(path, strlen(path)));
}

/* Writes to `path`, of 24 bytes, the next path after `/number` that falls into a bucket. */
static inline void path_in_bucket(uint64_t bucket, unsigned *number, char *path)
{
	do
		snprintf(path, 24, "/%u", (*number)++);
	while (bucket_of(path) != bucket);
}

#endif
