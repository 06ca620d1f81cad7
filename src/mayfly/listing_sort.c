/*
 * The order of a listing's rows; see listing.h. A heap sort, because a libc's qsort may allocate
 * memory, and for that make system calls that the sandbox does not know.
 */
#include "base/natural.h"
#include "listing.h"

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

static int compare_by(enum order_key key, const struct listing_row *a, const struct listing_row *b)
{
	switch (key) {
	case ORDER_SIZE:
		return a->is_folder ? 0 : compare_numbers(a->size, b->size);
	case ORDER_TIME:
		return compare_times(a->modified, b->modified);
	case ORDER_HITS:
		return compare_numbers(a->hits, b->hits);
	default:
		return natural_compare(a->name, b->name);
	}
}

static bool is_before(struct order order, const struct listing_row *a, const struct listing_row *b)
{
	if (a->is_folder != b->is_folder)
		return a->is_folder;
	int difference = compare_by(order.key, a, b);
	if (difference == 0)
		return natural_compare(a->name, b->name) < 0;
	return order.descending ? difference > 0 : difference < 0;
}

static void swap(struct listing_row *a, struct listing_row *b)
{
	struct listing_row kept = *a;
	*a = *b;
	*b = kept;
}

/* Lets a row sink in the heap of the first `count` until none below it comes after it. */
static void sink(struct listing *listing, size_t at, size_t count)
{
	struct listing_row *rows = listing->rows;
	for (;;) {
		size_t last = 2 * at + 1;
		if (last >= count)
			return;
		if (last + 1 < count && is_before(listing->order, &rows[last], &rows[last + 1]))
			last++;
		if (!is_before(listing->order, &rows[at], &rows[last]))
			return;
		swap(&rows[at], &rows[last]);
		at = last;
	}
}

void listing_sort(struct listing *listing)
{
	for (size_t i = listing->count / 2; i > 0; i--)
		sink(listing, i - 1, listing->count);
	for (size_t rest = listing->count; rest > 1; rest--) {
		swap(&listing->rows[0], &listing->rows[rest - 1]);
		sink(listing, 0, rest - 1);
	}
}
