/* Reading the order of a listing; see order.h. */
#include "order.h"

struct view order_key_name(enum order_key key)
{
	switch (key) {
	case ORDER_SIZE:
		return VIEW("size");
	case ORDER_TIME:
		return VIEW("time");
	case ORDER_HITS:
		return VIEW("hits");
	default:
		return VIEW("name");
	}
}

/* Takes what stands before the next `separator`, and that, off the front of a view. */
static struct view take_until(struct view *v, char separator)
{
	const char *end = v->length > 0 ? memchr(v->data, separator, v->length) : NULL;
	struct view taken = {v->data, end != NULL ? (size_t)(end - v->data) : v->length};
	*v = view_from(*v, end != NULL ? taken.length + 1 : taken.length);
	return taken;
}

static void take_key(struct order *order, struct view value)
{
	for (enum order_key key = ORDER_NAME; key <= ORDER_HITS; key++)
		if (view_equal(value, order_key_name(key)))
			order->key = key;
}

struct order order_parse(struct view query)
{
	struct order order = {ORDER_NAME, false};
	while (query.length > 0) {
		struct view value = take_until(&query, '&');
		struct view name = take_until(&value, '=');
		if (view_equal(name, VIEW("sort")))
			take_key(&order, value);
		else if (view_equal(name, VIEW("order")) && view_equal(value, VIEW("asc")))
			order.descending = false;
		else if (view_equal(name, VIEW("order")) && view_equal(value, VIEW("desc")))
			order.descending = true;
	}
	return order;
}
