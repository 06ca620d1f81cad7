/* The clock for deadlines and durations: CLOCK_MONOTONIC, which is never set. */
#ifndef MAYFLY_BASE_CLOCK_H
#define MAYFLY_BASE_CLOCK_H

#include <stdint.h>

/* Returns the time in microseconds since an unspecified moment. */
int64_t clock_now_us(void);

/* Returns a number of seconds in microseconds. */
int64_t clock_us(unsigned seconds);

#endif
