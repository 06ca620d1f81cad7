/* Bars of tables on a terminal. */
#ifndef MAYFLY_MAYFLYCTL_BAR_H
#define MAYFLY_MAYFLYCTL_BAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BAR_WIDTH_MIN = 8, BAR_WIDTH_MAX = 32 };

struct bar {
	size_t width; /* columns of the longest bar */
	uint64_t max; /* its value */
	bool utf8, coloured;
};

/*
 * Prints the bar of a value of at least 1, in eighths of a column if the terminal has UTF-8. It is never
 * empty. Returns the number of columns that it takes.
 */
size_t bar_print(const struct bar *bar, uint64_t value);

#endif
