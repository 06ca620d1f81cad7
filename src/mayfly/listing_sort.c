/*
 * Sorting a listing; see listing_sort.h. A heap sort, because qsort(3) may allocate memory, with
 * system calls that the seccomp filter forbids.
 */
#include "listing_sort.h"
#include "base/natural.h"

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_times(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec < b.tv_sec ? -1 : 1;
	return (a.tv_nsec > b.tv_nsec) - (a.tv_nsec < b.tv_nsec);
}

static int compare_rows(enum order_key key, const struct listing_row *a,
                        const struct listing_row *b)
{
	switch (key) {
	case ORDER_SIZE:
		return a->is_directory ? 0 : compare_numbers(a->size, b->size);
	case ORDER_TIME:
		return compare_times(a->modified, b->modified);
	case ORDER_HITS:
		return compare_numbers(a->hits, b->hits);
	default:
		return natural_compare(a->name, b->name);
	}
}

static bool row_is_before(struct order order, const struct listing_row *a,
                          const struct listing_row *b)
{
	if (a->is_directory != b->is_directory)
		return a->is_directory;
	int difference = compare_rows(order.key, a, b);
	if (difference == 0)
		return natural_compare(a->name, b->name) < 0;
	return order.descending ? difference > 0 : difference < 0;
}

static void swap_rows(struct listing_row *a, struct listing_row *b)
{
	struct listing_row kept = *a;
	*a = *b;
	*b = kept;
}

/* Restores the heap of the first `count` rows after the row at `pos` was replaced. */
static void sift_down(struct listing *listing, size_t pos, size_t count)
{
	struct listing_row *rows = listing->rows;
	for (;;) {
		size_t child = 2 * pos + 1;
		if (child >= count)
			return;
		if (child + 1 < count &&
		    row_is_before(listing->order, &rows[child], &rows[child + 1]))
			child++;
		if (!row_is_before(listing->order, &rows[pos], &rows[child]))
			return;
		swap_rows(&rows[pos], &rows[child]);
		pos = child;
	}
}

void listing_sort(struct listing *listing)
{
	for (size_t i = listing->count / 2; i > 0; i--)
		sift_down(listing, i - 1, listing->count);
	for (size_t rest = listing->count; rest > 1; rest--) {
		swap_rows(&listing->rows[0], &listing->rows[rest - 1]);
		sift_down(listing, 0, rest - 1);
	}
}
