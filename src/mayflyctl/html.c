/* Writing pieces of HTML; see html.h. */
#include "html.h"
#include <inttypes.h>
#include <time.h>

void html_text(FILE *page, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			(void)fputs("&lt;", page);
			break;
		case '>':
			(void)fputs("&gt;", page);
			break;
		case '&':
			(void)fputs("&amp;", page);
			break;
		case '"':
			(void)fputs("&quot;", page);
			break;
		default:
			(void)fputc(*text, page);
		}
	}
}

void html_cell(FILE *page, const char *text)
{
	(void)fputs("<td>", page);
	html_text(page, text);
	(void)fputs("</td>", page);
}

void html_number_cell(FILE *page, uint64_t number)
{
	(void)fprintf(page, "<td class=\"n\">%" PRIu64 "</td>", number);
}

void html_bar_cell(FILE *page, uint64_t value, uint64_t most)
{
	(void)fprintf(page,
	              "<td><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
	              "aria-hidden=\"true\"><rect width=\"%.1f\" height=\"10\"/></svg></td>",
	              most == 0 ? 0.0 : 100.0 * (double)value / (double)most);
}

void html_time(FILE *page, uint64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm broken_down;
	char text[64];
	if (localtime_r(&time, &broken_down) != NULL &&
	    strftime(text, sizeof text, "%Y-%m-%d %H:%M", &broken_down) > 0)
		(void)fputs(text, page);
}

void html_size(FILE *page, uint64_t bytes)
{
	static const char UNITS[][3] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double size = (double)bytes;
	size_t unit = 0;
	while (size >= 1000) {
		size /= 1000;
		unit++;
	}
	(void)fprintf(page, "%.*f %s", unit == 0 ? 0 : 1, size, UNITS[unit]);
}
