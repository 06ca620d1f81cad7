/* Parses the order of a listing; see order.h. */
#include "order.h"
#include "base/parse.h"

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

static void take_key(struct order *order, struct view value)
{
	for (enum order_key key = ORDER_NAME; key <= ORDER_HITS; key++)
		if (view_equal(value, order_key_name(key)))
			order->key = key;
}

struct order order_parse(struct view query)
{
	struct order order = {ORDER_NAME, false, false};
	while (query.length > 0) {
		struct view value, name;
		(void)parse_cut(&query, '&', &value);
		(void)parse_cut(&value, '=', &name);
		if (view_equal(name, VIEW("sort")))
			take_key(&order, value);
		else if (view_equal(name, VIEW("order")) && view_equal(value, VIEW("asc")))
			order.descending = false;
		else if (view_equal(name, VIEW("order")) && view_equal(value, VIEW("desc")))
			order.descending = true;
		else if (view_equal(name, VIEW("format")))
			order.as_json = view_equal(value, VIEW("json"));
	}
	return order;
}
