/* The terminal, the locale, and names of files: what mayflyctl finds where few machines have it. */
#include "mayflyctl/output.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	bool is_terminal;
	unsigned short columns; /* of the terminal; 0: unknown */
	bool has_no_size;
	unsigned interruptions; /* how many calls of getrandom(2) will be interrupted */
	int random_error, stat_error;
	bool has_no_room; /* for functions of atexit(3) */
} machine;

static int reset_machine(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	return 0;
}

/* The program's, in place of the C library's. */
int isatty(int file)
{
	(void)file;
	return machine.is_terminal;
}

int ioctl(int file, unsigned long request, ...)
{
	va_list arguments;
	(void)file;
	assert_int_equal(request, TIOCGWINSZ);
	va_start(arguments, request);
	struct winsize *size = va_arg(arguments, struct winsize *);
	va_end(arguments);
	size->ws_col = machine.columns;
	return machine.has_no_size ? -1 : 0;
}

locale_t newlocale(int mask, const char *name, locale_t base)
{
	(void)mask;
	(void)name;
	(void)base;
	return (locale_t)0;
}

ssize_t getrandom(void *bytes, size_t length, unsigned flags)
{
	(void)flags;
	errno = machine.interruptions > 0 ? EINTR : machine.random_error;
	if (errno != 0) {
		machine.interruptions -= machine.interruptions > 0;
		return -1;
	}
	memset(bytes, 7, length);
	return (ssize_t)length;
}

int stat(const char *restrict name, struct stat *restrict status)
{
	if (machine.stat_error == 0)
		return fstatat(AT_FDCWD, name, status, 0);
	errno = machine.stat_error;
	return -1;
}

int atexit(void function(void))
{
	assert_non_null(function);
	return machine.has_no_room;
}

static void test_colours_need_a_terminal_that_has_them(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("NO_COLOR") | setenv("TERM", "xterm", 1), 0);
	assert_false(output_has_colour());
	machine.is_terminal = true;
	assert_true(output_has_colour());
	assert_int_equal(setenv("NO_COLOR", "", 1), 0);
	assert_true(output_has_colour());
	assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
	assert_false(output_has_colour());
	assert_int_equal(unsetenv("NO_COLOR") | setenv("TERM", "dumb", 1), 0);
	assert_false(output_has_colour());
	assert_int_equal(unsetenv("TERM"), 0);
	assert_false(output_has_colour());
}

static void test_width_is_that_of_the_terminal_or_80(void **state)
{
	(void)state;
	machine.columns = 120;
	assert_int_equal(output_columns(), 0);
	machine.is_terminal = true;
	assert_int_equal(output_columns(), 120);
	machine.columns = 0;
	assert_int_equal(output_columns(), 80);
	machine.columns = 120;
	machine.has_no_size = true;
	assert_int_equal(output_columns(), 80);
}

static void test_unknown_locale_has_no_utf_8(void **state)
{
	(void)state;
	assert_false(output_has_utf8());
}

static void test_names_are_one_word_of_a_shell(void **state)
{
	(void)state;
	assert_string_equal(output_quoted("/a_b.c"), "/a_b.c");
	assert_string_equal(output_quoted(""), "$''");
	assert_string_equal(output_quoted("a'\n"), "$'a\\'\\x0a'");
}

static void test_names_that_lead_nowhere_are_different(void **state)
{
	static const int NOWHERE[] = {ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG};
	(void)state;
	assert_int_equal(file_compare("/", "/."), 1);
	assert_int_equal(file_compare("/", "/proc"), 0);
	assert_int_equal(file_compare("/", "/nowhere"), 0);
	for (size_t i = 0; i < sizeof NOWHERE / sizeof NOWHERE[0]; i++) {
		machine.stat_error = NOWHERE[i];
		assert_int_equal(file_compare("a", "b"), 0);
	}
	machine.stat_error = EIO;
	assert_int_equal(file_compare("a", "b"), -1);
}

static void test_name_of_the_new_file_is_random(void **state)
{
	char name[] = "/tmp/test_output-XXXXXX/file", *slash = strrchr(name, '/');
	struct output output;
	(void)state;
	*slash = '\0';
	assert_non_null(mkdtemp(name));
	*slash = '/';
	int saved = dup(STDOUT_FILENO);
	machine.interruptions = 2;
	assert_int_equal(output_begin(&output, name, "/nowhere"), EXIT_DONE);
	assert_string_equal(output.temporary, "file.0707070707070707");
	enum exit_status status = output_end(&output);
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(status, EXIT_DONE);
	machine.random_error = EAGAIN;
	assert_int_equal(output_begin(&output, name, "/nowhere"), EXIT_FAILED);
	machine.random_error = 0;
	machine.has_no_room = true;
	status = output_begin(&output, name, "/nowhere");
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(status, EXIT_FAILED);
	assert_int_equal(close(saved) | unlink(name), 0);
	*slash = '\0';
	assert_int_equal(rmdir(name), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_colours_need_a_terminal_that_has_them, reset_machine),
	    cmocka_unit_test_setup(test_width_is_that_of_the_terminal_or_80, reset_machine),
	    cmocka_unit_test_setup(test_unknown_locale_has_no_utf_8, reset_machine),
	    cmocka_unit_test_setup(test_names_are_one_word_of_a_shell, reset_machine),
	    cmocka_unit_test_setup(test_names_that_lead_nowhere_are_different, reset_machine),
	    cmocka_unit_test_setup(test_name_of_the_new_file_is_random, reset_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
