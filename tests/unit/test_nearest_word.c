/* The suggestion for a misspelt word. */
#include "mayflyctl/nearest_word.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Returns what is found for `typed` among these commands. */
static const char *suggestion(const char *typed)
{
	static const char *const CANDIDATES[] = {"status", "hits", "log", "report", "check"};
	struct nearest_word nearest = {.word = typed};
	for (size_t i = 0; i < sizeof CANDIDATES / sizeof CANDIDATES[0]; i++)
		nearest_word_try(&nearest, CANDIDATES[i]);
	return nearest.found;
}

static void one_typing_error_is_found(void **state)
{
	(void)state;
	assert_string_equal(suggestion("statu"), "status");   /* left out */
	assert_string_equal(suggestion("reporrt"), "report"); /* typed twice */
	assert_string_equal(suggestion("chack"), "check");    /* replaced */
	assert_string_equal(suggestion("lgo"), "log");        /* swapped */
	assert_string_equal(suggestion("hits"), "hits");      /* none */
}

static void words_with_more_wrong_than_right_letters_find_nothing(void **state)
{
	(void)state;
	assert_null(suggestion(""));
	assert_null(suggestion("x"));
	assert_null(suggestion("nothing"));
	assert_null(suggestion("lxx"));
}

static void nearest_candidate_wins_and_the_first_of_equals(void **state)
{
	struct nearest_word nearest = {.word = "abcd"};
	(void)state;
	nearest_word_try(&nearest, "abxy");
	assert_string_equal(nearest.found, "abxy");
	nearest_word_try(&nearest, "xycd");
	assert_string_equal(nearest.found, "abxy");
	nearest_word_try(&nearest, "abcx");
	assert_string_equal(nearest.found, "abcx");
}

static void long_words_find_nothing(void **state)
{
	char word[NEAREST_WORD_MAX + 2];
	(void)state;
	memset(word, 'a', sizeof word);
	word[NEAREST_WORD_MAX + 1] = '\0';
	struct nearest_word nearest = {.word = word};
	nearest_word_try(&nearest, word);
	assert_null(nearest.found);
	nearest = (struct nearest_word){.word = word + 1};
	nearest_word_try(&nearest, word + 1);
	assert_ptr_equal(nearest.found, word + 1);
	nearest = (struct nearest_word){.word = "a"};
	nearest_word_try(&nearest, word);
	assert_null(nearest.found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_typing_error_is_found),
	    cmocka_unit_test(words_with_more_wrong_than_right_letters_find_nothing),
	    cmocka_unit_test(nearest_candidate_wins_and_the_first_of_equals),
	    cmocka_unit_test(long_words_find_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
