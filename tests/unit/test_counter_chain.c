/*
 * Chains: a bucket links a limited number of records, so that no content of the file makes a hit
 * expensive; verify reports a full bucket, and a repair makes room in it.
 */
#include "../tools/hostile_counter.h"
#include "counter/get.h"
#include "counter/repair.h"
#include "counter/verify.h"
#include "counter_file.h"

#include "counter_calls.h"

enum {
	LONG = 100000,                        /* records of a long chain */
	CALLS_MAX = 2 * COUNTER_CHAIN_MAX + 8 /* of a hit: a record takes one call, or two */
};

/* A chain of so many records in the bucket of "/"; returns the offset of its first record. */
static uint64_t make_chain(unsigned records)
{
	unlink(counter_file);
	expect_count("/other", 1);
	int file = open(counter_file, O_RDWR | O_CLOEXEC);
	uint64_t first = hostile_chain(file, file_size(), bucket_of("/"), records);
	close(file);
	poke_number(bucket_of("/"), first);
	return first;
}

static const char *path_of(unsigned number)
{
	static char path[HOSTILE_PATH + 1];
	hostile_path(path, number, bucket_of("/"));
	return path;
}

static struct counter_result hit_number(unsigned number)
{
	return hit_bytes(path_of(number), HOSTILE_PATH);
}

static uint64_t fault_offset;
static enum counter_fault_kind fault_kind;

static void note(void *context, const struct counter_fault *fault)
{
	(void)context;
	fault_kind = fault->kind;
	fault_offset = fault->offset;
}

static struct counter_verify_result verify(void)
{
	struct counter_verify_result result;
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_null(counter_verify(file, note, NULL, &result));
	close(file);
	return result;
}

static void repair(void)
{
	int file = open(counter_file, O_RDWR | O_CLOEXEC);
	assert_null(counter_repair(file));
	close(file);
	assert_int_equal(verify().faults, 0);
}

/* Sum of the counts 1, 2, ... of a chain, and of the hits since. */
static void expect_sum(uint64_t records, int64_t hits)
{
	assert_int_equal(read_counts(NULL).sum, records * (records + 1) / 2 + (uint64_t)hits);
}

static void test_hostile_paths_share_a_bucket(void **state)
{
	(void)state;
	for (unsigned number = 0; number < LONG; number += 7)
		assert_int_equal(counter_bucket_head(counter_hash(path_of(number), HOSTILE_PATH)),
		                 bucket_of("/"));
}

static void test_bucket_with_room_for_one_takes_one(void **state)
{
	(void)state;
	make_chain(COUNTER_CHAIN_MAX - 1);
	assert_int_equal(verify().faults, 0);
	expect_count("/", 1);
	expect_count("/", 2);
	assert_string_equal(hit_number(LONG).error, "hits-damaged");
	assert_int_equal(verify().faults, 1);
}

static void test_full_bucket_counts_only_what_it_has(void **state)
{
	(void)state;
	make_chain(COUNTER_CHAIN_MAX);
	expect_error_and_no_change("/", "hits-damaged");
	assert_int_equal(hit_number(0).count, 2);
	assert_int_equal(hit_number(COUNTER_CHAIN_MAX - 1).count, COUNTER_CHAIN_MAX + 1);
	expect_count("/other", 2);
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_string_equal(counter_get(file, "/", 1).error, "hits-damaged");
	close(file);
}

static void test_hit_reads_a_limited_number_of_records(void **state)
{
	(void)state;
	make_chain(LONG);
	calls.count = 0;
	expect_error("/", "hits-damaged");
	assert_in_range(calls.count, COUNTER_CHAIN_MAX, CALLS_MAX);
	calls.count = 0;
	assert_string_equal(hit_number(LONG - 1).error, "hits-damaged");
	assert_in_range(calls.count, COUNTER_CHAIN_MAX, CALLS_MAX);
	calls.count = 0;
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_string_equal(counter_get(file, "/", 1).error, "hits-damaged");
	close(file);
	assert_in_range(calls.count, COUNTER_CHAIN_MAX, CALLS_MAX);
}

static void test_verify_reports_a_full_bucket(void **state)
{
	static const unsigned FULL[] = {COUNTER_CHAIN_MAX, COUNTER_CHAIN_MAX + 1, LONG};
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		make_chain(FULL[i]);
		struct counter_verify_result result = verify();
		assert_int_equal(result.faults, 1);
		assert_int_equal(result.records, FULL[i] + 1);
		assert_int_equal(fault_kind, COUNTER_FAULT_CHAIN);
		assert_int_equal(fault_offset, bucket_of("/"));
	}
}

static void test_records_that_nothing_links_do_not_fill_a_bucket(void **state)
{
	(void)state;
	make_chain(LONG);
	poke_number(bucket_of("/"), 0);
	assert_int_equal(verify().faults, 0);
	expect_count("/", 1);
	assert_int_equal(verify().faults, 0);
}

static void test_repair_makes_room_and_drops_no_count(void **state)
{
	(void)state;
	make_chain(LONG);
	repair();
	expect_sum(LONG, 1);
	expect_count("/", 1);
	expect_count("/", 2);
	assert_int_equal(hit_number(0).count, 2);
	/* The first half of the room keeps its records; a later one begins a second record. */
	assert_int_equal(hit_number(COUNTER_CHAIN_MAX / 2 - 1).count, COUNTER_CHAIN_MAX / 2 + 1);
	assert_int_equal(hit_number(COUNTER_CHAIN_MAX / 2).count, 1);
	expect_sum(LONG, 1 + 5);
	expect_count("/other", 2);
}

static void test_repair_links_all_records_that_fit(void **state)
{
	(void)state;
	make_chain(COUNTER_CHAIN_MAX - 1);
	poke_number(bucket_of("/"), 8);
	repair();
	for (unsigned number = 0; number < COUNTER_CHAIN_MAX - 1; number++)
		assert_int_equal(hit_number(number).count, number + 2);
}

static int holder;

/* Called when a repair finds the lock taken: another process counts, and lets go of it. */
static void count_and_unlock(void)
{
	calls.locked = NULL;
	close(holder);
	expect_count("/", 1);
}

static void test_repair_leaves_room_although_a_record_was_added_meanwhile(void **state)
{
	(void)state;
	make_chain(COUNTER_CHAIN_MAX - 1);
	holder = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(holder, LOCK_EX), 0);
	calls.locked = count_and_unlock;
	repair();
	assert_null(calls.locked);
	assert_int_equal(hit_number(COUNTER_CHAIN_MAX).count, 1);
}

static void test_second_repair_keeps_what_the_first_one_linked(void **state)
{
	(void)state;
	make_chain(LONG);
	repair();
	expect_count("/", 1);
	assert_int_equal(hit_number(LONG - 1).count, 1);
	poke_number(bucket_of("/x"), 12);
	assert_int_equal(verify().faults, 1);
	repair();
	expect_count("/", 2);
	assert_int_equal(hit_number(LONG - 1).count, 2);
	assert_int_equal(hit_number(1).count, 3);
	expect_sum(LONG, 1 + 5);
}

static void test_repair_of_a_full_damaged_bucket_makes_room(void **state)
{
	(void)state;
	uint64_t first = make_chain(LONG);
	poke_number(first + COUNTER_RECORD_NEXT, 4);
	poke(first + 5 * HOSTILE_RECORD + COUNTER_RECORD_PATH, "?", 1);
	repair();
	expect_count("/", 1);
	assert_int_equal(hit_number(0).count, 2);
	assert_int_equal(hit_number(5).count, 1);
	assert_int_equal(hit_number(6).count, 8);
	expect_sum(LONG, 1 + 4 - 6);
}

static void test_repair_clears_damaged_links_of_records_that_it_does_not_link(void **state)
{
	(void)state;
	uint64_t first = make_chain(LONG);
	for (unsigned page = 0; page < LONG / (COUNTER_PAGE / HOSTILE_RECORD); page += 5)
		poke_number(first + page * COUNTER_PAGE + COUNTER_RECORD_NEXT, first);
	assert_in_range(verify().faults, 200, LONG);
	repair();
	expect_count("/", 1);
	expect_sum(LONG, 2);
}

static void test_repair_cures_a_cycle(void **state)
{
	(void)state;
	uint64_t first = make_chain(40);
	poke_number(first + 39 * HOSTILE_RECORD + COUNTER_RECORD_NEXT, first);
	expect_error("/", "hits-damaged");
	assert_int_equal(verify().faults, 1);
	assert_int_equal(fault_kind, COUNTER_FAULT_LINK);
	repair();
	expect_count("/", 1);
	expect_sum(40, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CALLS(test_hostile_paths_share_a_bucket),
	    WITH_CALLS(test_bucket_with_room_for_one_takes_one),
	    WITH_CALLS(test_full_bucket_counts_only_what_it_has),
	    WITH_CALLS(test_hit_reads_a_limited_number_of_records),
	    WITH_CALLS(test_verify_reports_a_full_bucket),
	    WITH_CALLS(test_records_that_nothing_links_do_not_fill_a_bucket),
	    WITH_CALLS(test_repair_makes_room_and_drops_no_count),
	    WITH_CALLS(test_repair_links_all_records_that_fit),
	    WITH_CALLS(test_repair_leaves_room_although_a_record_was_added_meanwhile),
	    WITH_CALLS(test_second_repair_keeps_what_the_first_one_linked),
	    WITH_CALLS(test_repair_of_a_full_damaged_bucket_makes_room),
	    WITH_CALLS(test_repair_clears_damaged_links_of_records_that_it_does_not_link),
	    WITH_CALLS(test_repair_cures_a_cycle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
