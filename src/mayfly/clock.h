/* The clock that deadlines and durations are measured by: it never jumps. */
#ifndef MAYFLY_CLOCK_H
#define MAYFLY_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds since some fixed moment. */
static inline int64_t clock_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int64_t seconds_us(unsigned seconds)
{
	return (int64_t)seconds * 1000000;
}

#endif
