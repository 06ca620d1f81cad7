/* Variables and words as systemd parses them. The expected results are those of systemd 252. */
#include "mayflyctl/environment.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static bool has_read_error;

/* The program's, in place of the C library's. */
ssize_t read(int file, void *bytes, size_t size)
{
	errno = EIO;
	return has_read_error ? -1 : syscall(SYS_read, file, bytes, size);
}

static void expect_a(const char *text, const char *expected)
{
	char *value = environment_value(text, "A");
	if (value == NULL && expected != NULL)
		fail_msg("no variable A in: %s", text);
	if (expected == NULL)
		assert_null(value);
	else
		assert_string_equal(value, expected);
	free(value);
}

static void test_value_is_the_last_assignment(void **state)
{
	(void)state;
	expect_a("A=x", "x");
	expect_a("A=x\n", "x");
	expect_a("A=x y  \n", "x y");
	expect_a("A=  x\n", "x");
	expect_a("  A=x\n", "x");
	expect_a("A=\n", "");
	expect_a("A=x\nA=y\n", "y");
	expect_a("B=x\nAB=y\n", NULL);
	expect_a("", NULL);
	expect_a("A\n", NULL);
	expect_a("A\nA=x", "x");
	expect_a("A = x\n", "x");
}

static void test_comment_lines_are_ignored(void **state)
{
	(void)state;
	expect_a("#A=x\n", NULL);
	expect_a("; A=x\nA=y", "y");
	expect_a("A=x # y\n", "x # y");
	expect_a("A=y\n # A=x\n", "y");
	expect_a("#c\\\nA=x\n", NULL);
	expect_a("A=x\n#c\\", "x");
}

static void test_quotes_and_backslashes_are_removed(void **state)
{
	(void)state;
	expect_a("A=\"x y \"\n", "x y ");
	expect_a("A='x \"y'\n", "x \"y");
	expect_a("A=\"x\\\"y\"\n", "x\"y");
	expect_a("A='x\\y'\n", "x\\y");
	expect_a("A=\"x\\\ny\"\n", "xy");
	expect_a("A=\"x\ny\"\nB=z\n", "x\ny");
	expect_a("A=x\\ y\n", "x y");
	expect_a("A=x\\\ny\n", "xy");
	expect_a("B=\"\nA=x\n\"\n", NULL);
	expect_a("A=\"x", "x");
	expect_a("A=\"x\\", "x");
	expect_a("A='x\\", "x\\");
	expect_a("A=x\\", "x");
	expect_a("A=\"x\\ny\"\n", "x\\ny");
	expect_a("A=\"a\\$b\\`\"\n", "a$b`");
	expect_a("A=x'y z'w\n", "x'y z'w");
	expect_a("A='a' b\n", "ab");
}

/* Expects these words of a value, each followed by "|". */
static void expect_words(const char *value, const char *expected)
{
	char found[256] = "";
	char *copy = strdup(value), *rest = copy, *word;
	assert_non_null(copy);
	while ((word = environment_next_word(&rest)) != NULL) {
		strcat(found, word);
		strcat(found, "|");
	}
	assert_null(environment_next_word(&rest));
	assert_string_equal(found, expected);
	free(copy);
}

static void test_value_is_split_into_words(void **state)
{
	(void)state;
	expect_words("", "");
	expect_words("  ", "");
	expect_words("--root /srv/a", "--root|/srv/a|");
	expect_words(" a\tb  c\n", "a|b|c|");
	expect_words("'a b' \"c d\"", "a b|c d|");
	expect_words("--header='X: y' z", "--header=X: y|z|");
	expect_words("a\\ b c", "a b|c|");
	expect_words("'' a", "|a|");
	expect_words("'a b", "a b|");
	expect_words("a\"b c\"d", "ab cd|");
	expect_words("\"a\\tb\" c", "atb|c|");
	expect_words("a\\", "a|");
}

static void test_names_of_all_lines_are_read(void **state)
{
	const char *rest = "# A=1\n  B=2\n ; C\nexport D=\"x\nE=4\"\nF\\\n = 5\nG =6\nH";
	char name[16];
	(void)state;
	assert_true(environment_next_name(&rest, name, sizeof name));
	assert_string_equal(name, "B");
	assert_true(environment_next_name(&rest, name, sizeof name)); /* its value has two lines */
	assert_string_equal(name, "export D");
	assert_true(environment_next_name(&rest, name, sizeof name));
	assert_string_equal(name, "F\\");
	assert_true(environment_next_name(&rest, name, sizeof name));
	assert_string_equal(name, "G");
	assert_true(environment_next_name(&rest, name, sizeof name));
	assert_string_equal(name, "H");
	assert_false(environment_next_name(&rest, name, sizeof name));
	rest = "=1";
	assert_true(environment_next_name(&rest, name, sizeof name));
	assert_string_equal(name, "");
}

/* systemd waits for the writer of a FIFO; the owner's tool must not. */
static void test_reading_a_fifo_does_not_block(void **state)
{
	char name[] = "/tmp/test_environment.XXXXXX";
	(void)state;
	assert_non_null(mkdtemp(name));
	assert_int_equal(chdir(name), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	(void)alarm(10);
	assert_null(environment_read("fifo"));
	(void)alarm(0);
	assert_null(environment_read("."));
	assert_null(environment_read("missing"));
	FILE *file = fopen("file", "w");
	assert_non_null(file);
	assert_true(fputs("A=1\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	char *text = environment_read("file");
	assert_string_equal(text, "A=1\n");
	free(text);
	has_read_error = true;
	assert_null(environment_read("file"));
	assert_int_equal(errno, EIO);
	has_read_error = false;
	assert_int_equal(unlink("fifo") + unlink("file") + rmdir(name), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_value_is_the_last_assignment),
	    cmocka_unit_test(test_comment_lines_are_ignored),
	    cmocka_unit_test(test_quotes_and_backslashes_are_removed),
	    cmocka_unit_test(test_value_is_split_into_words),
	    cmocka_unit_test(test_names_of_all_lines_are_read),
	    cmocka_unit_test(test_reading_a_fifo_does_not_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
