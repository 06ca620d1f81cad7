/* Dates of the calendar, their names, and the local date of a time. */
#include "mayflyctl/calendar.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect_names(const char *day, const char *week, const char *month)
{
	char name[CALENDAR_NAME_SIZE];
	int date;
	assert_true(calendar_parse(view_of(day), &date));
	assert_string_equal(calendar_name(date, CALENDAR_DAY, name), day);
	assert_string_equal(calendar_name(date, CALENDAR_WEEK, name), week);
	assert_string_equal(calendar_name(date, CALENDAR_MONTH, name), month);
}

/* ISO 8601: the first week of a year has its first Thursday. */
static void test_names(void **state)
{
	char name[CALENDAR_NAME_SIZE];
	(void)state;
	expect_names("2026-11-28", "2026-W48", "2026-11");
	expect_names("2027-01-03", "2026-W53", "2027-01");
	expect_names("2027-01-04", "2027-W01", "2027-01");
	expect_names("2024-12-30", "2025-W01", "2024-12");
	expect_names("2024-02-29", "2024-W09", "2024-02");
	expect_names("0001-01-01", "1-W01", "0001-01");
	assert_string_equal(calendar_name(0, CALENDAR_YEAR, name), "1970");
}

static void test_begins(void **state)
{
	int date;
	(void)state;
	assert_true(calendar_parse(view_of("2026-11-29"), &date)); /* a Sunday */
	assert_int_equal(calendar_begin(date, CALENDAR_DAY), date);
	assert_int_equal(calendar_begin(date, CALENDAR_WEEK), date - 6);
	assert_int_equal(calendar_begin(date, CALENDAR_MONTH), date - 28);
	assert_int_equal(calendar_begin(date, CALENDAR_YEAR), date - 332);
	assert_int_equal(calendar_begin(date + 1, CALENDAR_WEEK), date + 1);
	assert_int_equal(calendar_day_of_month(date), 29);
}

static void test_other_texts_are_no_dates(void **state)
{
	static const char *const TEXTS[] = {"",           "2026-11",    "2026-11-31", "2026-00-01",
	                                    "2026-02-29", "2026-13-01", "2026/11/28", "2026-11-280",
	                                    "+026-11-28", "0000-01-01", "2026-1-028", " 2026-11-2",
	                                    "2026-11-00", "2026-11-x1"};
	int date = 7;
	(void)state;
	for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
		assert_false(calendar_parse(view_of(TEXTS[i]), &date));
	assert_int_equal(date, 7);
}

static void test_a_time_in_no_year_has_no_date(void **state)
{
	(void)state;
	assert_int_equal(calendar_date((time_t)1 << 60), 0);
}

static void test_the_date_is_the_local_one(void **state)
{
	(void)state;
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	assert_int_equal(calendar_date(15 * 3600 - 1), 0);
	assert_int_equal(calendar_date(15 * 3600), 1);
	setenv("TZ", "UTC", 1);
	tzset();
	assert_int_equal(calendar_date(15 * 3600), 0);
	assert_int_equal(calendar_date(-1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_begins),
	    cmocka_unit_test(test_other_texts_are_no_dates),
	    cmocka_unit_test(test_a_time_in_no_year_has_no_date),
	    cmocka_unit_test(test_the_date_is_the_local_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
