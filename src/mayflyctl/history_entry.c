/* Reading and writing entries of a history; see history_entry.h. */
#include "history_entry.h"
#include "base/parse.h"
#include <inttypes.h>

enum { DAYS_OF_MONTH_MAX = 31 };

/* --- Names and periods. --- */

bool history_entry_is_day(const struct history_entry *entry)
{
	return strlen(entry->name) == strlen("2026-11-28");
}

/* HISTORY_EARLIER has as many bytes as a month. */
bool history_entry_is_month(const struct history_entry *entry)
{
	return strlen(entry->name) == strlen("2026-11") && ascii_is_digit(entry->name[0]);
}

static void set_name(struct history_entry *entry, struct view name)
{
	memcpy(entry->name, name.data, name.length);
	entry->name[name.length] = '\0';
}

static bool parse_month(struct view name, struct history_period *period)
{
	char first[] = "0000-00-01";
	if (name.length != strlen("2026-11"))
		return false;
	memcpy(first, name.data, name.length);
	if (!calendar_parse(view_of(first), &period->first))
		return false;
	/* Day 32 is in the next month. */
	period->last = calendar_begin(period->first + DAYS_OF_MONTH_MAX, CALENDAR_MONTH) - 1;
	return true;
}

bool history_entry_named(struct history_entry *entry, struct view name)
{
	struct history_period period = {HISTORY_UNKNOWN, HISTORY_UNKNOWN, 0};
	if (calendar_parse(name, &period.first))
		period.last = period.first;
	else if (!view_equal(name, VIEW(HISTORY_EARLIER)) && !parse_month(name, &period))
		return false;
	*entry = (struct history_entry){.period = period};
	set_name(entry, name);
	return true;
}

void history_period_include(struct history_period *period, const struct history_period *other)
{
	period->first = other->first < period->first ? other->first : period->first;
	period->last = other->last > period->last ? other->last : period->last;
	period->taken = other->taken > period->taken ? other->taken : period->taken;
}

/* --- Reading. --- */

struct comment_reader {
	struct history_entry *entry;
	const struct history_sink *sink;
};

static const char *read_name(struct history_entry *entry, struct view name)
{
	struct history_entry named;
	if (!history_entry_named(&named, name))
		return "the name is neither a date nor a month";
	if (entry->name[0] == '\0')
		*entry = named;
	return NULL;
}

static const char *read_period(struct history_entry *entry, struct view text)
{
	struct history_period period = {HISTORY_UNKNOWN, 0, entry->period.taken};
	struct view first = parse_word(&text);
	if ((!view_equal(first, VIEW("-")) && !calendar_parse(first, &period.first)) ||
	    !calendar_parse(text, &period.last) || period.first > period.last)
		return "the period is not two dates";
	entry->period = period;
	return NULL;
}

static const char *read_folded(struct history_entry *entry, struct view text)
{
	uint64_t day;
	while (text.length > 0) {
		if (!parse_number(parse_word(&text), 1, DAYS_OF_MONTH_MAX, &day))
			return "a day that was folded is not in 1-31";
		entry->folded |= UINT32_C(1) << day;
	}
	return NULL;
}

static const char *read_comment(void *context, struct view text)
{
	const struct comment_reader *reader = context;
	struct history_entry *entry = reader->entry;
	uint64_t taken;
	struct view word = parse_word(&text);
	if (view_equal(word, VIEW("history")))
		return read_name(entry, text);
	if (view_equal(word, VIEW("period")))
		return read_period(entry, text);
	if (view_equal(word, VIEW("folded")))
		return read_folded(entry, text);
	if (view_equal(word, VIEW("dropped")) && reader->sink->dropped != NULL)
		return hits_text_parse_count(text, reader->sink->dropped,
		                             reader->sink->dropped_context);
	if (!view_equal(word, VIEW("taken")))
		return NULL;
	if (!parse_number(text, 0, INT64_MAX, &taken))
		return "the time is not a number of seconds";
	entry->period.taken = (int64_t)taken;
	return NULL;
}

static void ignore_count(void *context, const char *path, size_t path_length, uint64_t count)
{
	(void)context;
	(void)path;
	(void)path_length;
	(void)count;
}

const char *history_entry_read(FILE *file, struct history_entry *entry,
                               const struct history_sink *sink, size_t *line)
{
	struct comment_reader comments = {entry, sink};
	const struct hits_text_reader reader = {
	    .each = sink->hits != NULL ? sink->hits : ignore_count,
	    .context = sink->hits_context,
	    .problem = sink->problem,
	    .comment = read_comment,
	    .comment_context = &comments,
	};
	const char *problem = hits_text_read_part(file, &reader, line);
	if (problem == NULL && entry->name[0] == '\0')
		problem = "no line \"# history\"";
	return problem;
}

/* --- Writing. --- */

static void write_folded(FILE *file, uint32_t folded)
{
	(void)fputs("# folded", file);
	for (unsigned day = 1; day <= DAYS_OF_MONTH_MAX; day++)
		if ((folded & UINT32_C(1) << day) != 0)
			(void)fprintf(file, " %u", day);
	(void)fputs("\n", file);
}

void history_entry_write(FILE *file, const struct history_entry *entry, struct counts *hits,
                         struct counts *dropped)
{
	char first[CALENDAR_NAME_SIZE] = "-", last[CALENDAR_NAME_SIZE];
	const struct history_period *period = &entry->period;
	if (period->first != HISTORY_UNKNOWN)
		(void)calendar_name(period->first, CALENDAR_DAY, first);
	hits_text_write_format(file);
	(void)fprintf(file, "# history %s\n# period %s %s\n# taken %" PRId64 "\n", entry->name,
	              first, calendar_name(period->last, CALENDAR_DAY, last), period->taken);
	if (entry->folded != 0)
		write_folded(file, entry->folded);
	hits_text_write_lines(file, dropped, "# dropped ");
	hits_text_write_counts(file, hits);
}
