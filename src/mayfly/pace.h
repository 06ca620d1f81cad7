/*
 * The rate at which a client takes responses, judged over windows of time. Pure: the caller measures
 * the time and the bytes.
 */
#ifndef MAYFLY_PACE_H
#define MAYFLY_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	int64_t window_us;     /* length of a window */
	uint64_t window_bytes; /* bytes that the client must take in a window */
	int64_t waited_us;     /* of the current window */
	uint64_t taken;        /* bytes taken before the current window */
};

/* A window of so many seconds and a minimum rate in bytes per second. With a rate of 0, one byte per
 * window is enough. */
struct pace pace_of(unsigned seconds, unsigned rate);

/* The longest time, in microseconds, for which the caller may wait without calling pace_add. */
int64_t pace_wait_max_us(const struct pace *pace);

/*
 * Adds microseconds for which the caller has waited for the client. At most pace_wait_max_us of them
 * count: the rest is time for which the process or the machine was stopped, not the client's fault.
 */
void pace_add(struct pace *pace, int64_t waited_us);

bool pace_window_is_over(const struct pace *pace);

/*
 * Ends the window and begins the next. `taken`: bytes that the client has taken since it connected.
 * Returns whether those of the window are enough.
 */
bool pace_next_window(struct pace *pace, uint64_t taken);

#endif
