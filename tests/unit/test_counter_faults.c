/*
 * Errors of the system while a counter file is read, verified, repaired and reset: each call in turn. And paths with
 * the same hash. test_counter_errors.c has those of a hit.
 */
#include "counter/chain.h"
#include "counter/repair.h"
#include "counter/reset.h"
#include "counter/state.h"
#include "counter/verify.h"
#include "counter_file.h"
#include <limits.h>

#include "counter_calls.h"

static int open_counter(void)
{
	int file = open(counter_file, O_RDWR | O_CLOEXEC);
	assert_true(file >= 0);
	return file;
}

static const char *each(struct reading *reading)
{
	int file = open_counter();
	*reading = (struct reading){0};
	const char *error = counter_each(file, add_to_reading, reading, &reading->damaged);
	close(file);
	return error;
}

static const char *repair(void)
{
	int file = open_counter();
	const char *error = counter_repair(file);
	close(file);
	return error;
}

static void ignore(void *context, const struct counter_fault *fault)
{
	(void)context;
	(void)fault;
}

static const char *verify(struct counter_verify_result *result)
{
	int file = open_counter();
	const char *error = counter_verify(file, ignore, NULL, result);
	close(file);
	return error;
}

static bool is_any(void *context, const char *path, size_t path_length)
{
	(void)context;
	(void)path;
	(void)path_length;
	return true;
}

static const char *reset(struct counter_dropped *dropped)
{
	int file = open_counter();
	const char *error = counter_reset(file, is_any, NULL, dropped);
	close(file);
	return error;
}

static const char *check(void)
{
	int file = open_counter();
	const char *error = counter_check(file);
	close(file);
	return error;
}

static const char *add(void)
{
	int file = open_counter();
	const char *error = counter_add(file, "/new", 4, 0).error;
	close(file);
	return error;
}

static void test_failed_fstat_is_an_error(void **state)
{
	/* of a repair: the size of the file, and whether a page ends with the file, twice */
	static const char *const ERRORS[] = {"hits-not-a-file", "hits-damaged", "hits-not-a-file",
	                                     "hits-damaged"};
	struct reading reading;
	struct counter_dropped dropped;
	struct counter_verify_result result;
	(void)state;
	poke(0, "", 0);
	calls.stat_fails = 1;
	assert_string_equal(add(), "hits-damaged");
	calls.stats = 0;
	calls.stat_fails = 2;
	assert_string_equal(add(), "hits-not-a-file");
	assert_int_equal(file_size(), 0);
	calls.stat_fails = 0;
	expect_count("/a", 1);

	calls.stat_fails = 1;
	calls.stats = 0;
	assert_string_equal(add(), "hits-damaged");
	calls.stats = 0;
	assert_string_equal(each(&reading), "hits-damaged");
	calls.stats = 0;
	assert_string_equal(reset(&dropped), "hits-damaged");
	calls.stats = 0;
	assert_string_equal(check(), "hits-not-a-file");
	calls.stats = 0;
	assert_string_equal(verify(&result), "hits-not-a-file");
	calls.stats = 0;
	for (size_t i = 0; i < sizeof ERRORS / sizeof ERRORS[0]; i++, calls.stats = 0) {
		calls.stat_fails = (unsigned)i + 1;
		assert_string_equal(repair(), ERRORS[i]);
	}
	calls.stat_fails = 0;
	assert_int_equal(sum_of("/a"), 1);
}

/* Makes a call read nothing, although the file has bytes there, and expects that the hit is lost and nothing changes. */
static void expect_empty_read_is_damage(unsigned call)
{
	uint64_t size = file_size();
	calls.error = 0;
	calls.fail_at = calls.fail_until = calls.count + call;
	expect_error("/a", "hits-damaged");
	calls.fail_at = 0;
	assert_int_equal(file_size(), size);
}

static void test_empty_read_does_not_hide_what_is_there(void **state)
{
	struct reading reading;
	(void)state;
	expect_count("/a", 1);
	for (unsigned call = 1; call <= 3; call++) /* header, bucket head, record */
		expect_empty_read_is_damage(call);
	calls.fail_at = calls.fail_until = calls.count + 1;
	assert_string_equal(each(&reading), "hits-damaged");
	calls.fail_at = 0;
	expect_count("/a", 2);
}

static void keep_kind(void *context, const struct counter_fault *fault)
{
	*(enum counter_fault_kind *)context = fault->kind;
}

static void test_empty_read_of_the_header_is_found(void **state)
{
	struct counter_verify_result result;
	enum counter_fault_kind kind = COUNTER_FAULT_COUNT;
	(void)state;
	expect_count("/a", 1);
	int file = open_counter();
	calls.error = 0;
	calls.fail_at = calls.fail_until = calls.count + 2; /* the state has been read */
	assert_null(counter_verify(file, keep_kind, &kind, &result));
	close(file);
	assert_int_equal(result.faults, 1);
	assert_int_equal(kind, COUNTER_FAULT_UNREADABLE);
}

/* A link beyond the end, as a power failure may leave it, ends its chain only if the file is known to end there. */
static void test_end_of_a_chain_requires_the_size_of_the_file(void **state)
{
	(void)state;
	expect_count("/a", 1);
	resize(COUNTER_RECORDS);
	calls.stat_fails = 1;
	calls.stats = 0;
	expect_error("/a", "hits-damaged");
	calls.stat_fails = 0;
	expect_count("/a", 1);
}

static void test_other_files_are_no_counter_files(void **state)
{
	struct counter_verify_result result;
	int file = open(counter_directory, O_RDONLY | O_CLOEXEC);
	(void)state;
	assert_string_equal(counter_check(file), "hits-not-a-file");
	assert_string_equal(counter_verify(file, ignore, NULL, &result), "hits-not-a-file");
	assert_string_equal(counter_repair(file), "hits-not-a-file");
	close(file);
	poke(0, "", 0);
	assert_null(check());
	assert_null(verify(&result));
	assert_null(repair());
	assert_int_equal(file_size(), 0);
	poke(0, "#!/bin/sh", 9);
	assert_string_equal(check(), "hits-foreign");
	assert_string_equal(repair(), "hits-foreign");
}

/* The lock is refused at the first, second, ... time: what was done before stays. */
static void test_refused_lock_is_an_error(void **state)
{
	struct reading reading;
	struct counter_dropped dropped;
	struct counter_verify_result result;
	(void)state;
	expect_count("/a", 1);
	calls.lock_fails = 1;
	assert_string_equal(add(), "hits-locked");
	assert_string_equal(each(&reading), "hits-locked");
	assert_string_equal(reset(&dropped), "hits-locked");
	assert_string_equal(verify(&result), "hits-locked");
	assert_string_equal(repair(), "hits-locked");
	calls.locks = 0;
	calls.lock_fails = 2;
	assert_string_equal(reset(&dropped), "hits-locked"); /* the page was read, not written */
	calls.locks = 0;
	assert_string_equal(verify(&result), "hits-locked");
	calls.locks = 0;
	assert_string_equal(repair(), "hits-locked"); /* counted, not linked */
	calls.lock_fails = 0;
	assert_int_equal(sum_of("/a"), 1);
}

static void test_write_of_no_byte_is_a_full_disk(void **state)
{
	(void)state;
	expect_count("/a", 1);
	calls.writes_nothing = true;
	expect_error("/a", "hits-disk-full");
	calls.writes_nothing = false;
	expect_count("/a", 2);
}

static void test_without_holes_each_page_is_read(void **state)
{
	struct reading reading;
	(void)state;
	expect_count("/a", 1);
	resize(file_size() + (1 << 20));
	calls.seek_error = EINVAL;
	unsigned before = calls.count;
	assert_null(each(&reading));
	assert_int_equal(reading.sum, 1);
	assert_true(calls.count - before > (1 << 20) / COUNTER_PAGE);
	calls.seek_error = ENXIO; /* nothing but a hole */
	assert_null(each(&reading));
	assert_int_equal(reading.records, 0);
}

static void test_reset_ends_with_the_first_error(void **state)
{
	struct counter_dropped dropped;
	(void)state;
	expect_count("/a", 1);
	expect_count("/b", 1);
	calls.error = EIO;
	/* Header; page, its end; count of the first, and 0 in its place. */
	calls.fail_at = calls.fail_until = calls.count + 5;
	assert_string_equal(reset(&dropped), "hits-write-failed");
	calls.fail_at = 0;
	assert_int_equal(dropped.records, 0);
	assert_int_equal(read_counts(NULL).sum, 2);
}

/* Writes a file of several pages with records that count 1 to 9, and no damage. */
static void make_file(void)
{
	char path[64];
	unlink(counter_file);
	for (unsigned i = 1; i <= 9; i++) {
		const char *error;
		int file = counter_open(counter_file, &error);
		snprintf(path, sizeof path, "/%u", i);
		assert_null(counter_add_amount(file, path, strlen(path), i, 0).error);
		close(file);
		resize(file_size() + COUNTER_PAGE / 2);
	}
}

/* In the header, in the rest of its page, and in heads of buckets. */
static void damage_start(void)
{
	poke(0, "?", 1);
	poke(COUNTER_HEADER_SIZE + 8, "?", 1);
	for (unsigned pages = 0; pages < 4; pages++)
		poke_number(COUNTER_TABLE + pages * COUNTER_PAGE, 4);
}

static void damage_records(void)
{
	poke_number(COUNTER_RECORDS + COUNTER_RECORD_NEXT, 4);
	for (unsigned pages = 0; pages < 4; pages++)
		poke(COUNTER_RECORDS + pages * COUNTER_PAGE + COUNTER_PAGE - 16, "?", 1);
}

static void end_in_the_table(void)
{
	resize(COUNTER_RECORDS - COUNTER_PAGE);
}

static void (*const DAMAGES[])(void) = {damage_start, damage_records, end_in_the_table};

enum { DAMAGE_COUNT = sizeof DAMAGES / sizeof DAMAGES[0] };

/* Whether a repair may end with this error if a call failed. An unreadable header of another kind stays foreign. */
static bool is_of_failed_call(const char *error, int number)
{
	return strcmp(error, number == ENOSPC ? "hits-disk-full" : "hits-write-failed") == 0 ||
	       strcmp(error, "hits-damaged") == 0 || strcmp(error, "hits-foreign") == 0;
}

/* Makes a call of a repair fail. Expects the counts of before. Returns the number of its calls. */
static unsigned fail_repair(void (*damage)(void), unsigned call, int number)
{
	struct counter_verify_result result;
	make_file();
	damage();
	unsigned before = calls.count;
	calls.error = number;
	calls.fail_at = calls.fail_until = before + call;
	const char *error = repair();
	unsigned count = calls.count - before;
	calls.fail_at = 0;
	if (error == NULL ? call <= count : call > count || !is_of_failed_call(error, number))
		fail_msg("call %u of %u: %s", call, count, error);
	assert_null(repair());
	assert_null(verify(&result));
	assert_int_equal(result.faults, 0);
	assert_int_equal(read_counts(NULL).sum, damage == end_in_the_table ? 0 : 45);
	return count;
}

/* Each call except for most of those that read the table, which are alike and nearly the last ones. */
static void test_failed_call_of_a_repair_changes_no_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < DAMAGE_COUNT; i++) {
		unsigned count = fail_repair(DAMAGES[i], UINT_MAX, EIO);
		assert_in_range(count, TABLE_PAGES, TABLE_PAGES + 60);
		for (unsigned call = 1; call <= count; call++)
			if (call <= count - TABLE_PAGES + 8 || call > count - 4 || call % 256 == 0)
				(void)fail_repair(DAMAGES[i], call, call % 2 == 0 ? EIO : ENOSPC);
	}
}

static void test_record_in_the_page_of_the_header_is_not_linked(void **state)
{
	unsigned char record[48];
	struct counter_verify_result result;
	(void)state;
	make_file();
	counter_record_write(record, "/header", 7);
	poke(COUNTER_HEADER_SIZE, record, counter_record_size(7));
	poke(COUNTER_HEADER_SIZE + 400, "?", 1);
	assert_null(repair());
	assert_null(verify(&result));
	assert_int_equal(result.faults, 0);
	assert_int_equal(read_counts(NULL).sum, 45);
	expect_count("/header", 1);
}

/* Another header is that of a counter file only if one of 256 pages has a record. */
static void test_search_for_records_of_a_foreign_file_is_limited(void **state)
{
	unsigned char record[48];
	uint64_t last = COUNTER_RECORDS + 255 * COUNTER_PAGE;
	(void)state;
	poke(0, "a header of another program, and some text that follows it, for 80 bytes or so..",
	     80);
	counter_record_write(record, "/a", 2);
	poke(last + COUNTER_PAGE, record, counter_record_size(2));
	int file = open_counter();
	assert_false(counter_is_repairable(file));
	poke(last, record, counter_record_size(2));
	assert_true(counter_is_repairable(file));
	calls.error = EIO;
	calls.fail_at = calls.fail_until = calls.count + 1;
	assert_false(counter_is_repairable(file));
	close(file);
}

static void test_unreadable_bucket_is_damage(void **state)
{
	(void)state;
	expect_count("/a", 1);
	int file = open_counter();
	assert_int_equal(counter_chain_end(file, bucket_of("/a")), COUNTER_STEP_END);
	calls.error = EIO;
	calls.fail_at = calls.fail_until = calls.count + 1;
	assert_int_equal(counter_chain_end(file, bucket_of("/a")), COUNTER_STEP_DAMAGED);
	struct counter_chain chain = {0}; /* as after the end of an empty bucket */
	calls.fail_at = calls.fail_until = calls.count + 1;
	assert_int_equal(counter_chain_find(&chain, file, "/a", 2), COUNTER_STEP_DAMAGED);
	close(file);
}

/* Known collisions of the hash, 64-bit FNV-1a: of two words, and 0, which a NUL after it does not change. */
static void test_paths_with_the_same_hash_are_counted_apart(void **state)
{
	static const char ONE[] = "8yn0iYCKYHlIj4-BwPqk", OTHER[] = "GReLUrM4wMqfg9yzV3KQ";
	static const char ZERO[] = "\xd5\x6b\xb9\x53\x42\x87\x08\x36"; /* with a NUL, nine bytes */
	(void)state;
	assert_int_equal(counter_hash(ONE, 20), counter_hash(OTHER, 20));
	assert_int_equal(counter_hash(ZERO, 8), 0);
	assert_int_equal(counter_hash(ZERO, 9), 0);
	for (uint64_t count = 1; count <= 3; count++) {
		expect_count(ONE, count);
		expect_count(OTHER, count);
		assert_int_equal(hit_bytes(ZERO, 8).count, count);
		assert_int_equal(hit_bytes(ZERO, 9).count, count);
	}
	assert_int_equal(read_counts(NULL).records, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CALLS(test_failed_fstat_is_an_error),
	    WITH_CALLS(test_empty_read_does_not_hide_what_is_there),
	    WITH_CALLS(test_empty_read_of_the_header_is_found),
	    WITH_CALLS(test_end_of_a_chain_requires_the_size_of_the_file),
	    WITH_CALLS(test_other_files_are_no_counter_files),
	    WITH_CALLS(test_refused_lock_is_an_error),
	    WITH_CALLS(test_write_of_no_byte_is_a_full_disk),
	    WITH_CALLS(test_without_holes_each_page_is_read),
	    WITH_CALLS(test_reset_ends_with_the_first_error),
	    WITH_CALLS(test_failed_call_of_a_repair_changes_no_count),
	    WITH_CALLS(test_record_in_the_page_of_the_header_is_not_linked),
	    WITH_CALLS(test_search_for_records_of_a_foreign_file_is_limited),
	    WITH_CALLS(test_unreadable_bucket_is_damage),
	    WITH_CALLS(test_paths_with_the_same_hash_are_counted_apart),
	};
	return cmocka_run_group_tests_name("counter_faults", tests, NULL, NULL);
}
