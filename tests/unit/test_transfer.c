/* Reads and writes that are interrupted, transfer one byte, nothing, or fail. */
#include "mayflyctl/transfer.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEXT_LENGTH = 9 };

static const char TEXT[] = "some text";

/* What read(2) and write(2), which are defined here, do. */
static struct {
	unsigned made;     /* calls so far */
	unsigned fails_at; /* the number of a call, from 1, that fails with `error`; 0: none */
	int error;         /* 0: that call transfers nothing */
	int ends[2];       /* a pipe */
} calls;

/* Every second call is interrupted, the others transfer one byte. */
static ssize_t transfer_one(long call, int file, void *data)
{
	calls.made++;
	errno = calls.made == calls.fails_at ? calls.error : EINTR;
	if (calls.made == calls.fails_at)
		return calls.error != 0 ? -1 : 0;
	if (calls.made % 2 == 1)
		return -1;
	return syscall(call, file, data, 1);
}

ssize_t read(int file, void *data, size_t size)
{
	assert_true(size > 0);
	return transfer_one(SYS_read, file, data);
}

ssize_t write(int file, const void *data, size_t length)
{
	if (file != calls.ends[1]) /* cmocka's messages */
		return syscall(SYS_write, file, data, length);
	assert_true(length > 0);
	return transfer_one(SYS_write, file, (void *)(uintptr_t)data);
}

static int make_pipe(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof calls);
	return pipe(calls.ends);
}

static int close_pipe(void **state)
{
	(void)state;
	(void)close(calls.ends[0]);
	return close(calls.ends[1]);
}

static void test_interrupted_and_short_transfers_continue(void **state)
{
	char data[64] = "";
	(void)state;
	assert_true(transfer_write(calls.ends[1], TEXT, TEXT_LENGTH));
	assert_int_equal(transfer_read(calls.ends[0], data, TEXT_LENGTH), TEXT_LENGTH);
	assert_string_equal(data, TEXT);
	assert_int_equal(calls.made, 4 * TEXT_LENGTH);
}

static void test_reading_stops_at_the_end(void **state)
{
	char data[64] = "";
	(void)state;
	assert_true(transfer_write(calls.ends[1], TEXT, TEXT_LENGTH));
	calls.fails_at = calls.made + TEXT_LENGTH;
	assert_int_equal(transfer_read(calls.ends[0], data, sizeof data), TEXT_LENGTH / 2);
}

static void test_failures_are_reported(void **state)
{
	char data[64];
	(void)state;
	calls.fails_at = 5;
	calls.error = EIO;
	assert_false(transfer_write(calls.ends[1], TEXT, TEXT_LENGTH));
	assert_int_equal(errno, EIO);
	calls.fails_at = 6;
	assert_int_equal(transfer_read(calls.ends[0], data, sizeof data), -1);
	assert_int_equal(errno, EIO);
	calls.error = 0;
	calls.made = 0;
	calls.fails_at = 1;
	assert_false(transfer_write(calls.ends[1], TEXT, TEXT_LENGTH));
	assert_int_equal(errno, EIO);
}

#define WITH_PIPE(test) cmocka_unit_test_setup_teardown(test, make_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PIPE(test_interrupted_and_short_transfers_continue),
	    WITH_PIPE(test_reading_stops_at_the_end),
	    WITH_PIPE(test_failures_are_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
