/* The table of counts; see hits_show.h. */
#include "hits_show.h"
#include "terminal.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	GAP = 2,
	SHARE_WIDTH = 6, /* "100.0%" */
	BAR_LEAST = 8,
	BAR_MAX = 32,
	PATH_LEAST = 16, /* before there is a bar */
	EIGHTHS = 8,
};

/* The widths of the columns, and how a bar is drawn. */
struct layout {
	size_t count, bar, path; /* a bar of 0 columns: there is none */
	uint64_t most;           /* the count of the longest bar */
	bool utf8, coloured;
};

static size_t digits_of(uint64_t number)
{
	size_t digits = 1;
	for (; number >= 10; number /= 10)
		digits++;
	return digits;
}

/* Paths get what they need first, then bars what is left. */
static struct layout lay_out(const struct hits_listing *listing, size_t columns)
{
	struct layout layout = {.count = strlen("HITS"),
	                        .utf8 = terminal_has_utf8(),
	                        .coloured = terminal_has_colour()};
	size_t longest = 0;
	for (size_t i = 0; i < listing->counts.size; i++) {
		const struct count *count = &listing->counts.all[i];
		size_t length = strlen(counts_shown(count->path, count->path_length)),
		       digits = digits_of(count->count);
		longest = length > longest ? length : longest;
		layout.count = digits > layout.count ? digits : layout.count;
		layout.most = count->count > layout.most ? count->count : layout.most;
	}
	size_t fixed = layout.count + GAP + SHARE_WIDTH + GAP;
	size_t room = columns > fixed + PATH_LEAST ? columns - fixed : PATH_LEAST;
	layout.path = room;
	if (room < PATH_LEAST + GAP + BAR_LEAST)
		return layout;
	layout.bar = room > longest + GAP ? room - longest - GAP : 0;
	layout.bar = layout.bar < BAR_LEAST ? BAR_LEAST : layout.bar;
	layout.bar = layout.bar > BAR_MAX ? BAR_MAX : layout.bar;
	layout.path = room - layout.bar - GAP;
	return layout;
}

/* In eighths of a column where the terminal has signs for them; of one at least. */
static void print_bar(const struct layout *layout, uint64_t count)
{
	static const char *const PARTS[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double length = (double)count / (double)layout->most * (double)layout->bar;
	size_t eighths = (size_t)(length * EIGHTHS + 0.5);
	if (!layout->utf8)
		eighths = (size_t)(length + 0.5) * EIGHTHS;
	if (eighths == 0)
		eighths = layout->utf8 ? 1 : EIGHTHS;
	(void)fputs(layout->coloured ? TERMINAL_GREEN : "", stdout);
	for (size_t i = 0; i < eighths / EIGHTHS; i++)
		(void)fputs(layout->utf8 ? "█" : "#", stdout);
	(void)fputs(PARTS[eighths % EIGHTHS], stdout);
	(void)fputs(layout->coloured ? TERMINAL_PLAIN : "", stdout);
	size_t drawn = (eighths + EIGHTHS - 1) / EIGHTHS;
	printf("%*s", (int)(layout->bar - drawn + GAP), "");
}

static void print_path(const struct layout *layout, const char *path)
{
	if (strlen(path) <= layout->path)
		printf("%s\n", path);
	else
		printf("%.*s...\n", (int)layout->path - 3, path);
}

static void print_rows(const struct hits_listing *listing, size_t columns)
{
	const struct layout layout = lay_out(listing, columns);
	printf("%*s%*s%*s%s\n", (int)layout.count, "HITS", SHARE_WIDTH + GAP, "SHARE",
	       (int)(layout.bar > 0 ? GAP + layout.bar + GAP : GAP), "", "PATH");
	for (size_t i = 0; i < listing->counts.size; i++) {
		const struct count *count = &listing->counts.all[i];
		printf("%*" PRIu64 "%*.1f%%%*s", (int)layout.count, count->count,
		       SHARE_WIDTH + GAP - 1, 100 * hits_share(listing, count), GAP, "");
		if (layout.bar > 0)
			print_bar(&layout, count->count);
		print_path(&layout, counts_shown(count->path, count->path_length));
	}
	(void)fputs(counts_summary(listing->total, listing->resources), stdout);
	if (listing->counts.size < listing->resources)
		printf(", %zu of them shown", listing->counts.size);
	puts("");
}

double hits_share(const struct hits_listing *listing, const struct count *count)
{
	return listing->total > 0 ? (double)count->count / (double)listing->total : 0;
}

void hits_show_table(const struct hits_listing *listing, size_t columns)
{
	if (columns > 0) {
		print_rows(listing, columns);
		return;
	}
	for (size_t i = 0; i < listing->counts.size; i++)
		printf(
		    "%" PRIu64 "\t%.1f%%\t%s\n", listing->counts.all[i].count,
		    100 * hits_share(listing, &listing->counts.all[i]),
		    counts_shown(listing->counts.all[i].path, listing->counts.all[i].path_length));
}
