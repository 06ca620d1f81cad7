/* Names of counter files, and their creation by root as the owner of the directory. */
#include "mayflyctl/hits_file.h"
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	uid_t user;
	unsigned changes; /* of the user or the group so far */
	unsigned failing; /* which of them fails, counted from 1 */
} machine;

/* The program's, in place of the C library's. */
uid_t geteuid(void)
{
	return machine.user;
}

static int change(void)
{
	errno = EPERM;
	return ++machine.changes == machine.failing ? -1 : 0;
}

int seteuid(uid_t user)
{
	(void)user;
	return change();
}

int setegid(gid_t group)
{
	(void)group;
	return change();
}

static char directory[] = "/tmp/test_hits_file-XXXXXX", name[64];

static int make_directory(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	memcpy(strrchr(directory, '-'), "-XXXXXX", sizeof "-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(name, sizeof name, "%s/hits", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	(void)unlink(name);
	return rmdir(directory);
}

static void expect_created(void)
{
	struct stat status;
	int file = hits_file_open_or_create(name);
	assert_true(file >= 0);
	assert_int_equal(fstat(file, &status), 0);
	assert_int_equal(status.st_mode & 07137, 0);
	close(file);
}

static void test_root_creates_a_file_as_the_owner_of_its_directory(void **state)
{
	(void)state;
	expect_created();
	assert_int_equal(machine.changes, 4);
	expect_created(); /* it exists */
	assert_int_equal(machine.changes, 4);
}

static void test_other_user_creates_a_file_as_himself(void **state)
{
	(void)state;
	machine.user = 1000;
	expect_created();
	assert_int_equal(machine.changes, 0);
}

static void test_file_is_not_created_as_another_user(void **state)
{
	(void)state;
	for (machine.failing = 1; machine.failing <= 2; machine.failing++) {
		machine.changes = 0;
		assert_int_equal(hits_file_open_or_create(name), -1);
		assert_int_equal(access(name, F_OK), -1);
	}
	/* Root cannot become root again: a file that was created stays, but is not used. */
	for (; machine.failing <= 4; machine.failing++) {
		machine.changes = 0;
		assert_int_equal(hits_file_open_or_create(name), -1);
		assert_int_equal(unlink(name), 0);
	}
}

static void test_name_must_fit(void **state)
{
	static char longest[PATH_MAX + 1], found[PATH_MAX];
	(void)state;
	memset(longest, 'a', PATH_MAX);
	assert_int_equal(hits_file_find(longest, NULL, found), EXIT_FAILED);
	longest[PATH_MAX - 1] = '\0';
	assert_int_equal(hits_file_find(longest, NULL, found), EXIT_DONE);
	assert_string_equal(found, longest);
	assert_int_equal(hits_file_find("", NULL, found), EXIT_FAILED);
	assert_int_equal(hits_file_find_robots("a/hits", NULL, found), EXIT_DONE);
	assert_string_equal(found, "a/robots");
	longest[PATH_MAX - 7] = '/';
	assert_int_equal(hits_file_find_robots(longest, NULL, found), EXIT_FAILED);
	longest[PATH_MAX - 7] = 'a';
	longest[PATH_MAX - 8] = '/';
	assert_int_equal(hits_file_find_robots(longest, NULL, found), EXIT_DONE);
}

static void test_file_that_is_not_of_mayfly_misses_no_counts(void **state)
{
	static const char *const LOSSES[] = {"hits-damaged", "hits-locked", "hits-unknown"};
	(void)state;
	errno = 0;
	assert_string_equal(hits_file_problem("hits-unknown"), "cannot be used");
	for (size_t i = 0; i < sizeof LOSSES / sizeof LOSSES[0]; i++)
		assert_true(hits_file_misses_counts(hits_file_problem(LOSSES[i])));
	assert_false(hits_file_misses_counts(hits_file_problem("hits-foreign")));
	assert_false(hits_file_misses_counts(hits_file_problem("hits-not-a-file")));
	errno = EACCES;
	assert_false(hits_file_misses_counts("permission denied; try as root"));
	errno = EIO;
	assert_true(hits_file_misses_counts("cannot open"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_root_creates_a_file_as_the_owner_of_its_directory,
	                                    make_directory, remove_directory),
	    cmocka_unit_test_setup_teardown(test_other_user_creates_a_file_as_himself,
	                                    make_directory, remove_directory),
	    cmocka_unit_test_setup_teardown(test_file_is_not_created_as_another_user,
	                                    make_directory, remove_directory),
	    cmocka_unit_test(test_name_must_fit),
	    cmocka_unit_test(test_file_that_is_not_of_mayfly_misses_no_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
