/* The clock for deadlines and durations; see clock.h. */
#include "clock.h"
#include <time.h>

enum { SECOND_US = 1000000 };

int64_t clock_now_us(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

int64_t clock_us(unsigned seconds)
{
	return (int64_t)seconds * SECOND_US;
}
