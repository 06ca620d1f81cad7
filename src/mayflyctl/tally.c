/* Counting texts; see tally.h. */
#include "tally.h"
#include "memory.h"
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

static int compare_counts(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;
	return (*a > *b) - (*a < *b);
}

/* Drops half of the rows, those with the lowest counts. Of rows with equal counts the first are dropped. */
static void drop_rarer_half(struct tally *tally)
{
	static uint64_t counts[TALLY_MAX];
	size_t half = tally->count / 2, lower = 0, kept = 0;
	for (size_t i = 0; i < tally->count; i++)
		counts[i] = tally->rows[i].count;
	qsort(counts, tally->count, sizeof counts[0], compare_counts);
	uint64_t middle = counts[half];
	while (counts[lower] < middle)
		lower++;
	size_t equal = half - lower; /* rows to drop that have the middle count */
	for (size_t i = 0; i < tally->count; i++) {
		struct tally_row row = tally->rows[i];
		if (row.count > middle || (row.count == middle && equal == 0)) {
			tally->rows[kept++] = row;
			continue;
		}
		equal -= row.count == middle;
		free(row.text);
	}
	tally->count = kept;
}

/* Returns the row of a text, which is inserted if it is new. */
static struct tally_row *find_row(struct tally *tally, struct view text)
{
	size_t first = find_index(tally, text);
	if (is_text_of(tally, first, text))
		return &tally->rows[first];
	if (tally->count == TALLY_MAX) {
		drop_rarer_half(tally);
		first = find_index(tally, text);
	}
	struct tally_row *row = &tally->rows[first];
	char *copy = memory_copy(text);
	memmove(row + 1, row, (tally->count - first) * sizeof *row);
	tally->count++;
	*row = (struct tally_row){copy, 0};
	return row;
}

void tally_add(struct tally *tally, struct view text, uint64_t count)
{
	find_row(tally, text)->count += count;
}

void tally_raise(struct tally *tally, struct view text, uint64_t count)
{
	struct tally_row *row = find_row(tally, text);
	if (row->count < count)
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
