/* Judging how fast a client takes responses; see pace.h. */
#include "pace.h"
#include "clock.h"

enum { WAITS_PER_WINDOW = 8 };

struct pace pace_of(unsigned seconds, unsigned rate)
{
	uint64_t bytes = (uint64_t)rate * seconds;
	return (struct pace){
	    .window_us = seconds_us(seconds),
	    .window_bytes = bytes > 0 ? bytes : 1,
	};
}

int64_t pace_wait_max_us(const struct pace *pace)
{
	return pace->window_us / WAITS_PER_WINDOW;
}

void pace_add(struct pace *pace, int64_t waited_us)
{
	int64_t most = pace_wait_max_us(pace);
	pace->waited_us += waited_us < most ? waited_us : most;
}

bool pace_window_is_over(const struct pace *pace)
{
	return pace->waited_us >= pace->window_us;
}

bool pace_next_window(struct pace *pace, uint64_t taken)
{
	bool enough = taken >= pace->taken + pace->window_bytes;
	pace->taken = taken;
	pace->waited_us = 0;
	return enough;
}
