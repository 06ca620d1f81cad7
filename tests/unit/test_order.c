/* The order of a listing that a query selects. */
#include "http/order.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *query;
	enum order_key key;
	bool descending;
} CASES[] = {
    {"", ORDER_NAME, false},
    {"sort=name", ORDER_NAME, false},
    {"sort=size", ORDER_SIZE, false},
    {"sort=time", ORDER_TIME, false},
    {"sort=hits", ORDER_HITS, false},
    {"order=desc", ORDER_NAME, true},
    {"sort=size&order=desc", ORDER_SIZE, true},
    {"order=desc&sort=size", ORDER_SIZE, true},
    {"sort=size&order=asc", ORDER_SIZE, false},
    {"order=desc&order=asc", ORDER_NAME, false},
    {"sort=size&sort=time", ORDER_TIME, false},
    {"sort=size&sort=nonsense", ORDER_SIZE, false},
    {"order=desc&order=", ORDER_NAME, true},
    {"sort", ORDER_NAME, false},
    {"sort=", ORDER_NAME, false},
    {"=size", ORDER_NAME, false},
    {"sort=Size", ORDER_NAME, false},
    {"sort=sizes", ORDER_NAME, false},
    {"sort==size", ORDER_NAME, false},
    {"Sort=size", ORDER_NAME, false},
    {"xsort=size", ORDER_NAME, false},
    {"sort=size;order=desc", ORDER_NAME, false},
    {"&&sort=time&&order=desc&&", ORDER_TIME, true},
    {"a=b&sort=time&c&order=desc&d=e=f", ORDER_TIME, true},
};

static void test_query_selects_the_format(void **state)
{
	(void)state;
	assert_false(order_parse(VIEW("")).as_json);
	assert_true(order_parse(VIEW("format=json")).as_json);
	assert_true(order_parse(VIEW("sort=size&format=json&order=desc")).as_json);
	assert_true(order_parse(VIEW("sort=size&format=json")).key == ORDER_SIZE);
	assert_true(order_parse(VIEW("format=html&format=json")).as_json);
	assert_false(order_parse(VIEW("format=json&format=html")).as_json);
	assert_false(order_parse(VIEW("format=JSON")).as_json);
	assert_false(order_parse(VIEW("format=jsonp")).as_json);
	assert_false(order_parse(VIEW("json")).as_json);
}

static void test_query_selects_key_and_direction(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct order order = order_parse(view_of(CASES[i].query));
		if (order.key != CASES[i].key || order.descending != CASES[i].descending)
			fail_msg("%s: %d, %d", CASES[i].query, (int)order.key, order.descending);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_query_selects_key_and_direction),
	                                   cmocka_unit_test(test_query_selects_the_format)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
