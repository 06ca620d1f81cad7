/*
 * Links that lead to no record of their bucket: what a power failure explains is healed without
 * touching a record, what it does not explain is damage and left alone.
 */
#include "counter_file.h"

enum { RECORD = 40 }; /* bytes of a record whose path is at most eight bytes long */

/* Three resources of one bucket and one of another, each counted as often as its number says. */
static char paths[4][24];
static uint64_t places[4];

static int make_chain(void **state)
{
	unsigned number = 1;
	if (make_folder(state) != 0)
		return -1;
	for (unsigned i = 0; i < 3; i++)
		path_in_bucket(bucket_of("/"), &number, paths[i]);
	strcpy(paths[3], "/other");
	for (unsigned i = 0; i < 4; i++) {
		places[i] = COUNTER_RECORDS + i * RECORD;
		for (uint64_t count = 1; count <= i + 1; count++)
			if (hit(paths[i]).count != count)
				return -1;
	}
	return 0;
}

#define WITH_CHAIN(test) cmocka_unit_test_setup_teardown(test, make_chain, remove_folder)

static uint64_t link_of(unsigned i)
{
	return places[i] + COUNTER_RECORD_NEXT;
}

static void test_the_chain_is_as_these_tests_take_it_to_be(void **state)
{
	(void)state;
	assert_int_equal(peek_number(bucket_of("/")), places[0]);
	assert_int_equal(peek_number(link_of(0)), places[1]);
	assert_int_equal(peek_number(link_of(1)), places[2]);
	assert_int_equal(peek_number(link_of(2)), 0);
	assert_int_equal(file_size(), places[3] + RECORD);
}

/*
 * Makes the link that led to paths[at] lead elsewhere: paths[at] and what came after it is no
 * longer found, begins at one again, and the link leads to its new record.
 */
static void expect_healed(unsigned at, uint64_t target)
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

	/* Those before it have kept their counts, and a reader adds up both of its records. */
	for (unsigned i = 0; i < at; i++)
		expect_count(paths[i], i + 2);
	assert_int_equal(sum_of(paths[at]), at + 3);
	assert_int_equal(read_counts(paths[at]).records, 2);
	expect_count(paths[3], 5);
	assert_int_equal(read_counts(NULL).damaged, 0);
}

static void test_beyond_the_end_from_the_table(void **state)
{
	(void)state;
	expect_healed(0, file_size());
}

static void test_beyond_the_end_from_a_record(void **state)
{
	(void)state;
	expect_healed(1, file_size() + 8);
}

static void test_far_beyond_the_end(void **state)
{
	(void)state;
	expect_healed(2, (uint64_t)1 << 40);
}

/* Where pread(2) fails, and does not just find nothing. */
static void test_to_the_last_byte_of_any_file(void **state)
{
	(void)state;
	expect_healed(1, (UINT64_C(1) << 63) - 8);
}

static void test_beyond_any_file(void **state)
{
	(void)state;
	expect_healed(1, UINT64_MAX - 7);
}

static void test_into_a_lost_page(void **state)
{
	uint64_t page = COUNTER_RECORDS + 4096;
	(void)state;
	resize(page + 4096);
	expect_healed(1, page + 400);
}

static void test_into_the_gap_behind_the_last_record(void **state)
{
	uint64_t gap = file_size() + 80;
	(void)state;
	resize(file_size() + 200);
	expect_healed(2, gap);
}

static void test_into_the_middle_of_a_record(void **state)
{
	(void)state;
	expect_healed(1, places[3] + 16);
}

static void test_to_a_record_of_another_bucket_from_the_table(void **state)
{
	(void)state;
	expect_healed(0, places[3]);
}

static void test_to_a_record_of_another_bucket_from_a_record(void **state)
{
	(void)state;
	expect_healed(2, places[3]);
}

static void test_to_nothing(void **state)
{
	(void)state;
	expect_healed(1, 0);
}

static void test_to_half_a_record_at_the_end(void **state)
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

static void test_to_a_record_that_claims_to_be_longer_than_its_page(void **state)
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

/* An order of pages on disk in which a later link of the chain survived, but not an earlier one. */
static void test_what_is_behind_a_stale_link_comes_back_with_it(void **state)
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
		expect_loss_and_no_change(paths[2], "hits-damaged");
		poke_number(link, places[at]);
	}
	expect_count(paths[3], 5);
	expect_count(paths[2], 4);
}

static void test_not_aligned(void **state)
{
	(void)state;
	expect_damage(places[1] + 4);
}

static void test_before_the_first_record(void **state)
{
	(void)state;
	expect_damage(COUNTER_RECORDS - 8);
}

static void test_into_the_header(void **state)
{
	(void)state;
	expect_damage(8);
}

static void test_back_to_the_record_that_holds_it(void **state)
{
	(void)state;
	poke_number(link_of(1), places[1]);
	expect_loss_and_no_change(paths[2], "hits-damaged");
	expect_count(paths[1], 3);
}

static void test_back_to_an_earlier_record(void **state)
{
	(void)state;
	poke_number(link_of(1), places[0]);
	expect_loss_and_no_change(paths[2], "hits-damaged");
	expect_loss_and_no_change("/", "hits-damaged");
	expect_count(paths[0], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CHAIN(test_the_chain_is_as_these_tests_take_it_to_be),
	    WITH_CHAIN(test_beyond_the_end_from_the_table),
	    WITH_CHAIN(test_beyond_the_end_from_a_record),
	    WITH_CHAIN(test_far_beyond_the_end),
	    WITH_CHAIN(test_to_the_last_byte_of_any_file),
	    WITH_CHAIN(test_beyond_any_file),
	    WITH_CHAIN(test_into_a_lost_page),
	    WITH_CHAIN(test_into_the_gap_behind_the_last_record),
	    WITH_CHAIN(test_into_the_middle_of_a_record),
	    WITH_CHAIN(test_to_a_record_of_another_bucket_from_the_table),
	    WITH_CHAIN(test_to_a_record_of_another_bucket_from_a_record),
	    WITH_CHAIN(test_to_nothing),
	    WITH_CHAIN(test_to_half_a_record_at_the_end),
	    WITH_CHAIN(test_to_a_record_that_claims_to_be_longer_than_its_page),
	    WITH_CHAIN(test_what_is_behind_a_stale_link_comes_back_with_it),
	    WITH_CHAIN(test_not_aligned),
	    WITH_CHAIN(test_before_the_first_record),
	    WITH_CHAIN(test_into_the_header),
	    WITH_CHAIN(test_back_to_the_record_that_holds_it),
	    WITH_CHAIN(test_back_to_an_earlier_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
