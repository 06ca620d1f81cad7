/* Parsing points in time; see when.h. */
#include "when.h"
#include "base/parse.h"
#include "memory.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { HOUR = 3600 };

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define WEEK_US (7 * DAY_US)
#define MONTH_US (DAY_US * 4870 / 160) /* 30.4375 days, as systemd counts */
#define YEAR_US (DAY_US * 36525 / 100) /* 365.25 days */

/* The longest span: 30,000 years. */
static const int64_t SPAN_MAX_US = INT64_C(1000000000000) * SECOND_US;

static bool find_midnight(time_t now, int days_later, time_t *when)
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

/* --- Spans. --- */

/*
 * Skips a unit and the spaces around it; without a unit, it is a second. Returns its microseconds,
 * or 0 if there is no such unit.
 */
static int64_t skip_unit(const char **text)
{
	static const struct {
		const char *names; /* separated by spaces */
		int64_t microseconds;
	} UNITS[] = {
	    {" us usec ", 1},
	    {" ms msec ", 1000},
	    {" s sec second seconds ", SECOND_US},
	    {" m min minute minutes ", MINUTE_US},
	    {" h hr hour hours ", HOUR_US},
	    {" d day days ", DAY_US},
	    {" w week weeks ", WEEK_US},
	    {" M month months ", MONTH_US},
	    {" y year years ", YEAR_US},
	};
	char word[16];
	const char *unit = *text + strspn(*text, " ");
	int length = (int)strspn(unit, "abcdefghijklmnopqrstuvwxyzM");
	bool is_direction = strcmp(unit, "ago") == 0 || strcmp(unit, "left") == 0;
	if (length == 0 || is_direction) {
		*text = unit;
		return SECOND_US;
	}
	if (snprintf(word, sizeof word, " %.*s ", length, unit) >= (int)sizeof word)
		return 0;
	*text = unit + length;
	*text += strspn(*text, " ");
	for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++)
		if (strstr(UNITS[i].names, word) != NULL)
			return UNITS[i].microseconds;
	return 0;
}

/* Skips digits. Returns false if there are none, or more than 12 that count. */
static bool skip_digits(const char **text, int64_t *number)
{
	struct view rest = view_of(*text);
	uint64_t digits;
	bool fits;
	if (!parse_digits(&rest, &digits, &fits) || digits > UINT64_C(999999999999))
		return false;
	*number = (int64_t)digits;
	*text = rest.data;
	return true;
}

/* Skips "." and digits, if they are there. Returns the millionths. */
static int64_t skip_fraction(const char **text)
{
	int64_t millionths = 0, place = 100000;
	if (**text != '.' || !ascii_is_digit((*text)[1]))
		return 0;
	for (++*text; ascii_is_digit(**text); ++*text, place /= 10)
		millionths += (**text - '0') * place;
	return millionths;
}

/* Skips a number and its unit, and adds them to the span. */
static bool skip_part(const char **text, int64_t *span)
{
	int64_t number, whole, part;
	if (!skip_digits(text, &number))
		return false;
	int64_t millionths = skip_fraction(text);
	int64_t unit = skip_unit(text);
	/* A unit has at most 3.2e13 microseconds, so that the product of the fraction fits. */
	part = unit / 1000 * millionths / 1000 + unit % 1000 * millionths / 1000000;
	if (unit == 0 || __builtin_mul_overflow(number, unit, &whole) ||
	    __builtin_add_overflow(*span, whole, span) || __builtin_add_overflow(*span, part, span))
		return false;
	return *span <= SPAN_MAX_US;
}

/* Skips a span, "1h 30min", up to the end or the word "ago" or "left". */
static bool skip_span(const char **text, int64_t *span)
{
	*span = 0;
	do {
		if (!skip_part(text, span))
			return false;
	} while (**text != '\0' && strcmp(*text, "ago") != 0 && strcmp(*text, "left") != 0);
	return true;
}

/* Rounds down. */
static time_t add_span(time_t now, int64_t span)
{
	int64_t seconds = span / SECOND_US;
	return now + seconds - (span % SECOND_US < 0);
}

static bool parse_span(const char *text, time_t now, time_t *when)
{
	bool later = *text == '+', sooner = *text == '-';
	int64_t span;
	text += later || sooner;
	if (!skip_span(&text, &span))
		return false;
	bool has_word = *text != '\0';
	if (has_word == (later || sooner)) /* neither "-1h ago" nor "1h" */
		return false;
	later = later || (has_word && *text == 'l');
	*when = add_span(now, later ? span : -span);
	return true;
}

static bool parse_seconds(const char *text, time_t *when)
{
	int64_t seconds;
	if (*text++ != '@' || !skip_digits(&text, &seconds))
		return false;
	(void)skip_fraction(&text);
	if (*text != '\0')
		return false;
	*when = seconds;
	return true;
}

/* --- Dates. --- */

/* Whether a fraction of a second, or nothing, is left. */
static bool is_at_end(const char *text)
{
	(void)skip_fraction(&text);
	return *text == '\0';
}

/*
 * Parses a time in a format of strptime(3); fields that it does not have are those of `date`. A
 * weekday, 0 for Sunday, must be that of the date; -1 allows any.
 */
static bool parse_as(const char *text, const char *format, struct tm date, int weekday,
                     time_t *when)
{
	const char *end = strptime(text, format, &date);
	bool has_seconds = strstr(format, "%S") != NULL;
	if (end == NULL || !(has_seconds ? is_at_end(end) : *end == '\0'))
		return false;
	int day = date.tm_mday;
	date.tm_isdst = -1;
	time_t time = mktime(&date);
	if (date.tm_mday != day) /* such as June 31 */
		return false;
	if (weekday >= 0 && date.tm_wday != weekday)
		return false;
	*when = time;
	return true;
}

/* Skips the name of a weekday and the space after it. Returns its number, or -1 if there is none. */
static int skip_weekday(const char **text)
{
	static const char *const DAYS[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
	                                   "Thursday", "Friday", "Saturday"};
	size_t length = strcspn(*text, " ");
	for (int day = 0; day < 7; day++) {
		bool is_short = length == 3 && strncasecmp(*text, DAYS[day], 3) == 0;
		bool is_long =
		    length == strlen(DAYS[day]) && strncasecmp(*text, DAYS[day], length) == 0;
		if (!is_short && !is_long)
			continue;
		*text += length;
		*text += strspn(*text, " ");
		return day;
	}
	return -1;
}

/* A year of four digits; %Y alone would take fewer. */
static bool has_long_year(const char *text)
{
	return strspn(text, "0123456789") == 4;
}

static bool parse_date(const char *text, time_t now, time_t *when)
{
	static const char *const DATES[] = {"-%m-%d", "-%m-%d %H:%M", "-%m-%d %H:%M:%S",
	                                    "-%m-%dT%H:%M", "-%m-%dT%H:%M:%S"};
	static const char *const TIMES[] = {"%H:%M", "%H:%M:%S"};
	struct tm today;
	int weekday = skip_weekday(&text);
	for (size_t i = 0; i < sizeof DATES / sizeof DATES[0]; i++) {
		char format[32];
		(void)snprintf(format, sizeof format, "%s%s", has_long_year(text) ? "%Y" : "%y",
		               DATES[i]);
		if (parse_as(text, format, (struct tm){0}, weekday, when))
			return true;
	}
	if (weekday >= 0 || localtime_r(&now, &today) == NULL)
		return false;
	today.tm_sec = 0;
	for (size_t i = 0; i < sizeof TIMES / sizeof TIMES[0]; i++)
		if (parse_as(text, TIMES[i], today, -1, when))
			return true;
	return false;
}

/* --- All forms, in a time zone. --- */

static bool parse_local(const char *text, time_t now, time_t *when)
{
	static const char DAYS[][12] = {"yesterday", "today", "tomorrow"};
	if (strcmp(text, "now") == 0) {
		*when = now;
		return true;
	}
	for (int i = 0; i < 3; i++)
		if (strcmp(text, DAYS[i]) == 0)
			return find_midnight(now, i - 1, when);
	return parse_span(text, now, when) || parse_seconds(text, when) ||
	       parse_date(text, now, when);
}

/* Texts of this size or longer name no time zone. */
enum { ZONED_MAX = 80 };

/* Whether a word is UTC or the name of a time zone of this machine. */
static bool is_zone(const char *word)
{
	char file[sizeof "/usr/share/zoneinfo/" + ZONED_MAX];
	if (strcmp(word, "UTC") == 0)
		return true;
	if (!ascii_is_letter(*word) || strstr(word, "..") != NULL)
		return false;
	(void)snprintf(file, sizeof file, "/usr/share/zoneinfo/%s", word);
	return strchr(word, '/') != NULL && access(file, R_OK) == 0;
}

/* Parses the text with TZ set to the zone. */
static bool parse_in_zone(const char *text, const char *zone, time_t now, time_t *when)
{
	const char *before = getenv("TZ");
	char *saved = before != NULL ? memory_copy(view_of(before)) : NULL;
	bool is_set = setenv("TZ", zone, 1) == 0;
	tzset();
	bool is_time = is_set && parse_local(text, now, when);
	if (saved != NULL)
		(void)setenv("TZ", saved, 1);
	else
		(void)unsetenv("TZ");
	free(saved);
	tzset();
	return is_time;
}

bool when_parse(const char *text, time_t now, time_t *when)
{
	char local[ZONED_MAX];
	size_t length = strlen(text);
	const char *space = strrchr(text, ' ');
	if (length >= sizeof local)
		return parse_local(text, now, when);
	if (space != NULL && is_zone(space + 1)) {
		(void)snprintf(local, sizeof local, "%.*s", (int)(space - text), text);
		return parse_in_zone(local, space + 1, now, when);
	}
	if (length > 1 && text[length - 1] == 'Z' && ascii_is_digit(text[length - 2])) {
		(void)snprintf(local, sizeof local, "%.*s", (int)length - 1, text);
		return parse_in_zone(local, "UTC", now, when);
	}
	return parse_local(text, now, when);
}

/* --- Local times. --- */

const char *when_format(time_t when, char text[static WHEN_TEXT_SIZE])
{
	struct tm date;
	if (localtime_r(&when, &date) == NULL ||
	    strftime(text, WHEN_TEXT_SIZE, "%Y-%m-%d %H:%M:%S %Z", &date) == 0)
		(void)snprintf(text, WHEN_TEXT_SIZE, "@%jd", (intmax_t)when);
	return text;
}

time_t when_next_hour(time_t when)
{
	struct tm date;
	if (localtime_r(&when, &date) == NULL)
		return when + HOUR;
	return when + HOUR - (time_t)date.tm_min * 60 - date.tm_sec;
}

time_t when_next_midnight(time_t when, int days)
{
	time_t next;
	return find_midnight(when, days, &next) && next > when ? next
	                                                       : when + (time_t)days * 24 * HOUR;
}

struct tm when_local(uint64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm date = {0};
	(void)localtime_r(&seconds, &date);
	return date;
}
