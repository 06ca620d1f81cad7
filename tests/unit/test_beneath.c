/*
 * Opening files inside a directory: what leads out, errors of the kernel, each in turn, and reading the text of
 * links. openat2(2) and readlinkat(2) are under the test's control.
 */
#include "base/beneath.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	unsigned count;    /* calls of openat2 since the test began */
	unsigned failures; /* how many of the next ones fail */
	int error;         /* their errno */
	int link_error;    /* errno of readlinkat, if it fails */
} calls;

static char directory_name[] = "/tmp/mayfly-beneath-XXXXXX";
static int directory = -1;

long syscall(long number, ...)
{
	static long (*libc_syscall)(long, ...);
	va_list arguments;
	long argument[4];
	va_start(arguments, number);
	for (int i = 0; i < 4; i++)
		argument[i] = va_arg(arguments, long);
	va_end(arguments);
	if (libc_syscall == NULL)
		*(void **)&libc_syscall = dlsym(RTLD_NEXT, "syscall");
	if (number == SYS_openat2) {
		calls.count++;
		if (calls.failures > 0) {
			calls.failures--;
			errno = calls.error;
			return -1;
		}
	}
	return libc_syscall(number, argument[0], argument[1], argument[2], argument[3]);
}

ssize_t readlinkat(int file, const char *name, char *buffer, size_t size)
{
	if (calls.link_error != 0) {
		errno = calls.link_error;
		return -1;
	}
	return syscall(SYS_readlinkat, (long)file, (long)(intptr_t)name, (long)(intptr_t)buffer,
	               (long)size);
}

static int reset_calls(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof calls);
	return 0;
}

/* A directory with a file, a directory, and links: to the file, out of the directory, and an absolute one. */
static int make_directory(void **state)
{
	(void)state;
	if (mkdtemp(directory_name) == NULL)
		return -1;
	directory = open(directory_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int file = openat(directory, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (directory < 0 || file < 0 || close(file) != 0 || mkdirat(directory, "sub", 0700) != 0)
		return -1;
	return symlinkat("file", directory, "link") == 0 &&
	               symlinkat("../..", directory, "out") == 0 &&
	               symlinkat("/tmp", directory, "absolute") == 0
	           ? 0
	           : -1;
}

static int remove_directory(void **state)
{
	static const char *const FILES[] = {"file", "link", "out", "absolute"};
	(void)state;
	for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++)
		if (unlinkat(directory, FILES[i], 0) != 0)
			return -1;
	(void)unlinkat(directory, "sub", AT_REMOVEDIR);
	(void)close(directory);
	return rmdir(directory_name);
}

/* Expects that a name is opened, if `error` is 0, or fails with that errno. */
static void expect_opening(const char *name, enum opening opening, int error)
{
	errno = 0;
	int file = open_beneath(directory, name, opening);
	if ((file < 0 ? errno : 0) != error)
		fail_msg("%s, opening %d: errno %d, not %d", name, opening, file < 0 ? errno : 0,
		         error);
	if (file >= 0) {
		assert_int_equal(fcntl(file, F_GETFD), FD_CLOEXEC);
		close(file);
	}
}

static void test_each_opening_opens_what_it_is_for(void **state)
{
	(void)state;
	expect_opening("file", OPENING_FILE, 0);
	expect_opening("link", OPENING_FILE, 0);
	expect_opening("sub", OPENING_FILE, 0);
	expect_opening("missing", OPENING_FILE, ENOENT);
	expect_opening("file", OPENING_FILE_NO_LINKS, 0);
	expect_opening("link", OPENING_FILE_NO_LINKS, ELOOP);
	expect_opening("sub", OPENING_DIRECTORY, 0);
	expect_opening("file", OPENING_DIRECTORY, ENOTDIR);
	expect_opening("link", OPENING_LOOK, 0);
	expect_opening("link", OPENING_LINK, 0);
}

static void test_what_leads_out_is_refused(void **state)
{
	(void)state;
	for (enum opening opening = OPENING_FILE; opening < OPENINGS; opening++) {
		expect_opening("..", opening, EXDEV);
		expect_opening("/", opening, EXDEV);
		expect_opening("sub/../..", opening, EXDEV);
	}
	expect_opening("out", OPENING_FILE, EXDEV);
	expect_opening("absolute", OPENING_LOOK, EXDEV);
}

static void test_interrupted_call_is_repeated(void **state)
{
	(void)state;
	calls.failures = 100;
	calls.error = EINTR;
	expect_opening("file", OPENING_FILE, 0);
	assert_int_equal(calls.count, 101);
}

/* Eight calls, not seven or nine: the handler's deadline does not end such a loop. */
static void test_eight_races_are_an_error(void **state)
{
	(void)state;
	calls.failures = 7;
	calls.error = EAGAIN;
	expect_opening("file", OPENING_FILE, 0);
	assert_int_equal(calls.count, 8);
	calls.count = 0;
	calls.failures = 8;
	expect_opening("file", OPENING_FILE, EAGAIN);
	assert_int_equal(calls.count, 8);
}

static void test_other_errors_are_returned_at_once(void **state)
{
	static const int ERRORS[] = {EACCES, ENFILE, ENOMEM, EIO};
	(void)state;
	for (size_t i = 0; i < sizeof ERRORS / sizeof ERRORS[0]; i++) {
		calls.failures = 1;
		calls.error = ERRORS[i];
		expect_opening("file", OPENING_FILE, ERRORS[i]);
	}
	assert_int_equal(calls.count, sizeof ERRORS / sizeof ERRORS[0]);
}

/* Expects the text of a link; "": the name is not a link. */
static void expect_link(const char *name, size_t size, const char *expected)
{
	char text[64];
	memset(text, '#', sizeof text);
	assert_int_equal(read_link_beneath(directory, name, text, size), strlen(expected));
	assert_memory_equal(text, expected, strlen(expected));
	assert_int_equal(text[strlen(expected)], '#');
}

static void test_text_of_a_link_is_read(void **state)
{
	(void)state;
	expect_link("link", 64, "file");
	expect_link("out", 64, "../..");
	expect_link("out", 2, "..");
	expect_link("file", 64, "");
	expect_link("sub", 64, "");
}

static void expect_link_error(const char *name, int error)
{
	char text[64];
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(next);
	errno = 0;
	assert_int_equal(read_link_beneath(directory, name, text, sizeof text), -1);
	assert_int_equal(errno, error);
	int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(after, next); /* no descriptor is left open */
}

static void test_error_of_a_link_is_returned(void **state)
{
	(void)state;
	expect_link_error("missing", ENOENT);
	expect_link_error("../x", EXDEV);
	calls.link_error = EIO;
	expect_link_error("link", EIO);
}

#define TEST(test) cmocka_unit_test_setup(test, reset_calls)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_each_opening_opens_what_it_is_for), TEST(test_what_leads_out_is_refused),
	    TEST(test_interrupted_call_is_repeated),      TEST(test_eight_races_are_an_error),
	    TEST(test_other_errors_are_returned_at_once), TEST(test_text_of_a_link_is_read),
	    TEST(test_error_of_a_link_is_returned),
	};
	return cmocka_run_group_tests_name("beneath", tests, make_directory, remove_directory);
}
