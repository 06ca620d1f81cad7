/*
 * Real paths: links that are followed, that lead out, loop or are too long; absolute links to the directory itself,
 * whatever path it was given as. test_resource.c compares real paths in random trees with realpath(3).
 */
#include "base/real_path.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root_name[] = "/tmp/mayfly-real-path-XXXXXX";
static int root = -1;
static const struct absolute_path none = {.root = {"", 0}};

static int make_root(void **state)
{
	(void)state;
	if (mkdtemp(root_name) == NULL)
		return -1;
	root = open(root_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root >= 0 ? 0 : -1;
}

static int remove_file(const char *name, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	return where->level == 0 ? 0 : remove(name);
}

static int empty_root(void **state)
{
	(void)state;
	return nftw(root_name, remove_file, 8, FTW_DEPTH | FTW_PHYS);
}

static int remove_root(void **state)
{
	(void)state;
	(void)close(root);
	return rmdir(root_name);
}

static void make_directory(const char *name)
{
	assert_int_equal(mkdirat(root, name, 0700), 0);
}

static void make_file(const char *name)
{
	int file = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(close(file), 0);
}

static void make_link(const char *text, const char *name)
{
	assert_int_equal(symlinkat(text, root, name), 0);
}

/* Expects this real path of `path`. */
static void expect_real(const char *path, const char *expected)
{
	struct real_path real;
	if (!real_path_find(&real, root, &none, view_of(path)))
		fail_msg("%s: errno %d", path, errno);
	assert_string_equal(real.bytes, expected);
	assert_int_equal(real.length, strlen(expected));
}

static void expect_error(const char *path, int error)
{
	struct real_path real;
	errno = 0;
	if (real_path_find(&real, root, &none, view_of(path)))
		fail_msg("%.60s: found %.60s", path, real.bytes);
	assert_int_equal(errno, error);
}

static void test_path_without_links_is_the_real_one(void **state)
{
	(void)state;
	make_directory("sub");
	make_file("sub/file");
	expect_real("sub/file", "sub/file");
	expect_real("/sub//file", "sub/file");
	expect_real("sub/", "sub");
	expect_real("", "");
	expect_error("missing", ENOENT);
}

static void test_links_are_followed(void **state)
{
	(void)state;
	make_directory("sub");
	make_directory("sub/deep");
	make_file("sub/deep/file");
	make_link("sub/./deep//file", "link");
	make_link("..", "sub/deep/up");
	make_link("deep/up/deep/file", "sub/along");
	expect_real("link", "sub/deep/file");
	expect_real("sub/deep/up/deep", "sub/deep");
	expect_real("sub/along", "sub/deep/file");
	make_link("sub/../sub/deep/../../link", "around");
	expect_real("around", "sub/deep/file");
}

static void test_links_out_of_the_directory_are_refused(void **state)
{
	(void)state;
	make_directory("sub");
	make_link("..", "out");
	make_link("../..", "sub/out");
	make_link("/tmp", "absolute");
	expect_error("out", EXDEV);
	expect_error("sub/out", EXDEV);
	expect_error("absolute", EXDEV);
}

static void test_at_most_forty_links_are_followed(void **state)
{
	char name[16], next[16];
	(void)state;
	make_file("file");
	make_link("file", "link1");
	for (int i = 2; i <= 41; i++) {
		(void)snprintf(name, sizeof name, "link%d", i);
		(void)snprintf(next, sizeof next, "link%d", i - 1);
		make_link(next, name);
	}
	expect_real("link40", "file");
	expect_error("link41", ELOOP);
	make_link("loop", "loop");
	expect_error("loop", ELOOP);
}

/* Makes a link of `length` bytes: a name, followed by slashes. */
static void make_long_link(const char *name, const char *text, size_t length)
{
	char bytes[PATH_MAX];
	assert_in_range(length, strlen(text), sizeof bytes - 1);
	memset(bytes, '/', length);
	memcpy(bytes, text, strlen(text));
	bytes[length] = '\0';
	make_link(bytes, name);
}

/* When "c" is read, 7998 bytes of "a" and "b" wait: their text and two slashes, without "b/" and "c/". */
static void test_at_most_8192_bytes_of_links_may_wait(void **state)
{
	(void)state;
	make_directory("end");
	make_long_link("a", "b", 4000);
	make_long_link("b", "c", 4000);
	make_long_link("c", "end", 8192 - 7998 - 1);
	expect_real("a", "end");
	assert_int_equal(unlinkat(root, "c", 0), 0);
	make_long_link("c", "end", 8192 - 7998);
	expect_error("a", ENAMETOOLONG);
}

static void test_too_long_name_is_an_error(void **state)
{
	char path[PATH_MAX + 1];
	(void)state;
	memset(path, 'x', sizeof path);
	path[PATH_MAX] = '\0';
	expect_error(path, ENAMETOOLONG); /* here */
	path[PATH_MAX - 1] = '\0';
	expect_error(path, ENAMETOOLONG); /* by the kernel */
}

static void test_links_of_the_given_path_are_counted(void **state)
{
	struct real_path real;
	(void)state;
	make_directory("sub");
	make_directory("sub2");
	make_directory("sub/deep");
	make_file("sub/file");
	make_link("sub", "link");
	make_link("../sub", "sub2/side");
	make_link("..", "sub/deep/up");
	make_directory("abc");
	make_link(".", "self");
	make_link("../abc", "sub2/other");
	make_link(".", "sub/here");

	assert_true(real_path_find(&real, root, &none, VIEW("sub/file")));
	assert_int_equal(real.links, 0);
	assert_false(real.ends_in_link);
	assert_true(real_path_allows_given(&real));

	assert_true(real_path_find(&real, root, &none, VIEW("link/file")));
	assert_int_equal(real.links, 1);
	assert_false(real.ends_in_link);
	assert_true(real_path_allows_given(&real));

	assert_true(real_path_find(&real, root, &none, VIEW("sub2/side")));
	assert_true(real.ends_in_link);
	assert_false(real.loops); /* "sub" is no directory that contains "sub2" */
	assert_true(real_path_allows_given(&real));

	assert_true(real_path_find(&real, root, &none, VIEW("link/deep/up")));
	assert_int_equal(real.links, 2);
	assert_true(real.loops);
	assert_false(real_path_allows_given(&real));

	assert_true(real_path_find(&real, root, &none, VIEW("sub2/other")));
	assert_false(real.loops);
	assert_true(real_path_find(&real, root, &none, VIEW("sub/here")));
	assert_true(real.loops);

	assert_true(real_path_find(&real, root, &none, VIEW("self/link")));
	assert_int_equal(real.links, 2);
	assert_true(real.loops);
	assert_true(real_path_find(&real, root, &none, VIEW("self/sub")));
	assert_true(real.loops);
	assert_false(real_path_allows_given(&real));
}

/* Expects that an absolute link with this text leads to "sub" in the root, or nowhere if `error` is not 0. */
static void expect_absolute(const struct absolute_path *absolute, const char *text, int error)
{
	struct stat expected, status;
	make_link(text, "absolute");
	errno = 0;
	int file = real_path_open(root, absolute, "absolute", OPENING_DIRECTORY);
	if ((file < 0 ? errno : 0) != error)
		fail_msg("%s: errno %d, not %d", text, file < 0 ? errno : 0, error);
	if (file >= 0) {
		assert_int_equal(fstat(file, &status), 0);
		assert_int_equal(fstatat(root, "sub", &expected, 0), 0);
		assert_int_equal(status.st_ino, expected.st_ino);
		close(file);
	}
	assert_int_equal(unlinkat(root, "absolute", 0), 0);
}

static void test_absolute_links_into_the_directory_are_followed(void **state)
{
	const struct absolute_path plain = {.root = VIEW("/srv/www")};
	const struct absolute_path parts = {VIEW("/srv"), VIEW("./www/."), VIEW("/example.org")};
	(void)state;
	make_directory("sub");
	expect_absolute(&plain, "/srv/www/sub", 0);
	expect_absolute(&plain, "//srv/.//www///./sub/.", 0);
	expect_absolute(&plain, "/srv/www/../www/sub", EXDEV);
	expect_absolute(&plain, "/srv/www2/sub", EXDEV);
	expect_absolute(&plain, "/srv", EXDEV);
	expect_absolute(&plain, "/srv/www/missing", ENOENT);
	expect_absolute(&parts, "/srv/www/example.org/sub", 0);
	expect_absolute(&parts, "/var/www/example.org/sub", EXDEV);
	expect_absolute(&parts, "/srv/web/example.org/sub", EXDEV);
	expect_absolute(&parts, "/srv/www/example.net/sub", EXDEV);
	expect_absolute(&none, "/srv/www/sub", EXDEV);
}

static void test_absolute_link_to_the_directory_itself_is_followed(void **state)
{
	const struct absolute_path absolute = {.root = VIEW("/srv/www")};
	struct stat expected, status;
	(void)state;
	make_link("/srv/www", "absolute");
	int file = real_path_open(root, &absolute, "absolute", OPENING_DIRECTORY);
	assert_true(file >= 0);
	assert_int_equal(fstat(file, &status), 0);
	assert_int_equal(fstat(root, &expected), 0);
	assert_int_equal(status.st_ino, expected.st_ino);
	close(file);
}

static void test_errors_other_than_leading_out_are_not_retried(void **state)
{
	const struct absolute_path absolute = {.root = VIEW("/srv/www")};
	(void)state;
	make_file("file");
	int file = real_path_open(root, &absolute, "file", OPENING_FILE);
	assert_true(file >= 0);
	close(file);
	errno = 0;
	assert_int_equal(real_path_open(root, &absolute, "missing", OPENING_FILE), -1);
	assert_int_equal(errno, ENOENT);
}

/* Expects the absolute path of a root given as `given` in the working directory. */
static void expect_absolute_path(const char *working, const char *given, const char *working_part,
                                 const char *root_part)
{
	struct absolute_path absolute = absolute_path_of(view_of(working), view_of(given));
	if (!view_equal(absolute.working, view_of(working_part)) ||
	    !view_equal(absolute.root, view_of(root_part)) || absolute.host.length != 0)
		fail_msg("%s in %s: \"%.*s\" and \"%.*s\"", given, working,
		         (int)absolute.working.length, absolute.working.data,
		         (int)absolute.root.length, absolute.root.data);
}

static void test_absolute_path_of_a_root(void **state)
{
	(void)state;
	expect_absolute_path("/home/me", "/srv/www", "", "/srv/www");
	expect_absolute_path("", "/srv/www", "", "/srv/www");
	expect_absolute_path("/home/me", "www", "/home/me", "www");
	expect_absolute_path("/home/me", ".", "/home/me", ".");
	expect_absolute_path("/home/me", "./www", "/home/me", "./www");
	expect_absolute_path("/home/me", "..", "/home", ".");
	expect_absolute_path("/home/me", "../you/www", "/home", "you/www");
	expect_absolute_path("/home/me", "./.././../srv", "/", "srv");
	expect_absolute_path("/home/me", "../../../srv", "/", "srv");
	expect_absolute_path("", "www", "", "");
	expect_absolute_path("", "../www", "", "");
	expect_absolute_path("/home/me", "", "/home/me", ".");
}

#define TEST(test) cmocka_unit_test_teardown(test, empty_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_path_without_links_is_the_real_one),
	    TEST(test_links_are_followed),
	    TEST(test_links_out_of_the_directory_are_refused),
	    TEST(test_at_most_forty_links_are_followed),
	    TEST(test_at_most_8192_bytes_of_links_may_wait),
	    TEST(test_too_long_name_is_an_error),
	    TEST(test_links_of_the_given_path_are_counted),
	    TEST(test_absolute_links_into_the_directory_are_followed),
	    TEST(test_absolute_link_to_the_directory_itself_is_followed),
	    TEST(test_errors_other_than_leading_out_are_not_retried),
	    TEST(test_absolute_path_of_a_root),
	};
	return cmocka_run_group_tests_name("real_path", tests, make_root, remove_root);
}
