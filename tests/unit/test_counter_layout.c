/* The layout of the counter file: the hash, the places of records, and which bytes are a record. */
#include "counter/layout.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Test values of RFC 9923. */
static void test_hash_is_fnv_1a(void **state)
{
	(void)state;
	assert_true(counter_hash("", 0) == 0xcbf29ce484222325);
	assert_true(counter_hash("a", 1) == 0xaf63dc4c8601ec8c);
	assert_true(counter_hash("foobar", 6) == 0x85944171f73967e8);
	assert_true(counter_hash("\xff\x00\x00\x01", 4) == 0x6961196491cc682d);
}

static void test_buckets_fill_the_table(void **state)
{
	(void)state;
	assert_int_equal(counter_bucket_head(0), 4096);
	assert_int_equal(counter_bucket_head(1), 4104);
	assert_int_equal(counter_bucket_head(0x7ffff), 4096 + 4194304 - 8);
	assert_int_equal(counter_bucket_head(0xffffffffffffffff), 4096 + 4194304 - 8);
	assert_int_equal(counter_bucket_head(0xabcd000000080000), 4096);
	assert_int_equal(COUNTER_RECORDS, 4096 + 4194304);
}

static void test_records_are_aligned_and_stay_in_a_page(void **state)
{
	(void)state;
	for (size_t length = 0; length <= COUNTER_PATH_MAX; length++) {
		size_t size = counter_record_size(length);
		assert_in_range(size, 32 + length, 32 + length + 7);
		assert_int_equal(size % 8, 0);
		for (uint64_t end = COUNTER_RECORDS; end <= COUNTER_RECORDS + 4096;
		     end += 1 + length % 13) {
			uint64_t place = counter_record_place(end, size);
			bool moved = place % 4096 == 0 && end % 4096 + size > 4096;
			assert_int_equal(place % 8, 0);
			assert_true(place >= end && (place < end + 8 || moved));
			assert_int_equal(place / 4096, (place + size - 1) / 4096);
		}
	}
}

static void test_written_record_is_read_back(void **state)
{
	unsigned char bytes[4096];
	char path[COUNTER_PATH_MAX];
	struct counter_record record;
	(void)state;
	for (size_t length = 0; length <= COUNTER_PATH_MAX; length += length < 40 ? 1 : 503) {
		memset(path, (int)('a' + length % 26), length);
		memset(bytes, 0x55, sizeof bytes);
		counter_record_write(bytes, path, length);
		counter_store64(bytes + 0, 0x123456789abcdef0);
		counter_store64(bytes + 8, 0x0fedcba987654320);
		assert_true(counter_record_read(bytes, sizeof bytes, &record));
		assert_true(record.count == 0x123456789abcdef0);
		assert_true(record.next == 0x0fedcba987654320);
		assert_true(record.hash == counter_hash(path, length));
		assert_int_equal(record.path_length, length);
		assert_memory_equal(record.path, path, length);
		assert_true(counter_record_read(bytes, 32 + length, &record));
		assert_false(counter_record_read(bytes, 31 + length, &record));
		for (size_t i = 32 + length; i < counter_record_size(length); i++)
			assert_int_equal(bytes[i], 0);
	}
}

/* Those of mayfly-hits(5), on every machine. */
static void test_record_has_the_documented_bytes(void **state)
{
	static const unsigned char EXPECTED[40] = {
	    7,    1,    0,    0,    0,    0,    0,    0,    /* count 263 */
	    0x28, 0x10, 0x40, 0,    0,    0,    0,    0,    /* next 0x401028 */
	    0x2d, 0xd9, 0x9c, 0xb4, 0x07, 0x67, 0xd6, 0x07, /* hash of "/a" */
	    2,    0,    0,    0,    0,    0,    0,    0,    /* length, reserved */
	    '/',  'a',
	};
	unsigned char bytes[40];
	(void)state;
	counter_record_write(bytes, "/a", 2);
	counter_store64(bytes, 263);
	counter_store64(bytes + 8, COUNTER_RECORDS + 40);
	assert_memory_equal(bytes, EXPECTED, sizeof EXPECTED);
}

static void test_header_has_the_documented_bytes(void **state)
{
	static const unsigned char EXPECTED[64] = "Mayfly hits\n\0\0\0\0\1\0\0\0\23";
	(void)state;
	assert_memory_equal(COUNTER_HEADER, EXPECTED, 64);
}

static void test_record_with_a_changed_bit_is_invalid(void **state)
{
	unsigned char bytes[48], zeros[48] = {0};
	struct counter_record record;
	(void)state;
	assert_false(counter_record_read(zeros, sizeof zeros, &record));
	counter_record_write(bytes, "/index.html", 11);
	for (size_t i = 16; i < 32 + 11; i++)
		for (int bit = 0; bit < 8; bit++) {
			bytes[i] ^= (unsigned char)(1 << bit);
			assert_false(counter_record_read(bytes, sizeof bytes, &record));
			bytes[i] ^= (unsigned char)(1 << bit);
		}
	for (size_t from = 8; from < sizeof bytes; from += 8)
		assert_false(counter_record_read(bytes + from, sizeof bytes - from, &record));
	assert_true(counter_record_read(bytes, sizeof bytes, &record));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hash_is_fnv_1a),
	    cmocka_unit_test(test_buckets_fill_the_table),
	    cmocka_unit_test(test_records_are_aligned_and_stay_in_a_page),
	    cmocka_unit_test(test_written_record_is_read_back),
	    cmocka_unit_test(test_record_has_the_documented_bytes),
	    cmocka_unit_test(test_header_has_the_documented_bytes),
	    cmocka_unit_test(test_record_with_a_changed_bit_is_invalid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
