/* Reporting that a handshake is done: which descriptor is written to, and closed. */
#include "base/handshake.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned interruptions; /* how many calls of write(2) will be interrupted */

/* The program's, in place of the C library's. */
ssize_t write(int file, const void *bytes, size_t length)
{
	if (interruptions == 0)
		return syscall(SYS_write, file, bytes, length);
	interruptions--;
	errno = EINTR;
	return -1;
}

static void test_byte_is_written_and_the_pipe_closed(void **state)
{
	int ends[2];
	char value[16], bytes[2];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	(void)snprintf(value, sizeof value, "%d", ends[1]);
	assert_int_equal(setenv(HANDSHAKE_VARIABLE, value, 1), 0);
	interruptions = 2;
	handshake_report();
	assert_int_equal(interruptions, 0);
	assert_int_equal(read(ends[0], bytes, sizeof bytes), 1);
	assert_int_equal(read(ends[0], bytes, sizeof bytes), 0); /* the end: it is closed */
	assert_int_equal(fcntl(ends[1], F_GETFD), -1);
	close(ends[0]);
}

static void test_standard_descriptors_are_left_alone(void **state)
{
	static const char *const VALUES[] = {"0", "1",  "2",          "",
	                                     "x", "-1", "2147483648", "1000000000"};
	(void)state;
	for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
		assert_int_equal(setenv(HANDSHAKE_VARIABLE, VALUES[i], 1), 0);
		handshake_report();
	}
	assert_int_equal(unsetenv(HANDSHAKE_VARIABLE), 0);
	handshake_report();
	for (int file = 0; file <= STDERR_FILENO; file++)
		assert_true(fcntl(file, F_GETFD) >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_byte_is_written_and_the_pipe_closed),
	    cmocka_unit_test(test_standard_descriptors_are_left_alone),
	};
	return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
