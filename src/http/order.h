/* The order of a listing, as the query of its address asks for it: `sort=size&order=desc`. Pure. */
#ifndef MAYFLY_HTTP_ORDER_H
#define MAYFLY_HTTP_ORDER_H

#include "base/view.h"

enum order_key { ORDER_NAME, ORDER_SIZE, ORDER_TIME, ORDER_HITS };

struct order {
	enum order_key key;
	bool descending;
};

/*
 * Reads a query, without its "?". By name and ascending is what is not asked for; names and values
 * that mean nothing here are passed over, and of two that do the later one counts.
 */
struct order order_parse(struct view query);

/* What stands for a key in a query. */
struct view order_key_name(enum order_key key);

#endif
