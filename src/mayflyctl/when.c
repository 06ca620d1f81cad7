/* Parsing points in time; see when.h. */
#include "when.h"
#include "base/parse.h"
#include <string.h>

enum {
	MINUTE = 60,
	HOUR = 3600,
	DAY = 86400,
	WEEK = 7 * DAY,
};

/* The largest number before a unit, and the longest span, in seconds: 30,000 years. */
static const int64_t NUMBER_MAX = INT64_C(999999999999), SPAN_MAX = INT64_C(1000000000000);

/* Finds the midnight at which the day of `now` begins, or a day that is `days_later`. */
static bool midnight(time_t now, int days_later, time_t *when)
{
	struct tm day;
	if (localtime_r(&now, &day) == NULL)
		return false;
	day.tm_hour = day.tm_min = day.tm_sec = 0;
	day.tm_mday += days_later;
	day.tm_isdst = -1;
	*when = mktime(&day);
	return true;
}

/* Skips a unit and the spaces around it. Returns its seconds, or 0 if there is no such unit. */
static int64_t skip_unit(const char **text)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} UNITS[] = {
	    {"s", 1},        {"sec", 1},         {"second", 1},       {"seconds", 1}, {"m", MINUTE},
	    {"min", MINUTE}, {"minute", MINUTE}, {"minutes", MINUTE}, {"h", HOUR},    {"hr", HOUR},
	    {"hour", HOUR},  {"hours", HOUR},    {"d", DAY},          {"day", DAY},   {"days", DAY},
	    {"w", WEEK},     {"week", WEEK},     {"weeks", WEEK},
	};
	const char *unit = *text + strspn(*text, " ");
	size_t length = strspn(unit, "abcdefghijklmnopqrstuvwxyz");
	*text = unit + length;
	*text += strspn(*text, " ");
	for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++)
		if (strlen(UNITS[i].name) == length && memcmp(UNITS[i].name, unit, length) == 0)
			return UNITS[i].seconds;
	return 0;
}

/* Skips a number. Returns false if there is none or it is too large. */
static bool skip_number(const char **text, int64_t *number)
{
	struct view rest = view_of(*text);
	uint64_t digits;
	bool fits;
	if (!parse_digits(&rest, &digits, &fits) || digits > (uint64_t)NUMBER_MAX)
		return false;
	*number = (int64_t)digits;
	*text = rest.data;
	return true;
}

/* Skips a span, "1h 30min", up to the end or the word "ago". */
static bool skip_span(const char **text, int64_t *seconds)
{
	*seconds = 0;
	do {
		int64_t number;
		if (!skip_number(text, &number))
			return false;
		int64_t unit = skip_unit(text);
		if (unit == 0)
			return false;
		*seconds += number * unit;
		if (*seconds > SPAN_MAX)
			return false;
	} while (**text != '\0' && strcmp(*text, "ago") != 0);
	return true;
}

static bool parse_span(const char *text, time_t now, time_t *when)
{
	bool later = *text == '+', sooner = *text == '-';
	int64_t seconds;
	text += later || sooner;
	if (!skip_span(&text, &seconds))
		return false;
	bool ago = *text != '\0';
	if (ago == (later || sooner)) /* neither "-1h ago" nor "1h" */
		return false;
	*when = later ? now + seconds : now - seconds;
	return true;
}

static bool parse_seconds(const char *text, time_t *when)
{
	int64_t seconds;
	if (*text++ != '@' || !skip_number(&text, &seconds) || *text != '\0')
		return false;
	*when = seconds;
	return true;
}

/* Parses a time in a format of strptime(3); fields that it does not have are those of `date`. */
static bool parse_as(const char *text, const char *format, struct tm date, time_t *when)
{
	const char *end = strptime(text, format, &date);
	if (end == NULL || *end != '\0')
		return false;
	int day = date.tm_mday;
	date.tm_isdst = -1;
	time_t time = mktime(&date);
	if (date.tm_mday != day) /* such as June 31 */
		return false;
	*when = time;
	return true;
}

static bool parse_date(const char *text, time_t now, time_t *when)
{
	static const char *const DATES[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"};
	static const char *const TIMES[] = {"%H:%M", "%H:%M:%S"};
	struct tm today;
	for (size_t i = 0; i < sizeof DATES / sizeof DATES[0]; i++)
		if (parse_as(text, DATES[i], (struct tm){0}, when))
			return true;
	if (localtime_r(&now, &today) == NULL)
		return false;
	today.tm_sec = 0;
	for (size_t i = 0; i < sizeof TIMES / sizeof TIMES[0]; i++)
		if (parse_as(text, TIMES[i], today, when))
			return true;
	return false;
}

bool when_parse(const char *text, time_t now, time_t *when)
{
	static const char DAYS[][12] = {"yesterday", "today", "tomorrow"};
	if (strcmp(text, "now") == 0) {
		*when = now;
		return true;
	}
	for (int i = 0; i < 3; i++)
		if (strcmp(text, DAYS[i]) == 0)
			return midnight(now, i - 1, when);
	return parse_span(text, now, when) || parse_seconds(text, when) ||
	       parse_date(text, now, when);
}

struct tm when_local(uint64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm date = {0};
	(void)localtime_r(&seconds, &date);
	return date;
}
