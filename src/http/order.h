/* The order and format of a listing, from the query of its URL: `sort=size&order=desc`. Pure. */
#ifndef MAYFLY_HTTP_ORDER_H
#define MAYFLY_HTTP_ORDER_H

#include "base/view.h"

enum order_key { ORDER_NAME, ORDER_SIZE, ORDER_TIME, ORDER_HITS };

struct order {
	enum order_key key;
	bool descending;
	bool as_json;
};

/*
 * Parses a query without its "?". The default is by name, ascending, and as a page. Unknown names and values are
 * ignored; of repeated parameters the last one counts.
 */
struct order order_parse(struct view query);

/* The value of "sort" in a query that selects this key. */
struct view order_key_name(enum order_key key);

#endif
