/* What statuses are called, and what they say to a person. */
#include "http/status.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* RFC 9110 15.3 to 15.6, RFC 6585 5; with a page those that a person may come to see. */
static const struct {
	int status;
	const char *phrase;
	bool has_page;
} CASES[] = {
    {200, "OK", false},
    {204, "No Content", false},
    {206, "Partial Content", false},
    {301, "Moved Permanently", true},
    {304, "Not Modified", false},
    {400, "Bad Request", true},
    {403, "Forbidden", true},
    {404, "Not Found", true},
    {405, "Method Not Allowed", true},
    {408, "Request Timeout", true},
    {412, "Precondition Failed", true},
    {414, "URI Too Long", true},
    {416, "Range Not Satisfiable", true},
    {431, "Request Header Fields Too Large", true},
    {500, "Internal Server Error", true},
    {501, "Not Implemented", true},
    {503, "Service Unavailable", true},
    {505, "HTTP Version Not Supported", true},
};

enum { COUNT = sizeof CASES / sizeof CASES[0] };

static void test_phrases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct view phrase = status_phrase(CASES[i].status);
		if (!view_equal(phrase, view_of(CASES[i].phrase)))
			fail_msg("%d is called %.*s", CASES[i].status, (int)phrase.length,
			         phrase.data);
	}
}

/* Letters, digits and what a sentence needs: nothing that HTML would take for its own. */
static bool is_plain(char c)
{
	return c == ' ' || ascii_is_digit(c) || strchr(".,:'/-", c) != NULL ||
	       (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

static void test_explanations_are_one_plain_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct view said = status_explanation(CASES[i].status);
		if ((said.length > 0) != CASES[i].has_page)
			fail_msg("%d says \"%.*s\"", CASES[i].status, (int)said.length, said.data);
		if (!CASES[i].has_page)
			continue;
		assert_in_range(said.data[0], 'A', 'Z');
		assert_int_equal(said.data[said.length - 1], '.');
		assert_true(said.length > 20 && said.length < 100);
		for (size_t at = 0; at < said.length; at++)
			if (said.data[at] == '\0' || !is_plain(said.data[at]))
				fail_msg("%d: byte %d", CASES[i].status, said.data[at]);
	}
}

static void test_every_explanation_is_another(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < i; j++) {
			struct view said = status_explanation(CASES[i].status);
			struct view other = status_explanation(CASES[j].status);
			if (said.length > 0 && view_equal(said, other))
				fail_msg("%d and %d say the same", CASES[i].status,
				         CASES[j].status);
		}
}

/* What stands between "<" and ">" is the home page's link, and nothing else. */
static void test_advice_is_one_sentence_for_each_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct view said = status_advice(CASES[i].status);
		if ((said.length > 0) != CASES[i].has_page)
			fail_msg("%d: %s advice", CASES[i].status, said.length > 0 ? "an" : "no");
		if (said.length > 0 && said.data[said.length - 1] != '.')
			fail_msg("%d: no full stop", CASES[i].status);
		for (size_t at = 0; at < said.length; at++) {
			static const char HOME[] = "<a href=\"/\">home page</a>";
			if (said.length - at >= sizeof HOME - 1 &&
			    memcmp(said.data + at, HOME, sizeof HOME - 1) == 0)
				at += sizeof HOME - 2;
			else if (!is_plain(said.data[at]) && said.data[at] != ';')
				fail_msg("%d: %c", CASES[i].status, said.data[at]);
		}
	}
}

static bool is_known(int status)
{
	for (size_t i = 0; i < COUNT; i++)
		if (CASES[i].status == status)
			return true;
	return false;
}

static void test_others_are_unknown(void **state)
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

static void test_refusals(void **state)
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
	    cmocka_unit_test(test_phrases),
	    cmocka_unit_test(test_explanations_are_one_plain_sentence),
	    cmocka_unit_test(test_every_explanation_is_another),
	    cmocka_unit_test(test_advice_is_one_sentence_for_each_page),
	    cmocka_unit_test(test_others_are_unknown),
	    cmocka_unit_test(test_refusals),
	};
	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
