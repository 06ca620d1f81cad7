/*
 * Formats and parses HTTP dates; see date.h. The calendar is Gregorian, also before 1582. Days are
 * counted from 1 January 0000, a Saturday.
 */
#include "date.h"
#include "base/parse.h"

enum {
	SECONDS_A_DAY = 86400,
	DAYS_OF_400_YEARS = 146097,
	DAYS_BEFORE_1970 = 719528,
};

/* The first second of the year 0000, and the last of 9999. */
static const int64_t EARLIEST = -62167219200;
static const int64_t LATEST = 253402300799;

static const char DAY_NAMES[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char MONTH_NAMES[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct moment {
	int year;
	int month; /* 0 to 11 */
	int day;   /* 1 to 31 */
	int hour, minute, second;
};

/*@ logic integer days_before_year(integer year) = year * 365 + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    logic integer days_before_month(integer month) =
      month == 0 ? 0 : month == 1 ? 31 : month == 2 ? 59 : month == 3 ? 90 : month == 4 ? 120 : month == 5 ? 151 :
      month == 6 ? 181 : month == 7 ? 212 : month == 8 ? 243 : month == 9 ? 273 : month == 10 ? 304 : month == 11 ? 334 : 365;
    logic integer leap_day(integer year) = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 1 : 0;
    logic integer days_before(integer year, integer month) =
      days_before_year(year) + days_before_month(month) + (month > 1 ? leap_day(year) : 0);
    logic integer seconds_of(struct moment m) =
      (days_before(m.year, m.month) + m.day - 1 - DAYS_BEFORE_1970) * SECONDS_A_DAY + m.hour * 3600 + m.minute * 60 + m.second;

    predicate is_writable(integer seconds) = -62167219200 <= seconds <= 253402300799;
    // What a form of dates allows; the day may not exist in its month.
    predicate is_read(struct moment m) = 0 <= m.year <= 9999 && 0 <= m.month < 12 && 0 <= m.day <= 9999 &&
      0 <= m.hour <= 9999 && 0 <= m.minute <= 9999 && 0 <= m.second <= 9999;
    predicate is_day(struct moment m) = 0 <= m.year <= 9999 && 0 <= m.month < 12 &&
      1 <= m.day <= days_before(m.year, m.month + 1) - days_before(m.year, m.month);
    predicate is_moment(struct moment m) =
      is_day(m) && 0 <= m.hour < 24 && 0 <= m.minute < 60 && 0 <= m.second < 60; */

/* Years divisible by 4 are leap years, except those divisible by 100, unless by 400. */
/*@ requires 0 <= year <= 30000;
    assigns \nothing;
    ensures \result == days_before_year(year);
    ensures 0 <= \result <= year * 366; */
static int days_before_year(int year)
{
	return year * 365 + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
}

/* The days before a month; month 12 is the first one of the next year. */
/*@ requires 0 <= year <= 30000 && 0 <= month <= 12;
    assigns \nothing;
    ensures \result == days_before(year, month);
    ensures 0 <= \result <= year * 366 + 366; */
static int days_before(int year, int month)
{
	static const short DAYS[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days_before_year(year) + DAYS[month] + (leap && month > 1);
}

/*@ requires 0 <= moment.year <= 30000 && 0 <= moment.month < 12 && 0 <= moment.day <= 9999;
    requires 0 <= moment.hour <= 9999 && 0 <= moment.minute <= 9999 && 0 <= moment.second <= 9999;
    assigns \nothing;
    ensures \result == seconds_of(moment); */
static int64_t moment_to_seconds(struct moment moment)
{
	int days = days_before(moment.year, moment.month) - DAYS_BEFORE_1970 + moment.day - 1;
	int second_of_day = moment.hour * 3600 + moment.minute * 60 + moment.second;
	return (int64_t)days * SECONDS_A_DAY + second_of_day;
}

/* Dividing by the mean length of a year gives the year or the one before: begin one later, and search down. */
/*@ requires 0 <= days < days_before_year(10000);
    assigns \nothing;
    ensures 0 <= \result <= 9999;
    ensures days_before_year(\result) <= days < days_before_year(\result + 1); */
static int year_of(int days)
{
	int year = (int)((int64_t)days * 400 / DAYS_OF_400_YEARS) + 1;
	/*@ loop invariant 0 <= year <= 10000 && days < days_before_year(year + 1);
	    loop assigns year;
	    loop variant year; */
	while (days < days_before_year(year))
		year--;
	return year;
}

/*@ requires 0 <= year <= 9999 && days_before_year(year) <= days < days_before_year(year + 1);
    assigns \nothing;
    ensures 0 <= \result < 12;
    ensures days_before(year, \result) <= days < days_before(year, \result + 1); */
static int month_of(int year, int days)
{
	int month = 11;
	/*@ loop invariant 0 <= month < 12 && days < days_before(year, month + 1);
	    loop assigns month;
	    loop variant month; */
	while (days < days_before(year, month))
		month--;
	return month;
}

/*@ requires is_writable(seconds);
    assigns \nothing;
    ensures 0 <= \result < days_before_year(10000);
    ensures \result * SECONDS_A_DAY <= seconds + 62167219200 < (\result + 1) * SECONDS_A_DAY; */
static int days_of(int64_t seconds)
{
	return (int)((seconds - EARLIEST) / SECONDS_A_DAY);
}

/* Converts a time from EARLIEST to LATEST. */
/*@ requires is_writable(seconds);
    assigns \nothing;
    ensures is_moment(\result);
    ensures seconds_of(\result) == seconds; */
static struct moment moment_of(int64_t seconds)
{
	int days = days_of(seconds);
	int rest = (int)(seconds - EARLIEST - (int64_t)days * SECONDS_A_DAY);
	int year = year_of(days);
	int month = month_of(year, days);
	return (struct moment){
	    .year = year,
	    .month = month,
	    .day = days - days_before(year, month) + 1,
	    .hour = rest / 3600,
	    .minute = rest / 60 % 60,
	    .second = rest % 60,
	};
}

/* Appends the last two digits of a number that is not negative. */
/*@ requires buffer_is_valid(text) && 0 <= number;
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text);
    ensures \forall integer i; \old(text->length) <= i < text->length ==> ' ' <= text->data[i] <= '~'; */
static void add_two_digits(struct buffer *text, int number)
{
	buffer_add_byte(text, (char)('0' + number / 10 % 10));
	buffer_add_byte(text, (char)('0' + number % 10));
}

/*@ requires buffer_is_valid(text) && 0 <= year;
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text);
    ensures \forall integer i; \old(text->length) <= i < text->length ==> ' ' <= text->data[i] <= '~'; */
static void add_year(struct buffer *text, int year)
{
	add_two_digits(text, year / 100);
	add_two_digits(text, year);
}

/*@ requires buffer_is_valid(text) && 0 <= hour && 0 <= minute;
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text);
    ensures \forall integer i; \old(text->length) <= i < text->length ==> ' ' <= text->data[i] <= '~'; */
static void add_hour_and_minute(struct buffer *text, int hour, int minute)
{
	add_two_digits(text, hour);
	buffer_add_byte(text, ':');
	add_two_digits(text, minute);
}

bool date_is_of_change(struct timespec modified)
{
	enum { START_OF_1990 = 631152000, START_OF_2000 = 946684800 };
	return modified.tv_sec >= START_OF_1990 &&
	       (modified.tv_sec != START_OF_2000 || modified.tv_nsec != 0);
}

bool date_is_writable(int64_t seconds)
{
	return seconds >= EARLIEST && seconds <= LATEST;
}

/*@ requires buffer_is_valid(text) && 0 <= month < 12;
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures buffer_is_valid(text); */
static void add_month(struct buffer *text, int month)
{
	buffer_add(text, (struct view){MONTH_NAMES[month], 3});
}

/*@ requires buffer_is_valid(date) && is_moment(moment) && 0 <= weekday < 7;
    assigns date->length, date->truncated, date->data[0 .. date->capacity - 1];
    ensures buffer_is_valid(date); */
static void add_imf_fixdate(struct buffer *date, int weekday, struct moment moment)
{
	buffer_add(date, (struct view){DAY_NAMES[weekday], 3});
	buffer_add(date, VIEW(", "));
	add_two_digits(date, moment.day);
	buffer_add_byte(date, ' ');
	add_month(date, moment.month);
	buffer_add_byte(date, ' ');
	add_year(date, moment.year);
	buffer_add_byte(date, ' ');
	add_hour_and_minute(date, moment.hour, moment.minute);
	buffer_add_byte(date, ':');
	add_two_digits(date, moment.second);
	buffer_add(date, VIEW(" GMT"));
}

bool date_format(struct buffer *text, int64_t seconds)
{
	if (!date_is_writable(seconds))
		return false;
	char buffer[sizeof "Sun, 06 Nov 1994 08:49:37 GMT" - 1];
	struct buffer date = BUFFER(buffer);
	add_imf_fixdate(&date, (days_of(seconds) + 6) % 7, moment_of(seconds));
	buffer_add(text, buffer_view(&date));
	return true;
}

/*@ requires buffer_is_valid(text) && is_moment(moment);
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text);
    ensures \forall integer i; \old(text->length) <= i < text->length ==> ' ' <= text->data[i] <= '~'; */
static void add_iso_day(struct buffer *text, struct moment moment)
{
	add_year(text, moment.year);
	buffer_add_byte(text, '-');
	add_two_digits(text, moment.month + 1);
	/*@ assert \forall integer i; \at(text->length, Pre) <= i < text->length ==> ' ' <= text->data[i] <= '~'; */
	buffer_add_byte(text, '-');
	add_two_digits(text, moment.day);
}

bool date_format_iso(struct buffer *text, int64_t seconds, char between)
{
	if (!date_is_writable(seconds))
		return false;
	struct moment moment = moment_of(seconds);
	add_iso_day(text, moment);
	buffer_add_byte(text, between);
	add_hour_and_minute(text, moment.hour, moment.minute);
	return true;
}

/* Each take_ function removes what it names from the front of *rest. Returns false if it is not there. */
/*@ requires \valid(rest) && readable(*rest) && readable(expected);
    assigns *rest;
    ensures readable(*rest); */
static bool take_text(struct view *rest, struct view expected)
{
	struct view front = {rest->data, expected.length};
	if (rest->length < expected.length || !view_equal(front, expected))
		return false;
	*rest = view_from(*rest, expected.length);
	return true;
}

/*@ requires \valid(rest) && \valid(number) && \separated(rest, number) && readable(*rest);
    assigns *rest, *number;
    ensures readable(*rest);
    ensures \result ==> 0 <= *number <= 9999; */
static bool take_digits(struct view *rest, size_t width, int *number)
{
	uint64_t digits;
	if (rest->length < width ||
	    !parse_number((struct view){rest->data, width}, 0, 9999, &digits))
		return false;
	*number = (int)digits;
	*rest = view_from(*rest, width);
	return true;
}

/*@ requires \valid(rest) && readable(*rest);
    assigns *rest;
    ensures readable(*rest); */
static bool take_short_day_name(struct view *rest)
{
	/*@ loop invariant 0 <= i <= 7 && readable(*rest);
	    loop assigns i, *rest;
	    loop variant 7 - i; */
	for (int i = 0; i < 7; i++)
		if (take_text(rest, (struct view){DAY_NAMES[i], 3}))
			return true;
	return false;
}

/*@ requires \valid(rest) && readable(*rest);
    assigns *rest;
    ensures readable(*rest); */
static bool take_long_day_name(struct view *rest)
{
	struct view name;
	return parse_cut(rest, ',', &name) &&
	       parse_choice(name,
	                    VIEW("Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday")) >= 0;
}

/*@ requires \valid(rest) && \valid(moment) && \separated(rest, moment) && readable(*rest);
    assigns *rest, moment->month;
    ensures readable(*rest);
    ensures \result ==> 0 <= moment->month < 12; */
static bool take_month(struct view *rest, struct moment *moment)
{
	/*@ loop invariant 0 <= moment->month <= 12 && readable(*rest);
	    loop assigns moment->month, *rest;
	    loop variant 12 - moment->month; */
	for (moment->month = 0; moment->month < 12; moment->month++)
		if (take_text(rest, (struct view){MONTH_NAMES[moment->month], 3}))
			return true;
	return false;
}

/*@ requires \valid(rest) && \valid(moment) && \separated(rest, moment) && readable(*rest);
    assigns *rest, moment->hour, moment->minute, moment->second;
    ensures readable(*rest);
    ensures \result ==> 0 <= moment->hour <= 9999 && 0 <= moment->minute <= 9999 && 0 <= moment->second <= 9999; */
static bool take_time(struct view *rest, struct moment *moment)
{
	return take_digits(rest, 2, &moment->hour) && take_text(rest, VIEW(":")) &&
	       take_digits(rest, 2, &moment->minute) && take_text(rest, VIEW(":")) &&
	       take_digits(rest, 2, &moment->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
/*@ requires readable(value) && \valid(moment);
    assigns *moment;
    ensures \result ==> is_read(*moment); */
static bool read_imf_fixdate(struct view value, struct moment *moment)
{
	return take_short_day_name(&value) && take_text(&value, VIEW(", ")) &&
	       take_digits(&value, 2, &moment->day) && take_text(&value, VIEW(" ")) &&
	       take_month(&value, moment) && take_text(&value, VIEW(" ")) &&
	       take_digits(&value, 4, &moment->year) && take_text(&value, VIEW(" ")) &&
	       take_time(&value, moment) && view_equal(value, VIEW(" GMT"));
}

/* Sun Nov  6 08:49:37 1994 */
/*@ requires readable(value) && \valid(moment);
    assigns *moment;
    ensures \result ==> is_read(*moment); */
static bool read_asctime(struct view value, struct moment *moment)
{
	return take_short_day_name(&value) && take_text(&value, VIEW(" ")) &&
	       take_month(&value, moment) && take_text(&value, VIEW(" ")) &&
	       take_digits(&value, take_text(&value, VIEW(" ")) ? 1 : 2, &moment->day) &&
	       take_text(&value, VIEW(" ")) && take_time(&value, moment) &&
	       take_text(&value, VIEW(" ")) && take_digits(&value, 4, &moment->year) &&
	       value.length == 0;
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
/*@ requires readable(value) && \valid(moment);
    assigns *moment;
    ensures \result ==> is_read(*moment); */
static bool read_rfc850_date(struct view value, int64_t now, struct moment *moment)
{
	bool read = take_long_day_name(&value) && take_text(&value, VIEW(" ")) &&
	            take_digits(&value, 2, &moment->day) && take_text(&value, VIEW("-")) &&
	            take_month(&value, moment) && take_text(&value, VIEW("-")) &&
	            take_digits(&value, 2, &moment->year) && take_text(&value, VIEW(" ")) &&
	            take_time(&value, moment) && view_equal(value, VIEW(" GMT"));
	if (!read || !date_is_writable(now))
		return false;
	struct moment limit = moment_of(now);
	limit.year += 50;
	moment->year += limit.year - limit.year % 100;
	if (moment_to_seconds(*moment) > moment_to_seconds(limit))
		moment->year -= 100;
	return moment->year >= 0 && moment->year <= 9999;
}

/*@ requires is_read(moment);
    assigns \nothing;
    ensures \result ==> is_day(moment) && moment.hour < 24 && moment.minute < 60 && moment.second <= 60; */
static bool moment_is_valid(struct moment moment)
{
	if (moment.day < 1 || moment.day > days_before(moment.year, moment.month + 1) -
	                                       days_before(moment.year, moment.month))
		return false;
	if (moment.second == 60)
		return moment.hour == 23 && moment.minute == 59;
	return moment.hour < 24 && moment.minute < 60 && moment.second < 60;
}

bool date_parse(struct view value, int64_t now, int64_t *seconds)
{
	struct moment moment;
	if (!read_imf_fixdate(value, &moment) && !read_asctime(value, &moment) &&
	    !read_rfc850_date(value, now, &moment))
		return false;
	if (!moment_is_valid(moment))
		return false;
	*seconds = moment_to_seconds(moment);
	return true;
}
