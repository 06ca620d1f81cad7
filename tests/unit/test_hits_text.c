/* Exports: counts with any path are read as they were written, and errors in a text are found. */
#include "counter/layout.h"
#include "mayflyctl/hits_text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Reads a text. Returns the error, or NULL, and sets *line. */
static void write_whole(FILE *file, struct counts *counts)
{
	hits_text_write_format(file);
	hits_text_write_counts(file, counts);
}

static const char *read_whole(FILE *file, struct counts *counts, size_t *line)
{
	const struct hits_text_reader reader = {
	    .each = counts_add, .context = counts, .problem = &counts->problem};
	*line = 0;
	const char *problem = hits_text_read_part(file, &reader, line);
	if (problem != NULL || getc(file) == EOF)
		return problem;
	++*line;
	return "data after the end marker";
}

static const char *read_bytes(const char *text, size_t length, struct counts *counts, size_t *line)
{
	char *copy = malloc(length + 1);
	assert_non_null(copy);
	memcpy(copy, text, length);
	FILE *file = fmemopen(copy, length, "r");
	assert_non_null(file);
	const char *problem = read_whole(file, counts, line);
	(void)fclose(file);
	free(copy);
	return problem;
}

static void expect_problem(const char *text, size_t expected_line, const char *part)
{
	struct counts counts = {0};
	size_t line = 0;
	const char *problem = read_bytes(text, strlen(text), &counts, &line);
	counts_free(&counts);
	if (problem == NULL)
		fail_msg("no problem is found with: %s", text);
	if (line != expected_line || strstr(problem, part) == NULL)
		fail_msg("line %zu: %s: %s", line, problem, text);
}

static void test_text_has_the_documented_form(void **state)
{
	(void)state;
	struct counts counts = {0};
	char *text = NULL;
	size_t length = 0;
	counts_add(&counts, "/a b", 4, 12);
	counts_add(&counts, "/caf\xc3\xa9\n\"%\\\xff", 11, UINT64_MAX);
	assert_null(counts_combine(&counts));
	FILE *file = open_memstream(&text, &length);
	assert_non_null(file);
	write_whole(file, &counts);
	assert_int_equal(fflush(file), 0);
	(void)fclose(file);
	assert_string_equal(text, "mayfly-hits 1\n"
	                          "12\t/a%20b\n"
	                          "18446744073709551615\t/caf%C3%A9%0A%22%25%5C%FF\n"
	                          "end\t2\n");
	free(text);
	counts_free(&counts);
}

/* Paths of one byte for each byte, one path of all bytes, the empty path and the longest. */
static void test_paths_of_all_bytes_are_restored(void **state)
{
	(void)state;
	struct counts before = {0}, after = {0};
	char all[256], longest[COUNTER_PATH_MAX];
	for (unsigned i = 0; i < 256; i++) {
		all[i] = (char)i;
		counts_add(&before, &all[i], 1, i);
	}
	memset(longest, 0xfe, sizeof longest);
	counts_add(&before, all, sizeof all, UINT64_MAX);
	counts_add(&before, "", 0, 3);
	counts_add(&before, longest, sizeof longest, 4);
	assert_null(counts_combine(&before));
	char *text = NULL;
	size_t length = 0, line;
	FILE *file = open_memstream(&text, &length);
	assert_non_null(file);
	write_whole(file, &before);
	assert_int_equal(fflush(file), 0);
	(void)fclose(file);
	const char *problem = read_bytes(text, length, &after, &line);
	if (problem != NULL)
		fail_msg("line %zu: %s", line, problem);
	assert_null(counts_combine(&after));
	assert_int_equal(after.size, before.size);
	struct count count, expected;
	counts_rewind(&before);
	counts_rewind(&after);
	while (counts_next(&before, &expected)) {
		assert_true(counts_next(&after, &count));
		assert_int_equal(count.count, expected.count);
		assert_int_equal(count.path_length, expected.path_length);
		assert_memory_equal(count.path, expected.path, expected.path_length + 1);
	}
	/* Every truncated text is an error. */
	for (size_t cut = 1; cut < 600; cut++) {
		struct counts part = {0};
		assert_non_null(read_bytes(text, length - cut, &part, &line));
		counts_free(&part);
	}
	free(text);
	counts_free(&before);
	counts_free(&after);
}

static void test_other_valid_forms_are_read(void **state)
{
	(void)state;
	static const char TEXT[] =
	    "mayfly-hits 1\n1\t/caf\xc3\xa9 and more\n007\t/%61%2f%ff\nend\t2\n";
	struct counts counts = {0};
	size_t line;
	assert_null(read_bytes(TEXT, sizeof TEXT - 1, &counts, &line));
	assert_int_equal(counts.size, 2);
	struct count count;
	assert_null(counts_combine(&counts));
	counts_rewind(&counts);
	assert_true(counts_next(&counts, &count));
	assert_string_equal(count.path, "/a/\xff");
	assert_int_equal(count.count, 7);
	assert_true(counts_next(&counts, &count));
	assert_string_equal(count.path, "/caf\xc3\xa9 and more");
	counts_free(&counts);
	assert_null(read_bytes("mayfly-hits 1\nend\t0\n", 20, &counts, &line));
	assert_int_equal(counts.size, 0);
}

#define BEGIN "mayfly-hits 1\n"

static void test_malformed_text_is_an_error(void **state)
{
	(void)state;
	expect_problem("mayfly-hits 2\nend\t0\n", 1, "not an export");
	expect_problem("mayfly-hits 1 \nend\t0\n", 1, "not an export");
	expect_problem("mayfly-hits", 1, "not an export");
	expect_problem("1\t/a\n", 1, "not an export");
	expect_problem(BEGIN, 2, "no end marker");
	expect_problem(BEGIN "1\t/a\n", 3, "no end marker");
	expect_problem(BEGIN "1\t/a", 2, "no end marker");
	expect_problem(BEGIN "\nend\t0\n", 2, "no 64-bit number");
	expect_problem(BEGIN "-1\t/a\nend\t1\n", 2, "no 64-bit number");
	expect_problem(BEGIN "+1\t/a\nend\t1\n", 2, "no 64-bit number");
	expect_problem(BEGIN " 1\t/a\nend\t1\n", 2, "no 64-bit number");
	expect_problem(BEGIN "x\t/a\nend\t1\n", 2, "no 64-bit number");
	expect_problem(BEGIN "18446744073709551616\t/a\nend\t1\n", 2, "no 64-bit number");
	expect_problem(BEGIN "1 /a\nend\t1\n", 2, "no tab");
	expect_problem(BEGIN "1\nend\t1\n", 2, "no tab");
	expect_problem(BEGIN "1.5\t/a\nend\t1\n", 2, "no tab");
	expect_problem(BEGIN "1\t/a\tb\nend\t1\n", 2, "not percent-encoded");
	expect_problem(BEGIN "1\t/a\r\nend\t1\n", 2, "not percent-encoded");
	expect_problem(BEGIN "1\t/a\x7f\nend\t1\n", 2, "not percent-encoded");
	expect_problem(BEGIN "1\t/a%\nend\t1\n", 2, "not percent-encoded");
	expect_problem(BEGIN "1\t/a%4\nend\t1\n", 2, "not percent-encoded");
	expect_problem(BEGIN "1\t/a%4g\nend\t1\n", 2, "not percent-encoded");
	expect_problem(BEGIN "1\t/a%%41\nend\t1\n", 2, "not percent-encoded");
	expect_problem(BEGIN "1\t/a\nend\t2\n", 3, "some are missing");
	expect_problem(BEGIN "1\t/a\nend\t1 \n", 3, "some are missing");
	expect_problem(BEGIN "1\t/a\nend\tx\n", 3, "some are missing");
	expect_problem(BEGIN "1\t/a\nend\t1\n1\t/b\n", 4, "after the end marker");
}

static void test_zero_byte_and_too_long_path(void **state)
{
	(void)state;
	static const char ZERO[] = BEGIN "1\t/a\0b\nend\t1\n", LATE[] = BEGIN "end\t0\0x\n";
	char text[COUNTER_PATH_MAX + 40];
	struct counts counts = {0};
	size_t line;
	assert_non_null(read_bytes(ZERO, sizeof ZERO - 1, &counts, &line));
	assert_non_null(read_bytes(LATE, sizeof LATE - 1, &counts, &line));
	counts_free(&counts);
	int length = snprintf(text, sizeof text, BEGIN "1\t");
	memset(text + length, 'a', COUNTER_PATH_MAX + 1);
	memcpy(text + length + COUNTER_PATH_MAX + 1, "\nend\t1\n", 8);
	expect_problem(text, 2, "4064 bytes");
	/* The rest of a longer line is not read. */
	char *endless = malloc(1 << 20);
	assert_non_null(endless);
	memset(endless, 'a', 1 << 20);
	memcpy(endless, text, (size_t)length);
	endless[(1 << 20) - 1] = '\0';
	expect_problem(endless, 2, "4064 bytes");
	free(endless);
}

/* A number of 70 digits, and a path of which each byte is escaped: only its last byte is not read. */
static void test_path_that_was_cut_is_no_shorter_path(void **state)
{
	(void)state;
	char *text = malloc(5 * COUNTER_PATH_MAX);
	assert_non_null(text);
	int length = snprintf(text, 100, BEGIN "%070d\t", 1);
	for (int i = 0; i < COUNTER_PATH_MAX; i++)
		length += snprintf(text + length, 4, "%%41");
	(void)snprintf(text + length, 20, "\nend\t1\n");
	expect_problem(text, 2, "4064 bytes");
	free(text);
}

static void test_comments_are_skipped_but_not_cut(void **state)
{
	(void)state;
	static const char TEXT[] = BEGIN "# a comment\n#\n1\t/a\nend\t1\n";
	struct counts counts = {0};
	size_t line;
	assert_null(read_bytes(TEXT, sizeof TEXT - 1, &counts, &line));
	assert_int_equal(counts.size, 1);
	counts_free(&counts);
	char *endless = malloc(1 << 20);
	assert_non_null(endless);
	memset(endless, 'a', 1 << 20);
	memcpy(endless, BEGIN "#", sizeof BEGIN);
	endless[(1 << 20) - 1] = '\0';
	expect_problem(endless, 2, "the comment is too long");
	free(endless);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_has_the_documented_form),
	    cmocka_unit_test(test_paths_of_all_bytes_are_restored),
	    cmocka_unit_test(test_other_valid_forms_are_read),
	    cmocka_unit_test(test_malformed_text_is_an_error),
	    cmocka_unit_test(test_zero_byte_and_too_long_path),
	    cmocka_unit_test(test_path_that_was_cut_is_no_shorter_path),
	    cmocka_unit_test(test_comments_are_skipped_but_not_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
