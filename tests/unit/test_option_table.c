/* The option table: the arguments of getopt_long, and the text of --help. */
#include "base/option_table.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { CODE_FILE = OPTION_CODE_MIN, CODE_QUIET };

static const struct option_row ROWS[] = {
    {CODE_FILE, "file", "FILE", "read FILE"},
    {CODE_QUIET, "quiet", "", "print nothing"},
};

static void test_option_with_a_placeholder_requires_a_value(void **state)
{
	(void)state;
	struct option options[3] = {{"x", 1, NULL, 1}, {"x", 1, NULL, 1}, {"x", 1, NULL, 1}};
	option_table_for_getopt(ROWS, 2, options);
	assert_string_equal(options[0].name, "file");
	assert_int_equal(options[0].has_arg, required_argument);
	assert_int_equal(options[0].val, CODE_FILE);
	assert_int_equal(options[1].has_arg, no_argument);
	assert_int_equal(options[1].val, CODE_QUIET);
	assert_null(options[2].name);
}

static void test_help_texts_are_aligned(void **state)
{
	(void)state;
	char array[200];
	struct buffer help = BUFFER(array);
	option_table_add_help(ROWS, 2, &help);
	assert_true(view_equal(buffer_view(&help), VIEW("  --file FILE  read FILE\n"
	                                                "  --quiet      print nothing\n")));
}

static void test_letters_have_a_separate_column(void **state)
{
	static const struct option_row LETTERS[] = {
	    {'f', "file", "FILE", "read FILE"},
	    {CODE_QUIET, "quiet", "", "print nothing"},
	};
	(void)state;
	char array[200];
	struct buffer help = BUFFER(array);
	option_table_add_help(LETTERS, 2, &help);
	assert_true(view_equal(buffer_view(&help), VIEW("  -f, --file FILE  read FILE\n"
	                                                "      --quiet      print nothing\n")));
}

static void test_help_that_does_not_fit_is_truncated(void **state)
{
	(void)state;
	for (size_t size = 0; size < 50; size++) {
		char array[50];
		struct buffer help = {array, size, 0, false};
		option_table_add_help(ROWS, 2, &help);
		assert_true(help.truncated && help.length <= size);
	}
}

static void test_code_yields_its_name(void **state)
{
	(void)state;
	assert_string_equal(option_table_name(ROWS, 2, CODE_QUIET), "quiet");
	assert_string_equal(option_table_name(ROWS, 2, '?'), "");
}

static bool is_error(const char *word, int rejected, struct view expected)
{
	char array[200];
	struct buffer error = BUFFER(array);
	optopt = rejected;
	return !option_table_add_rejected(ROWS, 2, word, &error) &&
	       view_equal(buffer_view(&error), expected);
}

static void test_rejected_option_is_named_and_escaped(void **state)
{
	(void)state;
	assert_true(is_error("--quiet=1", CODE_QUIET, VIEW("--quiet takes no value")));
	assert_true(is_error("-x", 'x', VIEW("unknown option -x; see --help")));
	assert_true(is_error("--a\n", 0, VIEW("unknown option --a\\x0a; see --help")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_option_with_a_placeholder_requires_a_value),
	    cmocka_unit_test(test_help_texts_are_aligned),
	    cmocka_unit_test(test_letters_have_a_separate_column),
	    cmocka_unit_test(test_help_that_does_not_fit_is_truncated),
	    cmocka_unit_test(test_code_yields_its_name),
	    cmocka_unit_test(test_rejected_option_is_named_and_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
