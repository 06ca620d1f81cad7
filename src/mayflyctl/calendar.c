/* Dates of the calendar; see calendar.h. */
#include "calendar.h"
#include "base/parse.h"
#include <stdio.h>

enum { DAY = 86400, DAYS_OF_WEEK = 7, YEAR_OF_TM = 1900 };

static struct tm to_tm(int date)
{
	time_t seconds = (time_t)date * DAY;
	struct tm tm = {0};
	(void)gmtime_r(&seconds, &tm);
	return tm;
}

int calendar_make(int year, int month, int day)
{
	struct tm tm = {.tm_year = year - YEAR_OF_TM, .tm_mon = month - 1, .tm_mday = day};
	return (int)(timegm(&tm) / DAY);
}

int calendar_date(time_t when)
{
	struct tm tm;
	if (localtime_r(&when, &tm) == NULL && gmtime_r(&when, &tm) == NULL)
		return 0;
	return calendar_make(tm.tm_year + YEAR_OF_TM, tm.tm_mon + 1, tm.tm_mday);
}

bool calendar_parse(struct view text, int *date)
{
	static const char FORM[] = "0000-00-00";
	char name[CALENDAR_NAME_SIZE];
	uint64_t year, month, day;
	if (text.length != sizeof FORM - 1 || text.data[4] != '-' || text.data[7] != '-' ||
	    !parse_number((struct view){text.data, 4}, 1, 9999, &year) ||
	    !parse_number((struct view){text.data + 5, 2}, 1, 12, &month) ||
	    !parse_number((struct view){text.data + 8, 2}, 1, 31, &day))
		return false;
	int parsed = calendar_make((int)year, (int)month, (int)day);
	/* June 31 is July 1. */
	if (!view_equal(text, view_of(calendar_name(parsed, CALENDAR_DAY, name))))
		return false;
	*date = parsed;
	return true;
}

const char *calendar_name(int date, enum calendar_unit unit, char name[static CALENDAR_NAME_SIZE])
{
	struct tm tm = to_tm(date);
	int year = tm.tm_year + YEAR_OF_TM;
	switch (unit) {
	case CALENDAR_DAY:
		(void)snprintf(name, CALENDAR_NAME_SIZE, "%04d-%02d-%02d", year, tm.tm_mon + 1,
		               tm.tm_mday);
		return name;
	case CALENDAR_WEEK:
		(void)strftime(name, CALENDAR_NAME_SIZE, "%G-W%V", &tm);
		return name;
	case CALENDAR_MONTH:
		(void)snprintf(name, CALENDAR_NAME_SIZE, "%04d-%02d", year, tm.tm_mon + 1);
		return name;
	case CALENDAR_YEAR:
		break;
	}
	(void)snprintf(name, CALENDAR_NAME_SIZE, "%04d", year);
	return name;
}

int calendar_begin(int date, enum calendar_unit unit)
{
	struct tm tm = to_tm(date);
	int year = tm.tm_year + YEAR_OF_TM;
	switch (unit) {
	case CALENDAR_DAY:
		return date;
	case CALENDAR_WEEK:
		return date - (tm.tm_wday + DAYS_OF_WEEK - 1) % DAYS_OF_WEEK;
	case CALENDAR_MONTH:
		return calendar_make(year, tm.tm_mon + 1, 1);
	case CALENDAR_YEAR:
		break;
	}
	return calendar_make(year, 1, 1);
}

int calendar_day_of_month(int date)
{
	return to_tm(date).tm_mday;
}
