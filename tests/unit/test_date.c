/* Formatting and parsing dates in the three formats of HTTP, compared with the C library. */
#include "http/date.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

enum { NOV_1994 = 784111777 }; /* Sun, 06 Nov 1994 08:49:37 GMT */

static const int64_t YEAR_0000 = -62167219200;
static const int64_t YEAR_10000 = 253402300800;
static const int64_t FOUR_CENTURIES = 146097LL * 86400;

/* 10 June 2026, noon. */
static const int64_t NOW = 1781092800;

static void expect_format(int64_t seconds, const char *expected)
{
	char buffer[64];
	struct buffer text = BUFFER(buffer);
	assert_true(date_format(&text, seconds));
	if (!view_equal(buffer_view(&text), view_of(expected)))
		fail_msg("%lld: %.*s, not %s", (long long)seconds, (int)text.length, buffer,
		         expected);
}

static void expect_iso(int64_t seconds, const char *expected)
{
	char buffer[16];
	struct buffer text = BUFFER(buffer);
	assert_true(date_is_writable(seconds));
	assert_true(date_format_iso(&text, seconds, 'T'));
	if (!view_equal(buffer_view(&text), view_of(expected)))
		fail_msg("%lld: %.*s, not %s", (long long)seconds, (int)text.length, buffer,
		         expected);
}

static void expect_parse_at(const char *value, int64_t now, int64_t expected)
{
	int64_t seconds = -1;
	if (!date_parse(view_of(value), now, &seconds))
		fail_msg("%s: refused", value);
	if (seconds != expected)
		fail_msg("%s: %lld, not %lld", value, (long long)seconds, (long long)expected);
}

static void expect_parse(const char *value, int64_t expected)
{
	expect_parse_at(value, NOW, expected);
}

static void expect_refusal(const char *value)
{
	int64_t seconds = 42;
	if (date_parse(view_of(value), NOW, &seconds))
		fail_msg("%s: parsed as %lld", value, (long long)seconds);
	assert_int_equal(seconds, 42);
}

static void test_time_is_formatted_as_imf_fixdate(void **state)
{
	(void)state;
	expect_format(NOV_1994, "Sun, 06 Nov 1994 08:49:37 GMT");
	expect_format(0, "Thu, 01 Jan 1970 00:00:00 GMT");
	expect_format(1, "Thu, 01 Jan 1970 00:00:01 GMT");
	expect_format(-1, "Wed, 31 Dec 1969 23:59:59 GMT");
	expect_format(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
	expect_format(4107542400, "Mon, 01 Mar 2100 00:00:00 GMT");
	expect_format(2147483648, "Tue, 19 Jan 2038 03:14:08 GMT");
	expect_format(YEAR_0000, "Sat, 01 Jan 0000 00:00:00 GMT");
	expect_format(YEAR_10000 - 1, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void test_year_outside_0000_to_9999_is_not_formatted(void **state)
{
	static const int64_t TIMES[] = {-62167219201, 253402300800, INT64_MIN, INT64_MAX};
	(void)state;
	for (size_t i = 0; i < sizeof TIMES / sizeof TIMES[0]; i++) {
		char buffer[64];
		struct buffer text = BUFFER(buffer);
		assert_false(date_is_writable(TIMES[i]));
		assert_false(date_format(&text, TIMES[i]));
		assert_int_equal(text.length, 0);
		assert_false(text.truncated);
	}
}

static void test_short_buffer_is_truncated(void **state)
{
	char buffer[28];
	struct buffer text = BUFFER(buffer);
	(void)state;
	date_format(&text, NOV_1994);
	assert_true(text.truncated);
	assert_int_equal(text.length, 0);
}

/*
 * Formats and parses each day of 400 years, after which the calendar repeats, and compares
 * with strftime.
 */
static void expect_400_years_as_strftime(int64_t begin)
{
	for (int64_t day = begin; day < begin + FOUR_CENTURIES; day += 86400) {
		int64_t seconds = day + (day / 86400 * 7919 % 86400 + 86400) % 86400;
		time_t time = (time_t)seconds;
		struct tm tm;
		char expected[64], buffer[64];
		assert_non_null(gmtime_r(&time, &tm));
		size_t written = strftime(expected, 13, "%a, %d %b ", &tm);
		written += (size_t)snprintf(expected + written, 6, "%04d ", tm.tm_year + 1900);
		written += strftime(expected + written, 13, "%H:%M:%S GMT", &tm);
		struct buffer text = BUFFER(buffer);
		int64_t again = -1;
		assert_true(date_format(&text, seconds));
		if (!view_equal(buffer_view(&text), (struct view){expected, written}))
			fail_msg("%lld: %.*s, not %s", (long long)seconds, (int)text.length, buffer,
			         expected);
		assert_true(date_parse(buffer_view(&text), NOW, &again));
		assert_true(again == seconds);
	}
}

static void test_every_day_is_formatted_as_by_strftime(void **state)
{
	(void)state;
	expect_400_years_as_strftime(YEAR_0000);
	expect_400_years_as_strftime(YEAR_10000 - FOUR_CENTURIES);
}

static void test_three_formats_are_parsed(void **state)
{
	(void)state;
	expect_parse("Sun, 06 Nov 1994 08:49:37 GMT", NOV_1994);
	expect_parse("Sunday, 06-Nov-94 08:49:37 GMT", NOV_1994);
	expect_parse("Sun Nov  6 08:49:37 1994", NOV_1994);
	expect_parse("Sun Nov 06 08:49:37 1994", NOV_1994);
	expect_parse("Wed Nov 16 08:49:37 1994", NOV_1994 + 10 * 86400);
	expect_parse("Wednesday, 16-Nov-94 08:49:37 GMT", NOV_1994 + 10 * 86400);
	expect_parse("Sat, 01 Jan 0000 00:00:00 GMT", YEAR_0000);
	expect_parse("Fri, 31 Dec 9999 23:59:59 GMT", YEAR_10000 - 1);
	expect_parse("Wed, 31 Dec 1969 23:59:59 GMT", -1);
}

static void test_wrong_name_of_the_day_is_accepted(void **state)
{
	(void)state;
	expect_parse("Mon, 06 Nov 1994 08:49:37 GMT", NOV_1994);
	expect_parse("Monday, 06-Nov-94 08:49:37 GMT", NOV_1994);
	expect_parse("Mon Nov  6 08:49:37 1994", NOV_1994);
}

static void test_day_that_does_not_exist_is_refused(void **state)
{
	(void)state;
	expect_parse("Tue, 29 Feb 2000 00:00:00 GMT", 951782400);
	expect_parse("Thu, 29 Feb 2024 00:00:00 GMT", 1709164800);
	expect_refusal("Thu, 29 Feb 1900 00:00:00 GMT");
	expect_refusal("Wed, 29 Feb 2023 00:00:00 GMT");
	expect_refusal("Fri, 30 Feb 2024 00:00:00 GMT");
	expect_refusal("Sat, 31 Feb 2024 00:00:00 GMT");
	expect_refusal("Wed, 31 Apr 2024 00:00:00 GMT");
	expect_refusal("Mon, 32 Jan 2024 00:00:00 GMT");
	expect_refusal("Wed, 32 Dec 2025 00:00:00 GMT");
	expect_refusal("Mon, 00 Jan 2024 00:00:00 GMT");
	expect_refusal("Mon Jan  0 00:00:00 2024");
	expect_refusal("Monday, 30-Feb-24 00:00:00 GMT");
}

static void test_time_that_does_not_exist_is_refused(void **state)
{
	(void)state;
	expect_parse("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800);
	expect_refusal("Sat, 31 Dec 2016 23:59:61 GMT");
	expect_refusal("Sat, 31 Dec 2016 12:59:60 GMT");
	expect_refusal("Sat, 31 Dec 2016 23:58:60 GMT");
	expect_refusal("Sat, 31 Dec 2016 24:00:00 GMT");
	expect_refusal("Sat, 31 Dec 2016 23:60:00 GMT");
}

static void test_two_digit_year_is_within_50_years(void **state)
{
	(void)state;
	/* Exactly fifty years after NOW is accepted, one second more is not. */
	expect_parse("Wednesday, 10-Jun-76 12:00:00 GMT", 3359016000);
	expect_parse("Thursday, 10-Jun-76 12:00:01 GMT", 203256001);
	expect_parse("Thursday, 01-Jan-70 00:00:00 GMT", 3155760000);
	expect_parse("Saturday, 01-Jan-00 00:00:00 GMT", 946684800);
	expect_parse("Friday, 31-Dec-99 23:59:59 GMT", 946684799);
	/* 2000 had a 29 February; 2100, which is nearer to a clock of 2090, has none. */
	expect_parse("Tuesday, 29-Feb-00 00:00:00 GMT", 951782400);
	int64_t year_2090 = 3786912000, year_1960 = -315619200, seconds = 0;
	assert_false(date_parse(VIEW("Monday, 29-Feb-00 00:00:00 GMT"), year_2090, &seconds));
	expect_parse_at("Sunday, 06-Nov-05 08:49:37 GMT", year_2090, 4286940577);
	expect_parse_at("Sunday, 06-Nov-94 08:49:37 GMT", year_1960, NOV_1994);
	expect_parse_at("Friday, 01-Jan-10 00:00:00 GMT", year_1960, 1262304000);
	expect_parse_at("Saturday, 02-Jan-10 00:00:00 GMT", year_1960, -1893369600);
}

static void test_two_digit_year_is_refused_if_clock_or_year_is_out_of_range(void **state)
{
	int64_t seconds = 42;
	(void)state;
	assert_false(date_parse(VIEW("Sunday, 06-Nov-94 08:49:37 GMT"), INT64_MIN, &seconds));
	assert_false(date_parse(VIEW("Sunday, 06-Nov-94 08:49:37 GMT"), INT64_MAX, &seconds));
	assert_false(date_parse(VIEW("Sunday, 06-Nov-94 08:49:37 GMT"), YEAR_0000, &seconds));
	assert_false(date_parse(VIEW("Sunday, 26-Jan-44 08:49:37 GMT"), YEAR_10000 - 1, &seconds));
	assert_int_equal(seconds, 42);
	expect_parse_at("Saturday, 01-Jan-00 00:00:00 GMT", YEAR_0000, YEAR_0000);
	expect_parse_at("Friday, 31-Dec-99 23:59:59 GMT", YEAR_10000 - 1, YEAR_10000 - 1);
	assert_true(date_parse(VIEW("Sun, 06 Nov 1994 08:49:37 GMT"), INT64_MAX, &seconds));
}

static void test_any_other_format_is_refused(void **state)
{
	static const char *const VALUES[] = {
	    "",
	    "0",
	    "784111777",
	    "yesterday",
	    "Sun, 06 Nov 1994 08:49:37",
	    "Sun, 06 Nov 1994 08:49:37 ",
	    "Sun, 06 Nov 1994 08:49:37 GM",
	    "Sun, 06 Nov 1994 08:49:37 gmt",
	    "Sun, 06 Nov 1994 08:49:37 UTC",
	    "Sun, 06 Nov 1994 08:49:37 +0000",
	    "Sun, 06 Nov 1994 08:49:37 GMT ",
	    "Sun, 06 Nov 1994 08:49:37 GMT; length=5",
	    " Sun, 06 Nov 1994 08:49:37 GMT",
	    "Sun,06 Nov 1994 08:49:37 GMT",
	    "Sun, 6 Nov 1994 08:49:37 GMT",
	    "Sun,  6 Nov 1994 08:49:37 GMT",
	    "Sun, 06 nov 1994 08:49:37 GMT",
	    "sun, 06 Nov 1994 08:49:37 GMT",
	    "Son, 06 Nov 1994 08:49:37 GMT",
	    "Sunday, 06 Nov 1994 08:49:37 GMT",
	    "Sun, 06 November 1994 08:49:37 GMT",
	    "Sun, 06 Nvv 1994 08:49:37 GMT",
	    "Sun, 06-Nov-1994 08:49:37 GMT",
	    "Sun, 06-Nov-94 08:49:37 GMT",
	    "Sun, 06 Nov 94 08:49:37 GMT",
	    "Sun, 06 Nov 994 08:49:37 GMT",
	    "Sun, 06 Nov 19940 08:49:37 GMT",
	    "Sun, 06 Nov 1994 8:49:37 GMT",
	    "Sun, 06 Nov 1994 08:49 GMT",
	    "Sun, 06 Nov 1994 08.49.37 GMT",
	    "Sun, 06 Nov 1994 08:49:3x GMT",
	    "Sun, 06 Nov 1994 08:49:37.5 GMT",
	    "Sun, +6 Nov 1994 08:49:37 GMT",
	    "Sun, 06 Nov -994 08:49:37 GMT",
	    ", 06 Nov 1994 08:49:37 GMT",
	    "Sun,  Nov 1994 08:49:37 GMT",
	    "Sun, 06  1994 08:49:37 GMT",
	    "Sun, 06 Nov  08:49:37 GMT",
	    "Sun, 06 Nov 1994 :49:37 GMT",
	    "Sun, 06 Nov 1994 08:: GMT",
	    ", 06-Nov-94 08:49:37 GMT",
	    "Sunday, 06-Nov- 08:49:37 GMT",
	    " Nov  6 08:49:37 1994",
	    "Sun Nov  6 08:49:37 ",
	    "Sunday, 06-Nov-1994 08:49:37 GMT",
	    "Sunday, 06-Nov-94 08:49:37",
	    "Sunday, 06-Nov-94 08:49:37 GMT ",
	    "Sunda, 06-Nov-94 08:49:37 GMT",
	    "Sunday 06-Nov-94 08:49:37 GMT",
	    "Sun Nov 6 08:49:37 1994",
	    "Sun Nov  06 08:49:37 1994",
	    "Sun Nov  6 08:49:37 94",
	    "Sun Nov  6 08:49:37 1994 GMT",
	    "Sun Nov  6 08:49:37 GMT 1994",
	    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
	};
	(void)state;
	for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++)
		expect_refusal(VALUES[i]);
}

/* A date truncated anywhere is refused, and no byte after the view is read. */
static void test_truncated_date_is_refused(void **state)
{
	static const char *const DATES[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
	                                    "Wednesday, 06-Nov-94 08:49:37 GMT",
	                                    "Sun Nov  6 08:49:37 1994"};
	int64_t seconds;
	(void)state;
	for (size_t i = 0; i < sizeof DATES / sizeof DATES[0]; i++)
		for (size_t length = 0; length < strlen(DATES[i]); length++)
			assert_false(date_parse((struct view){DATES[i], length}, NOW, &seconds));
}

static void test_time_is_formatted_as_iso_8601(void **state)
{
	char buffer[16];
	struct buffer text = BUFFER(buffer);
	(void)state;
	expect_iso(NOV_1994, "1994-11-06T08:49");
	expect_iso(NOW, "2026-06-10T12:00");
	expect_iso(-1, "1969-12-31T23:59");
	expect_iso(YEAR_0000, "0000-01-01T00:00");
	expect_iso(YEAR_10000 - 1, "9999-12-31T23:59");
	assert_false(date_format_iso(&text, YEAR_0000 - 1, ' '));
	assert_false(date_format_iso(&text, YEAR_10000, ' '));
	assert_int_equal(text.length, 0);
}

/* Before 1990, or at the beginning of 2000 to the nanosecond, a time is none that a file was changed at. */
static void test_time_of_a_reproducible_build_is_not_that_of_a_change(void **state)
{
	static const struct {
		struct timespec modified;
		bool is_of_change;
	} CASES[] = {
	    {{0, 0}, false},        {{-1, 0}, false},       {{631151999, 999999999}, false},
	    {{631152000, 0}, true}, {{946684799, 0}, true}, {{946684800, 0}, false},
	    {{946684800, 1}, true}, {{946684801, 0}, true}, {{NOW, 0}, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		if (date_is_of_change(CASES[i].modified) != CASES[i].is_of_change)
			fail_msg("%jd.%09ld", (intmax_t)CASES[i].modified.tv_sec,
			         CASES[i].modified.tv_nsec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_time_is_formatted_as_iso_8601),
	    cmocka_unit_test(test_time_is_formatted_as_imf_fixdate),
	    cmocka_unit_test(test_year_outside_0000_to_9999_is_not_formatted),
	    cmocka_unit_test(test_short_buffer_is_truncated),
	    cmocka_unit_test(test_every_day_is_formatted_as_by_strftime),
	    cmocka_unit_test(test_three_formats_are_parsed),
	    cmocka_unit_test(test_wrong_name_of_the_day_is_accepted),
	    cmocka_unit_test(test_day_that_does_not_exist_is_refused),
	    cmocka_unit_test(test_time_that_does_not_exist_is_refused),
	    cmocka_unit_test(test_two_digit_year_is_within_50_years),
	    cmocka_unit_test(test_two_digit_year_is_refused_if_clock_or_year_is_out_of_range),
	    cmocka_unit_test(test_any_other_format_is_refused),
	    cmocka_unit_test(test_truncated_date_is_refused),
	    cmocka_unit_test(test_time_of_a_reproducible_build_is_not_that_of_a_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
