/* Comparing names; see natural.h. */
#include "natural.h"

/* Removes the digits at the front of a view. Returns them without leading zeros. */
static struct view take_number(struct view *v)
{
	while (v->length > 0 && v->data[0] == '0')
		*v = view_from(*v, 1);
	size_t length = 0;
	while (length < v->length && ascii_is_digit(v->data[length]))
		length++;
	struct view number = {v->data, length};
	*v = view_from(*v, length);
	return number;
}

static int compare_bytes(struct view a, struct view b)
{
	size_t shorter = a.length < b.length ? a.length : b.length;
	int difference = memcmp(a.data, b.data, shorter);
	if (difference != 0 || a.length == b.length)
		return difference;
	return a.length < b.length ? -1 : 1;
}

static int compare_numbers(struct view a, struct view b)
{
	if (a.length != b.length)
		return a.length < b.length ? -1 : 1;
	return compare_bytes(a, b);
}

static int take_and_compare(struct view *a, struct view *b)
{
	if (ascii_is_digit(a->data[0]) && ascii_is_digit(b->data[0])) {
		struct view number = take_number(a);
		return compare_numbers(number, take_number(b));
	}
	int difference =
	    (unsigned char)ascii_lower(a->data[0]) - (unsigned char)ascii_lower(b->data[0]);
	*a = view_from(*a, 1);
	*b = view_from(*b, 1);
	return difference;
}

int natural_compare(struct view a, struct view b)
{
	struct view left = a, right = b;
	while (left.length > 0 && right.length > 0) {
		int difference = take_and_compare(&left, &right);
		if (difference != 0)
			return difference;
	}
	if (left.length > 0 || right.length > 0)
		return left.length > 0 ? 1 : -1;
	return compare_bytes(a, b);
}
