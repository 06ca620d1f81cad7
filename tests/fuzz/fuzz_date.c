/*
 * Dates: any time is formatted as the C library does; a formatted date is parsed as the same
 * time in each of the three formats; and any date that is accepted can be formatted and parsed
 * to the same time.
 */
#include "fuzz.h"
#include "http/date.h"
#include <time.h>

static void expect_read(const char *form, const struct tm *time, int64_t now, int64_t seconds)
{
	char written[64];
	int64_t read = ~seconds;
	HOLDS(strftime(written, sizeof written, form, time) > 0);
	HOLDS(date_parse(view_of(written), now, &read) && read == seconds);
}

static void expect_written(int64_t seconds)
{
	char buffer[64], expected[64];
	struct buffer text = BUFFER(buffer);
	struct tm time;
	time_t clock = (time_t)seconds;
	bool written = date_format(&text, seconds);
	bool fits =
	    gmtime_r(&clock, &time) != NULL && time.tm_year >= -1900 && time.tm_year <= 9999 - 1900;
	HOLDS(written == fits && (written || text.length == 0));
	if (!written || time.tm_year < 1000 - 1900)
		return;
	HOLDS(strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &time) > 0);
	HOLDS(view_equal(buffer_view(&text), view_of(expected)));
	expect_read("%a, %d %b %Y %H:%M:%S GMT", &time, 0, seconds);
	expect_read("%a %b %e %H:%M:%S %Y", &time, 0, seconds);
	/* A two-digit year means the year nearest to now. */
	expect_read("%A, %d-%b-%y %H:%M:%S GMT", &time, seconds, seconds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	char buffer[64];
	struct buffer text = BUFFER(buffer);
	int64_t seconds = (int64_t)take(&input, 8), read = 0, again = 0;
	unsigned shift = (unsigned)take(&input, 1) % 64;
	expect_written(seconds >> shift);
	if (!date_parse(take_rest(&input), seconds, &read))
		return 0;
	HOLDS(date_format(&text, read));
	HOLDS(date_parse(buffer_view(&text), seconds, &again) && again == read);
	return 0;
}
