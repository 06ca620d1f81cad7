/* Counting texts; see tally.h. */
#include "tally.h"
#include <stdlib.h>

static int compare_text(const char *text, struct view other)
{
	size_t length = strlen(text);
	size_t shorter = length < other.length ? length : other.length;
	int difference = shorter > 0 ? memcmp(text, other.data, shorter) : 0;
	return difference != 0 ? difference : (length > other.length) - (length < other.length);
}

/* Returns the index of the row of a text, or where to insert it. */
static size_t find_index(const struct tally *tally, struct view text)
{
	size_t first = 0, end = tally->count;
	while (first < end) {
		size_t middle = (first + end) / 2;
		if (compare_text(tally->rows[middle].text, text) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

static bool is_text_of(const struct tally *tally, size_t index, struct view text)
{
	return index < tally->count && compare_text(tally->rows[index].text, text) == 0;
}

/* Returns the row of a text, which is inserted if it is new; NULL if there is no room. */
static struct tally_row *find_row(struct tally *tally, struct view text)
{
	size_t first = find_index(tally, text);
	struct tally_row *row = &tally->rows[first];
	if (is_text_of(tally, first, text))
		return row;
	if (tally->count == TALLY_MAX)
		return NULL;
	char *copy = strndup(text.length > 0 ? text.data : "", text.length);
	if (copy == NULL) {
		tally->is_out_of_memory = true;
		return NULL;
	}
	memmove(row + 1, row, (tally->count - first) * sizeof *row);
	tally->count++;
	*row = (struct tally_row){copy, 0};
	return row;
}

void tally_add(struct tally *tally, struct view text, uint64_t count)
{
	struct tally_row *row = find_row(tally, text);
	if (row != NULL)
		row->count += count;
}

void tally_raise(struct tally *tally, struct view text, uint64_t count)
{
	struct tally_row *row = find_row(tally, text);
	if (row != NULL && row->count < count)
		row->count = count;
}

uint64_t tally_get(const struct tally *tally, struct view text)
{
	size_t index = find_index(tally, text);
	return is_text_of(tally, index, text) ? tally->rows[index].count : 0;
}

static int compare_rows(const void *left, const void *right)
{
	const struct tally_row *a = left, *b = right;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->text, b->text);
}

void tally_rank(struct tally *tally)
{
	if (tally->count > 0)
		qsort(tally->rows, tally->count, sizeof *tally->rows, compare_rows);
}

void tally_free(struct tally *tally)
{
	for (size_t i = 0; i < tally->count; i++)
		free(tally->rows[i].text);
	tally->count = 0;
}
