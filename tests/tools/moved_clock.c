/*
 * A library for LD_PRELOAD: time(2) returns the number of seconds since 1970 that the variable CLOCK
 * holds, if it is set. The machine's clock stays as it is.
 */
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

time_t time(time_t *when)
{
	const char *clock = getenv("CLOCK");
	struct timeval now;
	time_t seconds;
	if (clock != NULL) {
		seconds = (time_t)strtoll(clock, NULL, 10);
	} else {
		(void)gettimeofday(&now, NULL);
		seconds = now.tv_sec;
	}
	if (when != NULL)
		*when = seconds;
	return seconds;
}
