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

static const char DAY_NAMES[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
static const char MONTH_NAMES[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct moment {
	int year;
	int month; /* 0 to 11 */
	int day;   /* 1 to 31 */
	int hour, minute, second;
};

static int days_in_month(int year, int month)
{
	static const signed char DAYS[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return month == 1 && leap ? 29 : DAYS[month];
}

/* Years divisible by 4 are leap years, except those divisible by 100, unless by 400. */
static int days_before_year(int year)
{
	return year * 365 + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
}

static int64_t moment_to_seconds(const struct moment *moment)
{
	int days = days_before_year(moment->year) - DAYS_BEFORE_1970 + moment->day - 1;
	for (int month = 0; month < moment->month; month++)
		days += days_in_month(moment->year, month);
	int second_of_day = moment->hour * 3600 + moment->minute * 60 + moment->second;
	return (int64_t)days * SECONDS_A_DAY + second_of_day;
}

/* Converts a time from EARLIEST to LATEST. Returns the index of its day in DAY_NAMES. */
static int moment_set(int64_t seconds, struct moment *moment)
{
	int days = (int)((seconds - EARLIEST) / SECONDS_A_DAY);
	int rest = (int)((seconds - EARLIEST) % SECONDS_A_DAY);
	moment->hour = rest / 3600;
	moment->minute = rest / 60 % 60;
	moment->second = rest % 60;

	/* Dividing by the mean length of a year gives the year, or the one before: search down. */
	moment->year = (int)((int64_t)days * 400 / DAYS_OF_400_YEARS) + 1;
	while (days < days_before_year(moment->year))
		moment->year--;
	moment->day = days - days_before_year(moment->year) + 1;
	for (moment->month = 0; moment->day > days_in_month(moment->year, moment->month);
	     moment->month++)
		moment->day -= days_in_month(moment->year, moment->month);
	return (days + 6) % 7;
}

/* Appends the last two digits of a number that is not negative. */
static void add_two_digits(struct buffer *text, int number)
{
	buffer_add_byte(text, (char)('0' + number / 10 % 10));
	buffer_add_byte(text, (char)('0' + number % 10));
}

static void add_year(struct buffer *text, int year)
{
	add_two_digits(text, year / 100);
	add_two_digits(text, year);
}

static void add_time(struct buffer *text, const struct moment *moment)
{
	add_two_digits(text, moment->hour);
	buffer_add(text, VIEW(":"));
	add_two_digits(text, moment->minute);
	buffer_add(text, VIEW(":"));
	add_two_digits(text, moment->second);
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

bool date_format(struct buffer *text, int64_t seconds)
{
	if (!date_is_writable(seconds))
		return false;
	char buffer[sizeof "Sun, 06 Nov 1994 08:49:37 GMT" - 1];
	struct buffer date = BUFFER(buffer);
	struct moment moment;
	int day_name = moment_set(seconds, &moment);
	buffer_add(&date, (struct view){DAY_NAMES[day_name], 3});
	buffer_add(&date, VIEW(", "));
	add_two_digits(&date, moment.day);
	buffer_add(&date, VIEW(" "));
	buffer_add(&date, view_of(MONTH_NAMES[moment.month]));
	buffer_add(&date, VIEW(" "));
	add_year(&date, moment.year);
	buffer_add(&date, VIEW(" "));
	add_time(&date, &moment);
	buffer_add(&date, VIEW(" GMT"));
	buffer_add(text, buffer_view(&date));
	return true;
}

bool date_format_iso(struct buffer *text, int64_t seconds, char between)
{
	if (!date_is_writable(seconds))
		return false;
	struct moment moment;
	moment_set(seconds, &moment);
	add_year(text, moment.year);
	buffer_add(text, VIEW("-"));
	add_two_digits(text, moment.month + 1);
	buffer_add(text, VIEW("-"));
	add_two_digits(text, moment.day);
	buffer_add_byte(text, between);
	add_two_digits(text, moment.hour);
	buffer_add(text, VIEW(":"));
	add_two_digits(text, moment.minute);
	return true;
}

/* Each take_ function removes what it names from the front of *rest. Returns false if it is not there. */
static bool take_text(struct view *rest, struct view expected)
{
	struct view front = {rest->data, expected.length};
	if (rest->length < expected.length || !view_equal(front, expected))
		return false;
	*rest = view_from(*rest, expected.length);
	return true;
}

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

static bool take_short_day_name(struct view *rest)
{
	for (int i = 0; i < 7; i++)
		if (take_text(rest, (struct view){DAY_NAMES[i], 3}))
			return true;
	return false;
}

static bool take_long_day_name(struct view *rest)
{
	for (int i = 0; i < 7; i++)
		if (take_text(rest, view_of(DAY_NAMES[i])))
			return true;
	return false;
}

static bool take_month(struct view *rest, struct moment *moment)
{
	for (moment->month = 0; moment->month < 12; moment->month++)
		if (take_text(rest, view_of(MONTH_NAMES[moment->month])))
			return true;
	return false;
}

static bool take_time(struct view *rest, struct moment *moment)
{
	return take_digits(rest, 2, &moment->hour) && take_text(rest, VIEW(":")) &&
	       take_digits(rest, 2, &moment->minute) && take_text(rest, VIEW(":")) &&
	       take_digits(rest, 2, &moment->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool read_imf_fixdate(struct view value, struct moment *moment)
{
	return take_short_day_name(&value) && take_text(&value, VIEW(", ")) &&
	       take_digits(&value, 2, &moment->day) && take_text(&value, VIEW(" ")) &&
	       take_month(&value, moment) && take_text(&value, VIEW(" ")) &&
	       take_digits(&value, 4, &moment->year) && take_text(&value, VIEW(" ")) &&
	       take_time(&value, moment) && view_equal(value, VIEW(" GMT"));
}

/* Sun Nov  6 08:49:37 1994 */
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
static bool read_rfc850_date(struct view value, int64_t now, struct moment *moment)
{
	bool read = take_long_day_name(&value) && take_text(&value, VIEW(", ")) &&
	            take_digits(&value, 2, &moment->day) && take_text(&value, VIEW("-")) &&
	            take_month(&value, moment) && take_text(&value, VIEW("-")) &&
	            take_digits(&value, 2, &moment->year) && take_text(&value, VIEW(" ")) &&
	            take_time(&value, moment) && view_equal(value, VIEW(" GMT"));
	if (!read || !date_is_writable(now))
		return false;
	struct moment limit;
	moment_set(now, &limit);
	limit.year += 50;
	moment->year += limit.year - limit.year % 100;
	if (moment_to_seconds(moment) > moment_to_seconds(&limit))
		moment->year -= 100;
	return moment->year >= 0 && moment->year <= 9999;
}

static bool moment_is_valid(const struct moment *moment)
{
	if (moment->day < 1 || moment->day > days_in_month(moment->year, moment->month))
		return false;
	if (moment->second == 60)
		return moment->hour == 23 && moment->minute == 59;
	return moment->hour < 24 && moment->minute < 60 && moment->second < 60;
}

bool date_parse(struct view value, int64_t now, int64_t *seconds)
{
	struct moment moment;
	if (!read_imf_fixdate(value, &moment) && !read_asctime(value, &moment) &&
	    !read_rfc850_date(value, now, &moment))
		return false;
	if (!moment_is_valid(&moment))
		return false;
	*seconds = moment_to_seconds(&moment);
	return true;
}
