/* Bars of tables on a terminal; see bar.h. */
#include "bar.h"
#include "output.h"
#include <stdio.h>

enum { EIGHTHS = 8 };

static size_t eighths_of(const struct bar *bar, uint64_t value)
{
	double length = (double)value / (double)bar->max * (double)bar->width;
	size_t eighths = (size_t)(length * EIGHTHS + 0.5);
	if (!bar->utf8)
		eighths = (size_t)(length + 0.5) * EIGHTHS;
	if (eighths == 0)
		eighths = bar->utf8 ? 1 : EIGHTHS;
	return eighths;
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
