/*
 * The system calls of src/counter under a test's control: they are defined here, and so replace the
 * C library's. A test counts them, makes some fail or fall short, or is called before and after
 * each. To be included by one file of a program.
 */
#ifndef MAYFLY_TESTS_COUNTER_CALLS_H
#define MAYFLY_TESTS_COUNTER_CALLS_H

#include "counter_file.h"
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	unsigned count;       /* calls since the test began, without flock */
	unsigned fail_at;     /* number of the first call that fails, from 1; 0: none */
	unsigned fail_until;  /* number of the last one */
	int error;            /* its errno; 0: pread returns 0, as at the end of the file */
	bool interrupted;     /* every second call fails with EINTR */
	size_t length_max;    /* bytes that pread and pwrite take at once; 0: all */
	size_t bytes_read;    /* by pread */
	bool skip_sync;       /* fdatasync does nothing */
	bool writes_nothing;  /* pwrite returns 0 */
	int seek_error;       /* errno of each lseek; 0: none fails */
	unsigned stats;       /* calls of fstat; these, and those of flock, are not in `count` */
	unsigned stat_fails;  /* number of the one that fails, from 1 */
	unsigned locks;       /* calls of flock, without those that release the lock */
	unsigned lock_fails;  /* number of the first one that fails, from 1; all later ones do */
	int locks_refused;    /* times that flock did not take the lock */
	void (*before)(void); /* called before each call except locking */
	void (*locked)(void); /* called when flock did not take the lock */
	void (*changed)(int file, uint64_t offset, size_t length); /* called after each change */
	void (*synced)(void);                                      /* called after each fdatasync */
} calls;

/* Returns whether the call is made; if not, sets errno. */
static inline bool call_proceeds(void)
{
	if (calls.before != NULL)
		calls.before();
	calls.count++;
	bool fails =
	    calls.fail_at > 0 && calls.count >= calls.fail_at && calls.count <= calls.fail_until;
	if (fails || (calls.interrupted && calls.count % 2 == 1)) {
		errno = calls.interrupted ? EINTR : calls.error;
		return false;
	}
	return true;
}

static inline size_t call_length(size_t length)
{
	return calls.length_max > 0 && length > calls.length_max ? calls.length_max : length;
}

ssize_t pread(int file, void *bytes, size_t length, off_t offset)
{
	if (!call_proceeds())
		return errno == 0 ? 0 : -1;
	ssize_t got = syscall(SYS_pread64, file, bytes, call_length(length), offset);
	calls.bytes_read += got > 0 ? (size_t)got : 0;
	return got;
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset)
{
	if (!call_proceeds())
		return -1;
	if (calls.writes_nothing) {
		errno = EINTR; /* left by an earlier call */
		return 0;
	}
	ssize_t put = syscall(SYS_pwrite64, file, bytes, call_length(length), offset);
	if (put > 0 && calls.changed != NULL)
		calls.changed(file, (uint64_t)offset, (size_t)put);
	return put;
}

int ftruncate(int file, off_t size)
{
	if (!call_proceeds())
		return -1;
	int result = (int)syscall(SYS_ftruncate, file, size);
	if (result == 0 && calls.changed != NULL)
		calls.changed(file, (uint64_t)size, 0);
	return result;
}

int fdatasync(int file)
{
	if (!call_proceeds())
		return -1;
	int result = calls.skip_sync ? 0 : (int)syscall(SYS_fdatasync, file);
	if (result == 0 && calls.synced != NULL)
		calls.synced();
	return result;
}

int fstat(int file, struct stat *status)
{
	if (++calls.stats == calls.stat_fails) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fstat, file, status);
}

off_t lseek(int file, off_t offset, int whence)
{
	if (calls.seek_error != 0) {
		errno = calls.seek_error;
		return -1;
	}
	return syscall(SYS_lseek, file, offset, whence);
}

int flock(int file, int operation)
{
	if (operation == LOCK_UN && calls.before != NULL)
		calls.before();
	if (operation != LOCK_UN && calls.lock_fails > 0 && ++calls.locks >= calls.lock_fails) {
		errno = ENOLCK;
		return -1;
	}
	int result = (int)syscall(SYS_flock, file, operation);
	if (result != 0) {
		int error = errno;
		calls.locks_refused++;
		if (calls.locked != NULL)
			calls.locked();
		errno = error;
	}
	return result;
}

/* cmocka's setup: an empty directory, as make_directory makes it, and calls that are not interfered with. */
static inline int make_directory_with_calls(void **state)
{
	memset(&calls, 0, sizeof calls);
	return make_directory(state);
}

#define WITH_CALLS(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, make_directory_with_calls, remove_directory)

#endif
