/* Looking up a count: counts are found, no byte is changed, errors are reported. */
#include "counter_file.h"
#include <sys/file.h>

static struct counter_result get_bytes(const char *path, size_t path_length)
{
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	struct counter_result result = counter_get(file, path, path_length);
	close(file);
	return result;
}

static void expect_found(const char *path, uint64_t expected)
{
	struct counter_result result = get_bytes(path, strlen(path));
	assert_null(result.error);
	assert_int_equal(result.count, expected);
}

static void expect_error_of_get(const char *expected)
{
	struct counter_result result = get_bytes("/", 1);
	assert_non_null(result.error);
	assert_string_equal(result.error, expected);
	assert_int_equal(result.count, 0);
}

static void test_get_returns_what_was_added(void **state)
{
	(void)state;
	expect_count("/", 1);
	expect_count("/", 2);
	expect_count("/a", 1);
	expect_found("/", 2);
	expect_found("/a", 1);
	expect_found("/b", 0);
	expect_found("", 0);
}

/* Three counted resources of one bucket, and one that was never counted. */
static void test_get_finds_each_record_of_a_bucket(void **state)
{
	uint64_t bucket = bucket_of("/1");
	unsigned number = 0;
	char path[4][24];
	(void)state;
	for (int i = 0; i < 4; i++)
		path_in_bucket(bucket, &number, path[i]);
	for (int i = 0; i < 3; i++)
		expect_count(path[i], 1);
	expect_count(path[1], 2);
	expect_found(path[0], 1);
	expect_found(path[1], 2);
	expect_found(path[2], 1);
	expect_found(path[3], 0);
}

static void test_get_changes_no_byte(void **state)
{
	size_t size, size_after;
	(void)state;
	poke(0, "", 0);
	expect_found("/", 0); /* in a new file */
	assert_int_equal(file_size(), 0);
	expect_count("/", 1);
	char *before = file_content(&size);
	expect_found("/", 1);
	expect_found("/nothing", 0);
	char *after = file_content(&size_after);
	assert_int_equal(size_after, size);
	assert_memory_equal(after, before, size);
	free(before);
	free(after);
}

static void test_get_of_a_path_too_long_is_0(void **state)
{
	static char path[COUNTER_PATH_MAX + 100];
	(void)state;
	memset(path, 'x', sizeof path);
	expect_count("/", 1);
	struct counter_result result = get_bytes(path, sizeof path);
	assert_null(result.error);
	assert_int_equal(result.count, 0);
}

static void test_get_reports_foreign_and_damaged_files(void **state)
{
	(void)state;
	poke(0, "Another file, and long enough not to be a header that was cut short, that is all.",
	     80);
	expect_error_of_get("hits-foreign");
	assert_int_equal(unlink(counter_file), 0);
	expect_count("/", 1);
	poke_number(bucket_of("/"), 4);
	expect_error_of_get("hits-damaged");
}

static void test_get_needs_no_lock_and_leaves_none(void **state)
{
	(void)state;
	expect_count("/", 1);
	int other = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_EX), 0);
	expect_found("/", 1);
	close(other);
	assert_true(hit_at_once("/"));
	expect_found("/", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_DIRECTORY(test_get_returns_what_was_added),
	    IN_DIRECTORY(test_get_finds_each_record_of_a_bucket),
	    IN_DIRECTORY(test_get_changes_no_byte),
	    IN_DIRECTORY(test_get_of_a_path_too_long_is_0),
	    IN_DIRECTORY(test_get_reports_foreign_and_damaged_files),
	    IN_DIRECTORY(test_get_needs_no_lock_and_leaves_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
