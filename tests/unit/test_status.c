/* The phrases of statuses, and the texts of their pages. */
#include "http/status.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* RFC 9110 15.3 to 15.6, RFC 6585 5, RFC 7725 3. Statuses that a person may see have a page. */
static const struct {
	int status;
	const char *phrase;
	bool has_page;
} CASES[] = {
    {200, "OK", false},
    {204, "No Content", false},
    {206, "Partial Content", false},
    {301, "Moved Permanently", true},
    {302, "Found", true},
    {303, "See Other", true},
    {304, "Not Modified", false},
    {307, "Temporary Redirect", true},
    {308, "Permanent Redirect", true},
    {400, "Bad Request", true},
    {403, "Forbidden", true},
    {404, "Not Found", true},
    {405, "Method Not Allowed", true},
    {408, "Request Timeout", true},
    {410, "Gone", true},
    {412, "Precondition Failed", true},
    {414, "URI Too Long", true},
    {416, "Range Not Satisfiable", true},
    {431, "Request Header Fields Too Large", true},
    {451, "Unavailable For Legal Reasons", true},
    {500, "Internal Server Error", true},
    {501, "Not Implemented", true},
    {503, "Service Unavailable", true},
    {505, "HTTP Version Not Supported", true},
};

enum { COUNT = sizeof CASES / sizeof CASES[0] };

static void test_known_status_has_its_phrase(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct view phrase = status_phrase(CASES[i].status);
		if (!view_equal(phrase, view_of(CASES[i].phrase)))
			fail_msg("phrase of %d: %.*s", CASES[i].status, (int)phrase.length,
			         phrase.data);
	}
}

/* Letters, digits and punctuation without a meaning in HTML. */
static bool is_plain(char c)
{
	return c == ' ' || ascii_is_digit(c) || strchr(".,:'/-", c) != NULL ||
	       (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

static void test_explanations_are_one_plain_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct view text = status_explanation(CASES[i].status);
		if ((text.length > 0) != CASES[i].has_page)
			fail_msg("%d: \"%.*s\"", CASES[i].status, (int)text.length, text.data);
		if (!CASES[i].has_page)
			continue;
		assert_in_range(text.data[0], 'A', 'Z');
		assert_int_equal(text.data[text.length - 1], '.');
		assert_true(text.length > 20 && text.length < 100);
		for (size_t pos = 0; pos < text.length; pos++)
			if (text.data[pos] == '\0' || !is_plain(text.data[pos]))
				fail_msg("%d: byte %d", CASES[i].status, text.data[pos]);
	}
}

static void test_no_two_explanations_are_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < i; j++) {
			struct view text = status_explanation(CASES[i].status);
			struct view other = status_explanation(CASES[j].status);
			if (text.length > 0 && view_equal(text, other))
				fail_msg("%d and %d have the same explanation", CASES[i].status,
				         CASES[j].status);
		}
}

/* The only HTML element is the link to the home page. */
static void test_each_page_has_one_sentence_of_advice(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct view text = status_advice(CASES[i].status);
		if ((text.length > 0) != CASES[i].has_page)
			fail_msg("%d: %s advice", CASES[i].status, text.length > 0 ? "an" : "no");
		if (text.length > 0 && text.data[text.length - 1] != '.')
			fail_msg("%d: no full stop", CASES[i].status);
		for (size_t pos = 0; pos < text.length; pos++) {
			static const char HOME[] = "<a href=\"/\">home page</a>";
			if (text.length - pos >= sizeof HOME - 1 &&
			    memcmp(text.data + pos, HOME, sizeof HOME - 1) == 0)
				pos += sizeof HOME - 2;
			else if (!is_plain(text.data[pos]) && text.data[pos] != ';')
				fail_msg("%d: %c", CASES[i].status, text.data[pos]);
		}
	}
}

/* The group of statuses that have the same advice; 0: no other has it. */
static int advice_group(int status)
{
	switch (status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		return 1;
	case 400:
	case 408:
		return 2;
	case 404:
	case 410:
		return 3;
	case 405:
	case 501:
		return 4;
	case 412:
	case 416:
		return 5;
	default:
		return 0;
	}
}

static void test_only_similar_statuses_have_the_same_advice(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < i; j++) {
			int one = CASES[i].status, other = CASES[j].status;
			bool expected =
			    advice_group(one) != 0 && advice_group(one) == advice_group(other);
			if (CASES[i].has_page &&
			    view_equal(status_advice(one), status_advice(other)) != expected)
				fail_msg("the advice of %d and %d is%s the same", one, other,
				         expected ? " not" : "");
		}
}

static bool is_known(int status)
{
	for (size_t i = 0; i < COUNT; i++)
		if (CASES[i].status == status)
			return true;
	return false;
}

static void test_other_status_is_unknown(void **state)
{
	(void)state;
	for (int status = -1000; status < 2000; status++) {
		if (is_known(status))
			continue;
		if (!view_equal(status_phrase(status), VIEW("Unknown")) ||
		    status_explanation(status).length != 0 || status_advice(status).length != 0)
			fail_msg("%d is known", status);
	}
}

static void test_refusal_has_status_and_reason(void **state)
{
	(void)state;
	assert_int_equal(ACCEPTED.status, 0);
	assert_null(ACCEPTED.reason);
	struct refusal refusal = refuse(404, "not-found");
	assert_int_equal(refusal.status, 404);
	assert_string_equal(refusal.reason, "not-found");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_status_has_its_phrase),
	    cmocka_unit_test(test_explanations_are_one_plain_sentence),
	    cmocka_unit_test(test_no_two_explanations_are_equal),
	    cmocka_unit_test(test_each_page_has_one_sentence_of_advice),
	    cmocka_unit_test(test_only_similar_statuses_have_the_same_advice),
	    cmocka_unit_test(test_other_status_is_unknown),
	    cmocka_unit_test(test_refusal_has_status_and_reason),
	};
	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
