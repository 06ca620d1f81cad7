/*
 * Conditional requests: each row of a table has the fields of a request, and the result for a
 * representation whose entity tag and date are defined above.
 */
#include "http/conditions.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The representation was modified on 6 November 1994, 08:49:37; the clock shows 9 November. */
#define MODIFIED "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"
#define FUTURE "Fri, 11 Nov 1994 08:49:37 GMT"
#define RFC850 "Sunday, 06-Nov-94 08:49:37 GMT"
#define ASCTIME "Sun Nov  6 08:49:37 1994"
#define TAG "\"x\""

enum { LAST_MODIFIED = 784111777, NOW = LAST_MODIFIED + 3 * 86400, LINES = 4 };

static const struct validators BOTH = {{TAG, sizeof TAG - 1}, true, LAST_MODIFIED, false};

struct line {
	const char *name, *value;
};

static void make_request(struct request *request, enum method method, const struct line *lines)
{
	request->method = method;
	request->field_count = 0;
	for (size_t i = 0; i < LINES && lines[i].name != NULL; i++)
		request->fields[request->field_count++] =
		    (struct field){view_of(lines[i].name), view_of(lines[i].value)};
}

static enum conditions evaluate(enum method method, const struct line *lines,
                                const struct validators *validators)
{
	struct request request;
	make_request(&request, method, lines);
	return conditions_evaluate(&request, validators, NOW);
}

struct condition_case {
	struct line lines[LINES];
	enum conditions expected;
};

static void expect_conditions(const struct validators *validators,
                              const struct condition_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum conditions found = evaluate(METHOD_GET, cases[i].lines, validators);
		if (found != cases[i].expected)
			fail_msg("row %zu, %s: %s yields %d, not %d", i, cases[i].lines[0].name,
			         cases[i].lines[0].value, (int)found, (int)cases[i].expected);
		/* HEAD yields the same as GET (RFC 9110 9.3.2). */
		assert_int_equal(found, evaluate(METHOD_HEAD, cases[i].lines, validators));
	}
}

#define EXPECT(validators, cases)                                                                  \
	expect_conditions((validators), (cases), sizeof(cases) / sizeof(cases)[0])

static void test_each_condition_has_its_result(void **state)
{
	static const struct condition_case CASES[] = {
	    {{{"Host", "example.org"}}, CONDITIONS_PASS},

	    {{{"If-Match", TAG}}, CONDITIONS_PASS},
	    {{{"If-Match", "*"}}, CONDITIONS_PASS},
	    {{{"If-Match", "\"y\", " TAG}}, CONDITIONS_PASS},
	    {{{"If-Match", "\"y\""}, {"if-match", TAG}}, CONDITIONS_PASS},
	    {{{"If-Match", "\"y\""}}, CONDITIONS_FAILED},
	    {{{"If-Match", "W/" TAG}}, CONDITIONS_FAILED},
	    {{{"If-Match", ""}}, CONDITIONS_FAILED},
	    {{{"If-Match", "x"}}, CONDITIONS_FAILED},
	    {{{"If-Match", "\"*\""}}, CONDITIONS_FAILED},

	    {{{"If-Unmodified-Since", MODIFIED}}, CONDITIONS_PASS},
	    {{{"If-Unmodified-Since", AFTER}}, CONDITIONS_PASS},
	    {{{"If-Unmodified-Since", FUTURE}}, CONDITIONS_PASS},
	    {{{"If-Unmodified-Since", BEFORE}}, CONDITIONS_FAILED},
	    {{{"If-Unmodified-Since", "Saturday, 05-Nov-94 08:49:37 GMT"}}, CONDITIONS_FAILED},
	    {{{"If-Unmodified-Since", "Sat Nov  5 08:49:37 1994"}}, CONDITIONS_FAILED},
	    {{{"If-Unmodified-Since", "long ago"}}, CONDITIONS_PASS},
	    {{{"If-Unmodified-Since", BEFORE}, {"If-Unmodified-Since", BEFORE}}, CONDITIONS_PASS},

	    {{{"If-None-Match", TAG}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-None-Match", "W/" TAG}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-None-Match", "*"}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-None-Match", "\"y\", W/\"z\", " TAG}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-None-Match", "\"y\""}, {"IF-NONE-MATCH", TAG}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-None-Match", "\"y\""}}, CONDITIONS_PASS},
	    {{{"If-None-Match", "x"}}, CONDITIONS_PASS},
	    {{{"If-None-Match", ""}}, CONDITIONS_PASS},
	    {{{"If-None-Match", TAG " y"}}, CONDITIONS_PASS},

	    {{{"If-Modified-Since", MODIFIED}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-Modified-Since", RFC850}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-Modified-Since", ASCTIME}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-Modified-Since", AFTER}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-Modified-Since", "Wed, 09 Nov 1994 08:49:37 GMT"}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-Modified-Since", "Wed, 09 Nov 1994 08:49:38 GMT"}}, CONDITIONS_PASS},
	    {{{"If-Modified-Since", FUTURE}}, CONDITIONS_PASS},
	    {{{"If-Modified-Since", BEFORE}}, CONDITIONS_PASS},
	    {{{"If-Modified-Since", "long ago"}}, CONDITIONS_PASS},
	    {{{"If-Modified-Since", MODIFIED "; length=5"}}, CONDITIONS_PASS},
	    {{{"If-Modified-Since", MODIFIED}, {"If-Modified-Since", MODIFIED}}, CONDITIONS_PASS},

	    /* A field whose name only contains the name of a condition is ignored. */
	    {{{"X-If-None-Match", TAG}}, CONDITIONS_PASS},
	    {{{"If-None-Matches", TAG}}, CONDITIONS_PASS},
	};
	(void)state;
	EXPECT(&BOTH, CASES);
}

/* RFC 9110 13.2.2: which field is evaluated first, and which makes another irrelevant. */
static void test_several_conditions_are_evaluated_in_the_order_of_rfc_9110(void **state)
{
	static const struct condition_case CASES[] = {
	    {{{"If-Match", TAG}, {"If-Unmodified-Since", BEFORE}}, CONDITIONS_PASS},
	    {{{"If-Match", "\"y\""}, {"If-Unmodified-Since", AFTER}}, CONDITIONS_FAILED},
	    {{{"If-None-Match", "\"y\""}, {"If-Modified-Since", AFTER}}, CONDITIONS_PASS},
	    {{{"If-None-Match", TAG}, {"If-Modified-Since", BEFORE}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-None-Match", "garbage"}, {"If-Modified-Since", AFTER}}, CONDITIONS_PASS},
	    {{{"If-Match", "\"y\""}, {"If-None-Match", TAG}}, CONDITIONS_FAILED},
	    {{{"If-None-Match", TAG}, {"If-Match", "\"y\""}}, CONDITIONS_FAILED},
	    {{{"If-Match", TAG}, {"If-None-Match", TAG}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-Match", TAG}, {"If-Modified-Since", MODIFIED}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-Unmodified-Since", BEFORE}, {"If-None-Match", TAG}}, CONDITIONS_FAILED},
	    {{{"If-Unmodified-Since", MODIFIED}, {"If-None-Match", TAG}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-Unmodified-Since", BEFORE}, {"If-Modified-Since", MODIFIED}}, CONDITIONS_FAILED},
	    {{{"If-Unmodified-Since", MODIFIED}, {"If-Modified-Since", MODIFIED}},
	     CONDITIONS_NOT_MODIFIED},
	    {{{"If-Match", TAG},
	      {"If-Unmodified-Since", BEFORE},
	      {"If-None-Match", "\"y\""},
	      {"If-Modified-Since", AFTER}},
	     CONDITIONS_PASS},
	};
	(void)state;
	EXPECT(&BOTH, CASES);
}

static void test_weak_tag_matches_only_if_none_match(void **state)
{
	const struct validators weak = {VIEW("W/" TAG), true, LAST_MODIFIED, false};
	static const struct condition_case CASES[] = {
	    {{{"If-Match", "W/" TAG}}, CONDITIONS_FAILED},
	    {{{"If-Match", TAG}}, CONDITIONS_FAILED},
	    {{{"If-Match", "*"}}, CONDITIONS_PASS},
	    {{{"If-None-Match", "W/" TAG}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-None-Match", TAG}}, CONDITIONS_NOT_MODIFIED},
	};
	(void)state;
	EXPECT(&weak, CASES);
}

static void test_without_validators_only_star_matches(void **state)
{
	static const struct validators NONE = {.last_modified = LAST_MODIFIED};
	static const struct condition_case CASES[] = {
	    {{{"If-Match", TAG}}, CONDITIONS_FAILED},
	    {{{"If-Match", "*"}}, CONDITIONS_PASS},
	    {{{"If-None-Match", TAG}}, CONDITIONS_PASS},
	    {{{"If-None-Match", ""}}, CONDITIONS_PASS},
	    {{{"If-None-Match", "*"}}, CONDITIONS_NOT_MODIFIED},
	    {{{"If-Unmodified-Since", BEFORE}}, CONDITIONS_PASS},
	    {{{"If-Modified-Since", MODIFIED}}, CONDITIONS_PASS},
	};
	(void)state;
	EXPECT(&NONE, CASES);
}

static void test_other_methods_have_no_conditions(void **state)
{
	static const struct line FAILING[LINES] = {{"If-Match", "\"y\""}};
	static const struct line MATCHING[LINES] = {{"If-None-Match", TAG}};
	static const enum method METHODS[] = {METHOD_OPTIONS, METHOD_OTHER, METHOD_UNKNOWN};
	(void)state;
	for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
		assert_int_equal(evaluate(METHODS[i], FAILING, &BOTH), CONDITIONS_PASS);
		assert_int_equal(evaluate(METHODS[i], MATCHING, &BOTH), CONDITIONS_PASS);
	}
}

static bool applies(enum method method, const struct line *lines,
                    const struct validators *validators, int64_t now)
{
	struct request request;
	struct view range = VIEW("");
	make_request(&request, method, lines);
	bool result = range_applies(&request, validators, now, &range);
	if (result)
		assert_true(view_equal(range, VIEW("bytes=0-1")));
	return result;
}

static void test_if_range_requires_exact_strong_validator(void **state)
{
	static const struct {
		struct line lines[LINES];
		bool expected;
	} CASES[] = {
	    {{{"Range", "bytes=0-1"}}, true},
	    {{{"range", "bytes=0-1"}}, true},
	    {{{"Host", "example.org"}}, false},
	    {{{"If-Range", TAG}}, false},
	    {{{"Range", "bytes=0-1"}, {"Range", "bytes=0-1"}}, false},

	    {{{"Range", "bytes=0-1"}, {"If-Range", TAG}}, true},
	    {{{"Range", "bytes=0-1"}, {"If-Range", "\"y\""}}, false},
	    {{{"Range", "bytes=0-1"}, {"If-Range", "W/" TAG}}, false},
	    {{{"Range", "bytes=0-1"}, {"If-Range", TAG ", \"y\""}}, false},
	    {{{"Range", "bytes=0-1"}, {"If-Range", "*"}}, false},
	    {{{"Range", "bytes=0-1"}, {"If-Range", ""}}, false},
	    {{{"Range", "bytes=0-1"}, {"If-Range", "x"}}, false},
	    {{{"Range", "bytes=0-1"}, {"If-Range", "\""}}, false},
	    {{{"Range", "bytes=0-1"}, {"If-Range", TAG}, {"If-Range", TAG}}, false},

	    {{{"Range", "bytes=0-1"}, {"If-Range", MODIFIED}}, true},
	    {{{"Range", "bytes=0-1"}, {"If-Range", RFC850}}, true},
	    {{{"Range", "bytes=0-1"}, {"If-Range", ASCTIME}}, true},
	    {{{"Range", "bytes=0-1"}, {"If-Range", AFTER}}, false},
	    {{{"Range", "bytes=0-1"}, {"If-Range", BEFORE}}, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		if (applies(METHOD_GET, CASES[i].lines, &BOTH, NOW) != CASES[i].expected)
			fail_msg("row %zu: %s", i, CASES[i].lines[1].value);
}

static void test_if_range_fails_with_a_weak_tag_and_with_the_date_of_a_coded_file(void **state)
{
	const struct validators weak = {VIEW("W/" TAG), true, LAST_MODIFIED, false};
	const struct validators coded = {VIEW(TAG), true, LAST_MODIFIED, true};
	static const struct validators NONE = {.last_modified = LAST_MODIFIED};
	static const struct line BY_WEAK_TAG[LINES] = {{"Range", "bytes=0-1"},
	                                               {"If-Range", "W/" TAG}};
	static const struct line BY_TAG[LINES] = {{"Range", "bytes=0-1"}, {"If-Range", TAG}};
	static const struct line BY_DATE[LINES] = {{"Range", "bytes=0-1"}, {"If-Range", MODIFIED}};
	(void)state;
	assert_false(applies(METHOD_GET, BY_WEAK_TAG, &weak, NOW));
	assert_false(applies(METHOD_GET, BY_TAG, &weak, NOW));
	assert_true(applies(METHOD_GET, BY_DATE, &weak, NOW));
	assert_true(applies(METHOD_GET, BY_TAG, &coded, NOW));
	assert_false(applies(METHOD_GET, BY_DATE, &coded, NOW));
	assert_false(applies(METHOD_GET, BY_TAG, &NONE, NOW));
	assert_false(applies(METHOD_GET, BY_DATE, &NONE, NOW));
}

/* RFC 9110 8.8.2.2: the file may change again within the second that its date names. */
static void test_date_is_strong_after_its_second(void **state)
{
	static const struct line BY_DATE[LINES] = {{"Range", "bytes=0-1"}, {"If-Range", MODIFIED}};
	(void)state;
	assert_true(applies(METHOD_GET, BY_DATE, &BOTH, LAST_MODIFIED + 1));
	assert_false(applies(METHOD_GET, BY_DATE, &BOTH, LAST_MODIFIED));
	assert_false(applies(METHOD_GET, BY_DATE, &BOTH, LAST_MODIFIED - 1));
}

static void test_range_applies_to_get_only(void **state)
{
	static const struct line RANGE[LINES] = {{"Range", "bytes=0-1"}};
	(void)state;
	assert_true(applies(METHOD_GET, RANGE, &BOTH, NOW));
	assert_false(applies(METHOD_HEAD, RANGE, &BOTH, NOW));
	assert_false(applies(METHOD_OPTIONS, RANGE, &BOTH, NOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_condition_has_its_result),
	    cmocka_unit_test(test_several_conditions_are_evaluated_in_the_order_of_rfc_9110),
	    cmocka_unit_test(test_weak_tag_matches_only_if_none_match),
	    cmocka_unit_test(test_without_validators_only_star_matches),
	    cmocka_unit_test(test_other_methods_have_no_conditions),
	    cmocka_unit_test(test_if_range_requires_exact_strong_validator),
	    cmocka_unit_test(test_if_range_fails_with_a_weak_tag_and_with_the_date_of_a_coded_file),
	    cmocka_unit_test(test_date_is_strong_after_its_second),
	    cmocka_unit_test(test_range_applies_to_get_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
