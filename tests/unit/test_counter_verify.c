/*
 * Looking for damage: each kind of it is found, where it is; what a power failure or a killed
 * handler leaves is none; and what is no counter file is not judged.
 */
#include "counter/verify.h"
#include "counter_file.h"

#include "counter_calls.h"

enum { MOST = 8, RECORD = 40 /* of a path of up to 8 bytes */ };

/* What was found. */
static struct counter_fault found[MOST];
static char found_path[24];
static struct counter_verify_result result;

static void note(void *context, const struct counter_fault *fault)
{
	unsigned *count = context;
	assert_true(*count < MOST);
	found[(*count)++] = *fault;
	if (fault->path != NULL)
		snprintf(found_path, sizeof found_path, "%.*s", (int)fault->path_length,
		         fault->path);
}

static const char *verify(void)
{
	unsigned count = 0;
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	const char *reason = counter_verify(file, note, &count, &result);
	close(file);
	assert_int_equal(result.faults, count);
	return reason;
}

static void expect_faults(uint64_t faults, uint64_t records)
{
	const char *reason = verify();
	if (reason != NULL)
		fail_msg("%s", reason);
	assert_int_equal(result.faults, faults);
	assert_int_equal(result.records, records);
}

static void expect_finding(enum counter_fault_kind kind, uint64_t offset, uint64_t length,
                           uint64_t records)
{
	expect_faults(1, records);
	assert_int_equal(found[0].kind, kind);
	assert_int_equal(found[0].offset, offset);
	assert_int_equal(found[0].length, length);
}

static void expect_refusal(const char *expected)
{
	const char *reason = verify();
	assert_non_null(reason);
	assert_string_equal(reason, expected);
}

/* "/a", "/b" and "/c", one hit each; their records follow one another. */
static int make_three(void **state)
{
	memset(&calls, 0, sizeof calls);
	if (make_folder(state) != 0)
		return -1;
	expect_count("/a", 1);
	expect_count("/b", 1);
	expect_count("/c", 1);
	return 0;
}

static void test_a_sound_file(void **state)
{
	(void)state;
	expect_faults(0, 3);
	resize(0);
	expect_faults(0, 0);
	poke(0, COUNTER_HEADER, COUNTER_HEADER_SIZE);
	expect_faults(0, 0);
}

/* Links that lead nowhere, records that nothing leads to or that come twice, pages of zeros. */
static void test_what_a_power_failure_leaves_is_sound(void **state)
{
	(void)state;
	poke_number(bucket_of("/a"), 0);
	expect_count("/a", 1);
	poke_number(bucket_of("/b"), file_size() + 8 * COUNTER_PAGE);
	poke_number(bucket_of("/c"), COUNTER_RECORDS);
	poke_number(bucket_of("/d"), COUNTER_RECORDS + 24);
	resize(COUNTER_RECORDS + 3 * COUNTER_PAGE);
	expect_faults(0, 4);
}

static void test_damaged_bytes(void **state)
{
	(void)state;
	poke(COUNTER_RECORDS + RECORD + COUNTER_RECORD_PATH, "?", 1);
	expect_finding(COUNTER_FAULT_BYTES, COUNTER_RECORDS + RECORD, RECORD, 2);
	/* Zeros at its ends belong to no damage: the count is one byte of eight here. */
	poke_number(COUNTER_RECORDS + RECORD, 0);
	expect_finding(COUNTER_FAULT_BYTES, COUNTER_RECORDS + RECORD + 16, RECORD - 16, 2);
	poke(COUNTER_RECORDS + 2 * RECORD + 24, "\xff", 1);
	expect_finding(COUNTER_FAULT_BYTES, COUNTER_RECORDS + RECORD + 16, 2 * RECORD - 16, 1);
}

static void test_damage_behind_the_header_and_in_it(void **state)
{
	(void)state;
	poke(200, "xx", 2);
	expect_finding(COUNTER_FAULT_BYTES, 200, 8, 3);
	poke_number(200, 0);
	poke(3, "x", 1);
	expect_finding(COUNTER_FAULT_HEADER, 0, COUNTER_HEADER_SIZE, 3);
}

static void test_damaged_links(void **state)
{
	static const uint64_t BAD_HEADS[] = {4, 8, COUNTER_RECORDS - 8, COUNTER_RECORDS + 4};
	(void)state;
	for (unsigned i = 0; i < sizeof BAD_HEADS / sizeof BAD_HEADS[0]; i++) {
		poke_number(bucket_of("/b"), BAD_HEADS[i]);
		expect_finding(COUNTER_FAULT_LINK, bucket_of("/b"), 8, 3);
		assert_null(found[0].path);
		expect_loss("/b", "hits-damaged");
	}
	poke_number(bucket_of("/b"), COUNTER_RECORDS + RECORD);
	static const uint64_t BAD_LINKS[] = {4, 8, COUNTER_RECORDS + RECORD, COUNTER_RECORDS};
	for (unsigned i = 0; i < sizeof BAD_LINKS / sizeof BAD_LINKS[0]; i++) {
		poke_number(COUNTER_RECORDS + RECORD + COUNTER_RECORD_NEXT, BAD_LINKS[i]);
		expect_finding(COUNTER_FAULT_LINK, COUNTER_RECORDS + RECORD + COUNTER_RECORD_NEXT,
		               8, 3);
		assert_string_equal(found_path, "/b");
	}
}

static void test_a_count_that_cannot_grow(void **state)
{
	(void)state;
	poke_number(COUNTER_RECORDS + 2 * RECORD, UINT64_MAX);
	expect_finding(COUNTER_FAULT_COUNT, COUNTER_RECORDS + 2 * RECORD, 8, 3);
	assert_string_equal(found_path, "/c");
}

static void test_a_file_that_ends_in_the_table(void **state)
{
	(void)state;
	resize(COUNTER_PAGE + 100);
	expect_finding(COUNTER_FAULT_SHORT, COUNTER_PAGE + 100,
	               COUNTER_RECORDS - COUNTER_PAGE - 100, 0);
	poke(3, "x", 1);
	expect_refusal("hits-foreign");
}

static void test_a_page_that_cannot_be_read(void **state)
{
	(void)state;
	calls.error = EIO;
	/* Whole table pages, so that no hole is skipped. */
	poke_number(COUNTER_RECORDS - 8, COUNTER_RECORDS);
	for (uint64_t page = COUNTER_TABLE; page < COUNTER_RECORDS; page += COUNTER_PAGE)
		poke_number(page + 8, peek_number(page + 8));
	/* the header; one page for the header, those of the table, one of records */
	calls.fail_at = calls.fail_until = calls.count + 1 + 1 + TABLE_PAGES + 1;
	expect_finding(COUNTER_FAULT_UNREADABLE, COUNTER_RECORDS, COUNTER_PAGE, 0);
}

static void test_several_at_once_in_the_order_of_the_file(void **state)
{
	(void)state;
	poke_number(bucket_of("/x"), 12);
	poke(COUNTER_RECORDS + COUNTER_RECORD_PATH, "?", 1);
	poke_number(COUNTER_RECORDS + 2 * RECORD + COUNTER_RECORD_NEXT, 16);
	expect_faults(3, 2);
	assert_int_equal(found[0].offset, bucket_of("/x"));
	assert_int_equal(found[1].offset, COUNTER_RECORDS);
	assert_int_equal(found[2].offset, COUNTER_RECORDS + 2 * RECORD + COUNTER_RECORD_NEXT);
}

static void test_what_is_no_counter_file(void **state)
{
	(void)state;
	poke_number(16, 2); /* another version */
	expect_refusal("hits-foreign");
	poke_number(16, 1 + (UINT64_C(16) << 32)); /* another table */
	expect_refusal("hits-foreign");
	resize(0);
	poke(0, "#!/bin/sh\necho somebody's file, of more than 64 bytes, that is not a counter's\n",
	     76);
	expect_refusal("hits-foreign");
	resize(COUNTER_RECORDS + 2 * COUNTER_PAGE); /* long enough, but without a record */
	expect_refusal("hits-foreign");
	unlink(counter_file);
	assert_int_equal(mkfifo(counter_file, 0600), 0);
	int file = open(counter_file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned count = 0;
	assert_string_equal(counter_verify(file, note, &count, &result), "hits-not-a-file");
	close(file);
}

#define WITH_THREE(test) cmocka_unit_test_setup_teardown(test, make_three, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_THREE(test_a_sound_file),
	    WITH_THREE(test_what_a_power_failure_leaves_is_sound),
	    WITH_THREE(test_damaged_bytes),
	    WITH_THREE(test_damage_behind_the_header_and_in_it),
	    WITH_THREE(test_damaged_links),
	    WITH_THREE(test_a_count_that_cannot_grow),
	    WITH_THREE(test_a_file_that_ends_in_the_table),
	    WITH_THREE(test_a_page_that_cannot_be_read),
	    WITH_THREE(test_several_at_once_in_the_order_of_the_file),
	    WITH_THREE(test_what_is_no_counter_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
