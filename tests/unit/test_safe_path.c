/*
 * How root opens files in directories of other users: the owners of files, links and directories are the test's, so that any
 * user can run it.
 */
#include "mayflyctl/safe_path.h"
#include "open_2.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

enum { ALICE = 1001, BOB = 1002, OWNED_MAX = 4 };

static struct {
	uid_t user;
	struct {
		ino_t file;
		uid_t owner;
	} owned[OWNED_MAX]; /* all other files are root's */
	mode_t mode;        /* of all directories, in addition */
	const char *failing;
	unsigned successes; /* of that function, before it fails */
	unsigned interruptions;
} machine;

static char directory[] = "/tmp/test_safe_path-XXXXXX";

static bool fails(const char *function)
{
	errno = EIO;
	return machine.failing != NULL && strcmp(machine.failing, function) == 0 &&
	       machine.successes-- == 0;
}

/* The program's, in place of the C library's. */
uid_t geteuid(void)
{
	return machine.user;
}

int fstat(int file, struct stat *status)
{
	if (fails("fstat") || fstatat(file, "", status, AT_EMPTY_PATH) != 0)
		return -1;
	status->st_uid = 0;
	for (size_t i = 0; i < OWNED_MAX; i++)
		if (machine.owned[i].file == status->st_ino)
			status->st_uid = machine.owned[i].owner;
	status->st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	status->st_mode |= machine.mode;
	return 0;
}

ssize_t readlinkat(int from, const char *name, char *target, size_t size)
{
	return fails("readlinkat") ? -1 : syscall(SYS_readlinkat, from, name, target, size);
}

int open(const char *name, int flags, ...)
{
	if (strncmp(name, "/proc/self/fd/", strlen("/proc/self/fd/")) == 0 &&
	    machine.interruptions > 0) {
		machine.interruptions--;
		errno = EINTR;
		return -1;
	}
	return fails("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, name, flags, 0);
}

/* Opens a file for writing. Returns 0 or an errno. */
static int open_file(const char *name)
{
	int file = safe_path_open(name, O_RDWR);
	int error = errno;
	if (file < 0)
		return error;
	assert_int_equal(close(file), 0);
	return 0;
}

static void own(const char *name, uid_t owner)
{
	struct stat status;
	size_t i = 0;
	assert_int_equal(fstatat(AT_FDCWD, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	while (machine.owned[i].file != 0 && machine.owned[i].file != status.st_ino)
		i++;
	assert_true(i < OWNED_MAX);
	machine.owned[i].file = status.st_ino;
	machine.owned[i].owner = owner;
}

/* Files "file" and "d/file", links to "file" in the directory "d", and a link to "d". */
static int make_files(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	return mkdtemp(directory) == NULL || chdir(directory) != 0 || mkdir("d", 0755) != 0 ||
	       mknod("d/file", S_IFREG | 0644, 0) != 0 || mknod("file", S_IFREG | 0644, 0) != 0 ||
	       symlink("../file", "d/link") != 0 || symlink("link", "d/link2") != 0 ||
	       symlink("loop", "d/loop") != 0 || symlink("d", "d2") != 0;
}

static int remove_files(void **state)
{
	static const char *const NAMES[] = {"d/link", "d/link2", "d/loop", "d/file",
	                                    "d",      "d2",      "file",   "hard"};
	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		(void)remove(NAMES[i]);
	memset(&machine, 0, sizeof machine);
	int result = rmdir(directory);
	(void)strcpy(strrchr(directory, '-'), "-XXXXXX");
	return result;
}

static void test_links_of_root_are_followed(void **state)
{
	(void)state;
	assert_int_equal(open_file("d/link2"), 0);
	own("file", ALICE);
	assert_int_equal(open_file("d2/link2"), 0);
	assert_int_equal(open_file("d/loop"), ELOOP);
	assert_int_equal(open_file("d/missing"), ENOENT);
	assert_int_equal(open_file("missing/file"), ENOENT);
	assert_int_equal(open_file("file/file"), ENOTDIR);
	assert_int_equal(open_file("d"), ENODEV);
}

static void test_links_of_a_user_lead_only_to_files_of_that_user(void **state)
{
	(void)state;
	own("d/link", ALICE);
	assert_int_equal(open_file("d/link"), ENOLINK);
	assert_int_equal(open_file("d/link2"), ENOLINK);
	own("file", BOB);
	assert_int_equal(open_file("d/link"), ENOLINK);
	own("file", ALICE);
	assert_int_equal(open_file("d/link"), ENOLINK); /* the directory of the file is root's */
	own(".", ALICE);
	assert_int_equal(open_file("d/link"), 0);
	own("d/link2", BOB);
	assert_int_equal(open_file("d/link2"), ENOLINK); /* a link of Alice follows */
	own("d/link2", ALICE);
	assert_int_equal(open_file("d/link2"), 0);
}

static void test_root_writes_only_to_files_of_the_owner_of_the_directory(void **state)
{
	(void)state;
	own("d", ALICE);
	assert_int_equal(open_file("d/file"), EMLINK);
	own("d/file", ALICE);
	assert_int_equal(open_file("d/file"), 0);
	machine.mode = S_IWOTH;
	assert_int_equal(open_file("d/file"), 0);
	assert_int_equal(link("d/file", "hard"), 0);
	assert_int_equal(open_file("d/file"), EMLINK);
	machine.mode = 0;
	assert_int_equal(open_file("d/file"), 0);
}

static void test_other_users_open_what_the_kernel_allows(void **state)
{
	(void)state;
	machine.user = ALICE;
	own("d", BOB);
	own("d/link", BOB);
	assert_int_equal(open_file("d/file"), 0);
	assert_int_equal(open_file("d/link"), 0);
	assert_int_equal(open_file("d/missing"), ENOENT);
	assert_int_equal(open_file("missing/file"), ENOENT);
	machine.interruptions = 3;
	assert_int_equal(open_file("file"), 0);
	assert_int_equal(machine.interruptions, 0);
}

static void test_names_that_are_no_files(void **state)
{
	char name[PATH_MAX + 1];
	(void)state;
	assert_int_equal(open_file(""), ENOENT);
	assert_int_equal(open_file("d/"), EISDIR);
	memset(name, '/', PATH_MAX);
	(void)strcpy(name + PATH_MAX - 4, "file");
	assert_int_equal(open_file(name), ENAMETOOLONG);
	memset(name, 'a', NAME_MAX + 1);
	name[NAME_MAX + 1] = '\0';
	assert_int_equal(open_file(name), ENAMETOOLONG);
	(void)strcat(name, "/file");
	assert_int_equal(open_file(name), ENAMETOOLONG);
}

static void test_each_failing_call_is_an_error(void **state)
{
	static const char *const FUNCTIONS[] = {"fstat", "readlinkat", "open"};
	(void)state;
	for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
		int error = EIO;
		machine.failing = FUNCTIONS[i];
		for (unsigned next = 0; error != 0; next++) {
			machine.successes = next;
			error = open_file("d/link");
			assert_true(error == EIO || (error == 0 && next > 0));
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_files, remove_files)
	const struct CMUnitTest tests[] = {
	    TEST(test_links_of_root_are_followed),
	    TEST(test_links_of_a_user_lead_only_to_files_of_that_user),
	    TEST(test_root_writes_only_to_files_of_the_owner_of_the_directory),
	    TEST(test_other_users_open_what_the_kernel_allows),
	    TEST(test_names_that_are_no_files),
	    TEST(test_each_failing_call_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
