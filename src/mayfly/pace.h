/*
 * Whether a client receives responses fast enough: a minimum mean rate in each window of time
 * (--min-rate, --send-timeout). Pure: wait_to_send in connection.c measures the time and the bytes.
 */
#ifndef MAYFLY_PACE_H
#define MAYFLY_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	int64_t window_us;     /* length of a window */
	uint64_t window_bytes; /* bytes that the client must receive in a window */
	int64_t waited_us;     /* time spent in the current window */
	uint64_t received;     /* bytes that the client had received when the window began */
};

/* Makes windows of `seconds` and a minimum rate in bytes per second; 0: one byte per window. */
struct pace pace_of(unsigned seconds, unsigned rate);

/* Returns the longest time, in microseconds, that the caller may wait between calls of pace_add. */
int64_t pace_wait_max_us(const struct pace *pace);

/*
 * Adds the microseconds that the caller has waited for the client, up to pace_wait_max_us: a longer
 * wait means that the process or the machine was stopped, which is not the client's fault.
 */
void pace_add(struct pace *pace, int64_t waited_us);

/* Whether the current window has ended. */
bool pace_window_is_over(const struct pace *pace);

/*
 * Begins the next window. `received`: bytes that the client has received since it connected. Returns
 * whether it has received enough in the window that ended.
 */
bool pace_next_window(struct pace *pace, uint64_t received);

#endif
