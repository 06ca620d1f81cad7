/* Looking up a user: each way in which getpwnam(3) says that there is none, and failures of the system. */
#include "mayflyctl/user.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct passwd *found;
static int error;

/* The program's, in place of the C library's. */
struct passwd *getpwnam(const char *name)
{
	assert_string_equal(name, "mayfly");
	if (error != 0)
		errno = error;
	return found;
}

static void test_user_that_does_not_exist(void **state)
{
	static const int ERRORS[] = {0, ENOENT, ESRCH, EBADF, EPERM};
	(void)state;
	for (size_t i = 0; i < sizeof ERRORS / sizeof ERRORS[0]; i++) {
		error = ERRORS[i];
		errno = EIO; /* of another call, before */
		assert_null(user_find("mayfly"));
		assert_int_equal(errno, ENOENT);
	}
}

static void test_failure_of_the_system(void **state)
{
	(void)state;
	error = EMFILE;
	assert_null(user_find("mayfly"));
	assert_int_equal(errno, EMFILE);
}

static void test_user_that_exists(void **state)
{
	static struct passwd user;
	(void)state;
	found = &user;
	error = 0;
	assert_ptr_equal(user_find("mayfly"), &user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_user_that_does_not_exist),
	    cmocka_unit_test(test_failure_of_the_system),
	    cmocka_unit_test(test_user_that_exists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
