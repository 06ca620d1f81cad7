/*
 * Opening the counter file, and checking whether hits could be added to one: each error of open(2), which is under
 * the test's control, and each state of the file.
 */
#include "counter_file.h"
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/syscall.h>

static struct {
	int error;        /* errno of openat; 0: it opens */
	unsigned fails;   /* how many of the next calls fail */
	int access_error; /* errno of access for anything but F_OK; 0: the system decides */
} calls;

int openat(int directory, const char *name, int flags, ...)
{
	if (calls.fails > 0) {
		calls.fails--;
		errno = calls.error;
		return -1;
	}
	return (int)syscall(SYS_openat, directory, name, flags, 0640);
}

int access(const char *name, int mode)
{
	if (mode != F_OK && calls.access_error != 0) {
		errno = calls.access_error;
		return -1;
	}
	return (int)syscall(SYS_faccessat, AT_FDCWD, name, mode);
}

static int make_directory_with_calls(void **state)
{
	memset(&calls, 0, sizeof calls);
	return make_directory(state);
}

static void test_each_error_of_open_has_its_code(void **state)
{
	static const struct {
		int number;
		const char *code;
	} ERRORS[] = {
	    {ENOENT, "hits-missing-folder"}, {ENOTDIR, "hits-missing-folder"},
	    {EACCES, "hits-not-permitted"},  {EPERM, "hits-not-permitted"},
	    {EROFS, "hits-read-only"},       {EISDIR, "hits-not-a-file"},
	    {ENXIO, "hits-not-a-file"},      {ENODEV, "hits-not-a-file"},
	    {ENOSPC, "hits-disk-full"},      {EDQUOT, "hits-disk-full"},
	    {EMFILE, "hits-unavailable"},    {ELOOP, "hits-unavailable"},
	    {EIO, "hits-unavailable"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof ERRORS / sizeof ERRORS[0]; i++) {
		const char *error = NULL;
		calls.error = ERRORS[i].number;
		calls.fails = 1;
		assert_int_equal(counter_open(counter_file, &error), -1);
		assert_string_equal(error, ERRORS[i].code);
	}
}

static void test_interrupted_open_is_repeated(void **state)
{
	const char *error = "none";
	(void)state;
	calls.error = EINTR;
	calls.fails = 3;
	int file = counter_open(counter_file, &error);
	assert_true(file >= 0);
	assert_null(error);
	assert_int_equal(calls.fails, 0);
	close(file);
}

static void expect_checked(const char *name, const char *expected)
{
	const char *error = counter_check_name(name);
	if (expected == NULL)
		assert_null(error);
	else
		assert_string_equal(error, expected);
}

static void test_check_judges_an_existing_file(void **state)
{
	(void)state;
	expect_count("/a", 1);
	expect_checked(counter_file, NULL);
	resize(COUNTER_RECORDS - 8);
	expect_checked(counter_file, "hits-damaged");
	poke(0, "#", 1);
	expect_checked(counter_file, "hits-foreign");
	resize(0);
	expect_checked(counter_file, NULL);
	assert_int_equal(file_size(), 0);
	expect_checked(counter_directory, "hits-not-a-file");
	expect_checked("/dev/null", "hits-not-a-file");
	calls.error = EACCES;
	calls.fails = 1;
	expect_checked(counter_file, "hits-not-permitted");
}

/* The check does not create it: it would belong to the wrong user. */
static void test_check_judges_the_directory_of_a_missing_file(void **state)
{
	char missing[sizeof counter_directory + 16], name[PATH_MAX + 8];
	(void)state;
	expect_checked(counter_file, NULL);
	assert_int_equal(access(counter_file, F_OK), -1);
	snprintf(missing, sizeof missing, "%s/missing/hits", counter_directory);
	expect_checked(missing, "hits-missing-folder");
	calls.access_error = EACCES;
	expect_checked(counter_file, "hits-not-permitted");
	expect_checked("no-slash-and-missing", "hits-not-permitted");
	calls.access_error = EROFS;
	expect_checked(counter_file, "hits-read-only");
	calls.access_error = 0;

	memset(name, '/', sizeof name);
	memcpy(name + sizeof name - sizeof "hits", "hits", sizeof "hits");
	expect_checked(name, "hits-unavailable");
}

#define TEST(test)                                                                                 \
	cmocka_unit_test_setup_teardown(test, make_directory_with_calls, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_each_error_of_open_has_its_code),
	    TEST(test_interrupted_open_is_repeated),
	    TEST(test_check_judges_an_existing_file),
	    TEST(test_check_judges_the_directory_of_a_missing_file),
	};
	return cmocka_run_group_tests_name("counter_open", tests, NULL, NULL);
}
