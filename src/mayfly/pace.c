/* Measuring the rate of a client; see pace.h. */
#include "pace.h"
#include "base/clock.h"

enum { WAITS_PER_WINDOW = 8 };

struct pace pace_of(unsigned seconds, unsigned rate)
{
	uint64_t bytes = (uint64_t)rate * seconds;
	return (struct pace){
	    .window_us = clock_us(seconds),
	    .window_bytes = bytes > 0 ? bytes : 1,
	};
}

int64_t pace_wait_max_us(const struct pace *pace)
{
	return pace->window_us / WAITS_PER_WINDOW;
}

void pace_add(struct pace *pace, int64_t waited_us)
{
	int64_t max = pace_wait_max_us(pace);
	pace->waited_us += waited_us < max ? waited_us : max;
}

bool pace_window_is_over(const struct pace *pace)
{
	return pace->waited_us >= pace->window_us;
}

bool pace_next_window(struct pace *pace, uint64_t received)
{
	bool enough = received >= pace->received + pace->window_bytes;
	pace->received = received;
	pace->waited_us = 0;
	return enough;
}
