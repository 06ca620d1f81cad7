/*
 * Links that do not lead to a record of their bucket: if a power failure explains them, the next hit
 * replaces them and changes nothing else; if not, the file is damaged and left alone.
 */
#include "counter_file.h"

enum { RECORD = 40 }; /* bytes of a record whose path is at most eight bytes long */

/* Three resources of one bucket and one of another, with 1, 2, 3 and 4 hits. */
static char paths[4][24];
static uint64_t places[4];

static int name_resources(void **state)
{
	unsigned number = 1;
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		path_in_bucket(bucket_of("/"), &number, paths[i]);
	strcpy(paths[3], "/other");
	return 0;
}

static int make_chain(void **state)
{
	if (make_directory(state) != 0)
		return -1;
	for (unsigned i = 0; i < 4; i++) {
		places[i] = COUNTER_RECORDS + i * RECORD;
		for (uint64_t count = 1; count <= i + 1; count++)
			if (hit(paths[i]).count != count)
				return -1;
	}
	return 0;
}

#define WITH_CHAIN(test) cmocka_unit_test_setup_teardown(test, make_chain, remove_directory)

static uint64_t link_of(unsigned i)
{
	return places[i] + COUNTER_RECORD_NEXT;
}

static void test_fixture_links_three_records_in_order(void **state)
{
	(void)state;
	assert_int_equal(peek_number(bucket_of("/")), places[0]);
	assert_int_equal(peek_number(link_of(0)), places[1]);
	assert_int_equal(peek_number(link_of(1)), places[2]);
	assert_int_equal(peek_number(link_of(2)), 0);
	assert_int_equal(file_size(), places[3] + RECORD);
}

/*
 * Sets the link to the record of paths[at] to another target. That path and those after it are no
 * longer found and begin at 1 again; the link is set to the new record.
 */
static void expect_link_replaced(unsigned at, uint64_t target)
{
	uint64_t link = at == 0 ? bucket_of("/") : link_of(at - 1), end = file_size();
	unsigned char before[4 * RECORD], after[4 * RECORD];
	poke_number(link, target);
	peek(COUNTER_RECORDS, before, sizeof before);
	expect_count(paths[at], 1);
	assert_int_equal(peek_number(link), counter_record_place(end, RECORD));
	peek(COUNTER_RECORDS, after, sizeof after);
	if (at > 0)
		counter_store64(before + (link - COUNTER_RECORDS),
		                counter_record_place(end, RECORD));
	assert_memory_equal(after, before, sizeof before);
	expect_count(paths[at], 2);

	/* Those before it keep their counts; a reader finds both of its records. */
	for (unsigned i = 0; i < at; i++)
		expect_count(paths[i], i + 2);
	assert_int_equal(sum_of(paths[at]), at + 3);
	assert_int_equal(read_counts(paths[at]).records, 2);
	expect_count(paths[3], 5);
	assert_int_equal(read_counts(NULL).damaged, 0);
}

static void test_head_beyond_the_end_is_replaced(void **state)
{
	(void)state;
	expect_link_replaced(0, file_size());
}

static void test_link_beyond_the_end_is_replaced(void **state)
{
	(void)state;
	expect_link_replaced(1, file_size() + 8);
}

static void test_link_far_beyond_the_end_is_replaced(void **state)
{
	(void)state;
	expect_link_replaced(2, (uint64_t)1 << 40);
}

/* pread(2) fails there instead of returning 0. */
static void test_link_to_the_largest_offset_is_replaced(void **state)
{
	(void)state;
	expect_link_replaced(1, (UINT64_C(1) << 63) - 8);
}

static void test_link_beyond_any_file_is_replaced(void **state)
{
	(void)state;
	expect_link_replaced(1, UINT64_MAX - 7);
}

static void test_link_into_a_lost_page_is_replaced(void **state)
{
	uint64_t page = COUNTER_RECORDS + 4096;
	(void)state;
	resize(page + 4096);
	expect_link_replaced(1, page + 400);
}

static void test_link_into_zeros_after_the_last_record_is_replaced(void **state)
{
	uint64_t gap = file_size() + 80;
	(void)state;
	resize(file_size() + 200);
	expect_link_replaced(2, gap);
}

static void test_link_into_the_middle_of_a_record_is_replaced(void **state)
{
	(void)state;
	expect_link_replaced(1, places[3] + 16);
}

static void test_head_to_a_record_of_another_bucket_is_replaced(void **state)
{
	(void)state;
	expect_link_replaced(0, places[3]);
}

static void test_link_to_a_record_of_another_bucket_is_replaced(void **state)
{
	(void)state;
	expect_link_replaced(2, places[3]);
}

static void test_lost_link_is_replaced(void **state)
{
	(void)state;
	expect_link_replaced(1, 0);
}

static void test_link_to_half_a_record_is_replaced(void **state)
{
	uint64_t end = file_size();
	unsigned char record[RECORD];
	(void)state;
	counter_record_write(record, paths[1], strlen(paths[1]));
	poke(end, record, 32);
	poke_number(link_of(0), end);
	expect_count(paths[1], 1);
	assert_int_equal(peek_number(link_of(0)), end + 32);
	expect_count(paths[1], 2);
}

static void test_link_to_a_record_longer_than_its_page_is_replaced(void **state)
{
	uint64_t end = file_size();
	unsigned char record[RECORD];
	(void)state;
	counter_record_write(record, paths[1], strlen(paths[1]));
	memset(record + 24, 0xff, 4);
	poke(end, record, sizeof record);
	poke_number(link_of(0), end);
	expect_count(paths[1], 1);
	assert_int_equal(peek_number(link_of(0)), end + RECORD);
	expect_count(paths[1], 2);
}

/* A power failure may keep a later link of the chain and lose an earlier one. */
static void test_restored_link_restores_the_rest_of_the_chain(void **state)
{
	(void)state;
	poke_number(link_of(0), 0);
	expect_count(paths[0], 2);
	poke_number(link_of(0), places[1]);
	expect_count(paths[2], 4);
}

static void expect_damage(uint64_t target)
{
	for (unsigned at = 0; at < 2; at++) {
		uint64_t link = at == 0 ? bucket_of("/") : link_of(at - 1);
		poke_number(link, target);
		expect_error_and_no_change(paths[2], "hits-damaged");
		poke_number(link, places[at]);
	}
	expect_count(paths[3], 5);
	expect_count(paths[2], 4);
}

static void test_link_that_is_not_aligned_is_damage(void **state)
{
	(void)state;
	expect_damage(places[1] + 4);
}

static void test_link_before_the_first_record_is_damage(void **state)
{
	(void)state;
	expect_damage(COUNTER_RECORDS - 8);
}

static void test_link_into_the_header_is_damage(void **state)
{
	(void)state;
	expect_damage(8);
}

static void test_link_to_its_own_record_is_damage(void **state)
{
	(void)state;
	poke_number(link_of(1), places[1]);
	expect_error_and_no_change(paths[2], "hits-damaged");
	expect_count(paths[1], 3);
}

static void test_link_to_an_earlier_record_is_damage(void **state)
{
	(void)state;
	poke_number(link_of(1), places[0]);
	expect_error_and_no_change(paths[2], "hits-damaged");
	expect_error_and_no_change("/", "hits-damaged");
	expect_count(paths[0], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CHAIN(test_fixture_links_three_records_in_order),
	    WITH_CHAIN(test_head_beyond_the_end_is_replaced),
	    WITH_CHAIN(test_link_beyond_the_end_is_replaced),
	    WITH_CHAIN(test_link_far_beyond_the_end_is_replaced),
	    WITH_CHAIN(test_link_to_the_largest_offset_is_replaced),
	    WITH_CHAIN(test_link_beyond_any_file_is_replaced),
	    WITH_CHAIN(test_link_into_a_lost_page_is_replaced),
	    WITH_CHAIN(test_link_into_zeros_after_the_last_record_is_replaced),
	    WITH_CHAIN(test_link_into_the_middle_of_a_record_is_replaced),
	    WITH_CHAIN(test_head_to_a_record_of_another_bucket_is_replaced),
	    WITH_CHAIN(test_link_to_a_record_of_another_bucket_is_replaced),
	    WITH_CHAIN(test_lost_link_is_replaced),
	    WITH_CHAIN(test_link_to_half_a_record_is_replaced),
	    WITH_CHAIN(test_link_to_a_record_longer_than_its_page_is_replaced),
	    WITH_CHAIN(test_restored_link_restores_the_rest_of_the_chain),
	    WITH_CHAIN(test_link_that_is_not_aligned_is_damage),
	    WITH_CHAIN(test_link_before_the_first_record_is_damage),
	    WITH_CHAIN(test_link_into_the_header_is_damage),
	    WITH_CHAIN(test_link_to_its_own_record_is_damage),
	    WITH_CHAIN(test_link_to_an_earlier_record_is_damage),
	};
	return cmocka_run_group_tests(tests, name_resources, NULL);
}
