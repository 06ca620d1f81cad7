/* Which requests and ranges are hits. */
#include "http/hit.h"
#include "request_heads.h"

static const struct {
	const char *field;
	bool prefetch;
} FIELDS[] = {
    {"Accept: */*", false},
    {"Sec-Purpose: prefetch", true},
    {"sec-purpose: prefetch", true},
    {"Sec-Purpose: prefetch;prerender", true},
    {"Sec-Purpose: prefetch; prerender", true},
    {"Sec-Purpose: prefetch;anonymous-client-ip", true},
    {"Sec-Purpose:\t prefetch \t", true},
    {"Sec-Purpose: other\r\nSec-Purpose: prefetch", true},
    {"Purpose: prefetch", true},
    {"Sec-Purpose: other\r\nPurpose: prefetch", true},
    {"Sec-Purpose:", false},
    {"Sec-Purpose: prefetched", false},
    {"Sec-Purpose: prefetch, other", false},
    {"Sec-Purpose: prefetc", false},
    {"Sec-Purpose: Prefetch", false},
    {"Sec-Purpose: \"prefetch\"", false},
    {"Sec-Purpose: prerender;prefetch", false},
    {"Sec-Purpose: ;prefetch", false},
    {"X-Purpose: prefetch", false},
    {"Purpose: preview", false},
};

static void test_prefetch_is_recognized(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
		char text[256];
		int length = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n",
		                      FIELDS[i].field);
		struct parsed parsed;
		parse(&parsed, (struct view){text, (size_t)length});
		assert_int_equal(parsed.refusal.status, 0);
		if (hit_is_prefetch(&parsed.request) != FIELDS[i].prefetch)
			fail_msg("%s", FIELDS[i].field);
		release(&parsed);
	}
}

static void test_range_that_begins_a_resource_is_a_hit(void **state)
{
	(void)state;
	assert_true(hit_begins_with((struct range){0, 2}));
	assert_true(hit_begins_with((struct range){0, UINT64_MAX - 1}));
	assert_false(hit_begins_with((struct range){0, 0}));
	assert_false(hit_begins_with((struct range){0, 1}));
	assert_false(hit_begins_with((struct range){1, 3}));
	assert_false(hit_begins_with((struct range){1, UINT64_MAX}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_prefetch_is_recognized),
	    cmocka_unit_test(test_range_that_begins_a_resource_is_a_hit)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
