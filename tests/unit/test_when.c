/* Points in time as an owner enters them: every format, in a time zone with summer time. */
#include "mayflyctl/when.h"
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Monday, 2026-03-30 10:20:30 in Berlin, where the clocks went forward the night before. */
enum { NOW = 1774858830, HOUR = 3600, DAY = 86400 };

static bool has_no_memory;

/* The program's, in place of the C library's. This machine has one time zone. */
int access(const char *name, int mode)
{
	assert_int_equal(mode, R_OK);
	return strcmp(name, "/usr/share/zoneinfo/Test/City") == 0 ? 0 : -1;
}

int setenv(const char *name, const char *value, int replaces)
{
	typedef int set(const char *, const char *, int);
	return has_no_memory
	           ? -1
	           : (__extension__(set *) dlsym(RTLD_NEXT, "setenv"))(name, value, replaces);
}

static int set_zone(void **state)
{
	(void)state;
	if (setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1) != 0)
		return -1;
	tzset();
	return 0;
}

static void expect(const char *text, time_t expected)
{
	time_t when = -1;
	if (!when_parse(text, NOW, &when))
		fail_msg("\"%s\" is refused", text);
	if (when != expected)
		fail_msg("\"%s\" is %ld, not %ld", text, (long)when, (long)expected);
}

static void expect_refused(const char *text)
{
	time_t when = 42;
	if (when_parse(text, NOW, &when))
		fail_msg("\"%s\" yields %ld", text, (long)when);
	assert_int_equal(when, 42);
}

static void test_word_names_a_day(void **state)
{
	(void)state;
	time_t midnight = NOW - 10 * HOUR - 20 * 60 - 30;
	expect("now", NOW);
	expect("today", midnight);
	expect("yesterday", midnight - 23 * HOUR); /* the shortest day of the year */
	expect("tomorrow", midnight + DAY);
	expect_refused("");
	expect_refused("Today");
	expect_refused("now ");
	expect_refused("noon");
}

static void test_span_is_relative_to_now(void **state)
{
	(void)state;
	expect("-1h", NOW - HOUR);
	expect("-90s", NOW - 90);
	expect("-1h30min", NOW - 5400);
	expect("-1h 30min", NOW - 5400);
	expect("-2 days", NOW - 2 * DAY);
	expect("2 days ago", NOW - 2 * DAY);
	expect("1 week 1 second ago", NOW - 7 * DAY - 1);
	expect("+5m", NOW + 300);
	expect("-0s", NOW);
	expect_refused("1h");
	expect_refused("-1h ago");
	expect("-1", NOW - 1);
	expect("-1week", NOW - 7 * DAY);
	expect("2 hours ago", NOW - 2 * HOUR);
	expect("2 hours left", NOW + 2 * HOUR);
	expect("90 ago", NOW - 90);
	expect("-1.5h", NOW - 5400);
	expect("-0.5s", NOW - 1);
	expect("+0.5s", NOW);
	expect("-1500ms", NOW - 2);
	expect("-3000000us", NOW - 3);
	expect("-1month", NOW - 2629800);
	expect("-1M", NOW - 2629800);
	expect("1y ago", NOW - 31557600);
	expect("-1.5 years", NOW - 47336400);
	expect_refused("-1.h");
	expect_refused("-.5h");
	expect_refused("1h left ago");
	expect_refused("+1h left");
	expect_refused("-1 H");
	expect_refused("-1hourshours");
	expect_refused("-h");
	expect_refused("-1x");
	expect_refused("--1h");
	expect_refused("-1h,");
	expect_refused("-1234567890123w");
	expect_refused("-999999999999w");
	expect("-999999999999s 1s", NOW - 1000000000000);
	expect_refused("-999999999999s 2s");
	expect_refused("ago");
	expect("90 left", NOW + 90);
	expect_refused("-1abcdefghijklmnopq");
	expect_refused("-999999999999s 280000y"); /* more than 2^63 microseconds: a sum of units, */
	expect_refused("-292271.9y");             /* and of a unit and its fraction */
}

static void test_seconds_since_1970(void **state)
{
	(void)state;
	expect("@0", 0);
	expect("@1774858830", NOW);
	expect("@1774858830.999", NOW);
	expect_refused("@");
	expect_refused("@1.");
	expect_refused("@1x");
	expect_refused("@-1");
}

static void test_date_and_time_are_local(void **state)
{
	(void)state;
	expect("2026-03-30", NOW - 10 * HOUR - 20 * 60 - 30);
	expect("2026-03-30 10:20", NOW - 30);
	expect("2026-03-30 10:20:30", NOW);
	expect("2026-01-01 00:00:00", 1767222000);
	expect("10:20", NOW - 30);
	expect("10:20:31", NOW + 1);
	expect("00:00", NOW - 10 * HOUR - 20 * 60 - 30);
	expect("2026-03-30T10:20:30", NOW);
	expect("2026-03-30 10:20:30.999", NOW);
	expect("26-03-30 10:20:30", NOW);
	expect("Mon 2026-03-30 10:20:30", NOW);
	expect("monday 2026-03-30 10:20:30", NOW);
	expect("Sun 2026-03-29", NOW - 10 * HOUR - 20 * 60 - 30 - 23 * HOUR);
	expect("2026-03-30 08:20:30 UTC", NOW);
	expect("2026-03-30T08:20:30Z", NOW);
	expect("08:20:30 UTC", NOW);
	expect("2026-03-30 08:20:30 Test/City", NOW); /* without its file, it is UTC */
	expect("today UTC", NOW - 8 * HOUR - 20 * 60 - 30);
	expect("2026-03-30 10:20:30", NOW); /* the zone is the old one again */
	expect_refused("Tue 2026-03-30");
	expect_refused("Mon");
	expect_refused("Mon 10:20");
	expect_refused("Mo 2026-03-30");
	expect_refused("2026-03-30 10:20.5");
	expect_refused("2026-03-30 10:20:30 No/Where");
	expect_refused("2026-03-32 UTC");
	expect_refused("2026-03-30 10:20:30 ../../etc/passwd");
	expect_refused("2026-03-30 10:20:30 utc");
	expect_refused("UTC");
	expect_refused("Z");
	expect_refused("126-03-30");
	expect_refused("2026-02-30");
	expect_refused("2026-13-01");
	expect_refused("2026-03-30 25:00");
	expect_refused("2026-03-30T10:20:30x");
	expect_refused("2026-03-30 10:20:30 ");
	expect_refused("10");
	expect_refused("30.03.2026");
	expect_refused("2026-03-30 10:20:30 Europe/../Europe");
	expect_refused("xZ");
	expect_refused(
	    "2026-03-30 10:20:30                                                          UTC");
}

static void test_zone_that_cannot_be_set(void **state)
{
	(void)state;
	has_no_memory = true;
	expect_refused("2026-03-30 08:20:30 UTC");
	has_no_memory = false;
	assert_int_equal(set_zone(state), 0);
}

static void test_zone_stays_unset(void **state)
{
	assert_int_equal(unsetenv("TZ"), 0);
	expect("2026-03-30 08:20:30 UTC", NOW);
	assert_null(getenv("TZ"));
	assert_int_equal(set_zone(state), 0);
}

/* In such a year, a struct tm cannot hold the number of the year. */
static void test_times_that_no_calendar_holds(void **state)
{
	const time_t far = (time_t)1 << 60, last_days = 67768036191676799 - 3 * DAY;
	char text[WHEN_TEXT_SIZE];
	time_t when;
	assert_false(when_parse("today", far, &when));
	assert_false(when_parse("10:20", far, &when));
	assert_string_equal(when_format(far, text), "@1152921504606846976");
	assert_int_equal(when_next_hour(far), far + HOUR);
	assert_int_equal(when_next_midnight(far, 7), far + 7 * DAY);
	assert_int_equal(when_next_midnight(last_days, 7), last_days + 7 * DAY);
	assert_int_equal(setenv("TZ", "<ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ>0", 1),
	                 0);
	tzset();
	assert_string_equal(when_format(NOW, text), "@1774858830"); /* too long */
	assert_int_equal(set_zone(state), 0);
}

static void test_hours_and_days_are_those_of_the_calendar(void **state)
{
	(void)state;
	char text[WHEN_TEXT_SIZE];
	time_t midnight = NOW - 10 * HOUR - 20 * 60 - 30;
	assert_int_equal(when_next_hour(NOW), NOW + 39 * 60 + 30);
	assert_int_equal(when_next_hour(midnight), midnight + HOUR);
	assert_int_equal(when_next_midnight(NOW, 1), midnight + DAY);
	assert_int_equal(when_next_midnight(midnight, 1), midnight + DAY);
	/* The day before has 23 hours. */
	assert_int_equal(when_next_midnight(midnight - 1, 1), midnight);
	assert_int_equal(when_next_midnight(midnight - 23 * HOUR, 1), midnight);
	assert_int_equal(when_next_midnight(midnight - 23 * HOUR, 7), midnight + 6 * DAY);
	assert_string_equal(when_format(NOW, text), "2026-03-30 10:20:30 CEST");
	assert_string_equal(when_format(0, text), "1970-01-01 01:00:00 CET");
}

static void test_journal_time_is_converted_to_local(void **state)
{
	(void)state;
	struct tm date = when_local((uint64_t)NOW * 1000000 + 999999);
	assert_int_equal(date.tm_year, 126);
	assert_int_equal(date.tm_hour, 10);
	assert_int_equal(date.tm_sec, 30);
	assert_int_equal(date.tm_gmtoff, 2 * HOUR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_word_names_a_day),
	    cmocka_unit_test(test_span_is_relative_to_now),
	    cmocka_unit_test(test_seconds_since_1970),
	    cmocka_unit_test(test_date_and_time_are_local),
	    cmocka_unit_test(test_hours_and_days_are_those_of_the_calendar),
	    cmocka_unit_test(test_journal_time_is_converted_to_local),
	    cmocka_unit_test(test_zone_that_cannot_be_set),
	    cmocka_unit_test(test_zone_stays_unset),
	    cmocka_unit_test(test_times_that_no_calendar_holds),
	};
	return cmocka_run_group_tests(tests, set_zone, NULL);
}
