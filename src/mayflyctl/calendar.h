/*
 * Dates of the calendar, as numbers of days since 1970-01-01. A date has no time zone: only
 * calendar_date depends on the local one.
 */
#ifndef MAYFLY_MAYFLYCTL_CALENDAR_H
#define MAYFLY_MAYFLYCTL_CALENDAR_H

#include "base/view.h"
#include <time.h>

/* Room for the longest name, and for those of impossible dates. */
enum { CALENDAR_NAME_SIZE = 40 };

enum calendar_unit { CALENDAR_DAY, CALENDAR_WEEK, CALENDAR_MONTH, CALENDAR_YEAR };

/* Returns the local date at this time, or that in UTC if the local one is not known; 0 if the time has no date. */
int calendar_date(time_t when);

/* Returns the date of a day of a month, 1 to 12; days outside the month are those before or after. */
int calendar_make(int year, int month, int day);

/*
 * Parses a date of the years 0001 to 9999, "2026-11-28". Returns false, with *date unchanged, for
 * any other text.
 */
bool calendar_parse(struct view text, int *date);

/*
 * Writes the name of the unit that a date is in: "2026-11-28", "2026-W48" (ISO 8601: weeks begin on
 * Monday, and belong to the year of their Thursday), "2026-11" or "2026". Returns `name`.
 */
const char *calendar_name(int date, enum calendar_unit unit, char name[static CALENDAR_NAME_SIZE]);

/* Returns the first date of the unit that a date is in. */
int calendar_begin(int date, enum calendar_unit unit);

/* Returns the day of the month, 1 to 31. */
int calendar_day_of_month(int date);

#endif
