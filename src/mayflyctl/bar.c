/* Bars of tables on a terminal; see bar.h. */
#include "bar.h"
#include "output.h"
#include <stdio.h>

enum { EIGHTHS = 8 };

static size_t eighths_of(const struct bar *bar, uint64_t value)
{
	size_t smallest = bar->utf8 ? 1 : EIGHTHS; /* part that can be printed, in eighths */
	double length = (double)value / (double)bar->max * (double)bar->width;
	size_t parts = (size_t)(length * EIGHTHS / (double)smallest + 0.5);
	return parts > 0 ? parts * smallest : smallest;
}

size_t bar_print(const struct bar *bar, uint64_t value)
{
	static const char *const PARTS[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	size_t eighths = eighths_of(bar, value);
	(void)fputs(bar->coloured ? OUTPUT_GREEN : "", stdout);
	for (size_t i = 0; i < eighths / EIGHTHS; i++)
		(void)fputs(bar->utf8 ? "█" : "#", stdout);
	(void)fputs(PARTS[eighths % EIGHTHS], stdout);
	(void)fputs(bar->coloured ? OUTPUT_PLAIN : "", stdout);
	return (eighths + EIGHTHS - 1) / EIGHTHS;
}
