/* FNV-1a: the test vectors of RFC 9923; data in pieces and numbers hash like their bytes. */
#include "base/fnv.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_hashes_equal_the_test_vectors(void **state)
{
	(void)state;
	assert_true(fnv_add(FNV_START, "", 0) == UINT64_C(0xcbf29ce484222325));
	assert_true(fnv_add(FNV_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(fnv_add(FNV_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
	assert_true(fnv_add(FNV_START, "\xff\0\0\x01", 4) == UINT64_C(0x6961196491cc682d));
}

static void test_pieces_hash_like_the_whole(void **state)
{
	static const char WHOLE[] = "/sub/index.html";
	uint64_t hash = fnv_add(FNV_START, WHOLE, sizeof WHOLE);
	(void)state;
	for (size_t i = 0; i <= sizeof WHOLE; i++)
		assert_true(fnv_add(fnv_add(FNV_START, WHOLE, i), WHOLE + i, sizeof WHOLE - i) ==
		            hash);
}

static void test_number_hashes_like_its_bytes(void **state)
{
	static const unsigned char BYTES[] = {0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0xff};
	(void)state;
	assert_true(fnv_add_number(FNV_START, UINT64_C(0xff02030405060708)) ==
	            fnv_add(FNV_START, BYTES, sizeof BYTES));
	assert_true(fnv_add_number(FNV_START, 0) == fnv_add(FNV_START, "\0\0\0\0\0\0\0", 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hashes_equal_the_test_vectors),
	    cmocka_unit_test(test_pieces_hash_like_the_whole),
	    cmocka_unit_test(test_number_hashes_like_its_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
