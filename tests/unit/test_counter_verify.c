/*
 * Finding damage: each kind of fault is found in its place; what a power failure or a killed handler
 * leaves is no fault; other files are refused.
 */
#include "counter/verify.h"
#include "counter_file.h"

#include "counter_calls.h"

enum { FAULTS_MAX = 8, RECORD = 40 /* of a path of up to 8 bytes */ };

/* The faults that were reported. */
static struct counter_fault found[FAULTS_MAX];
static char found_path[24];
static struct counter_verify_result result;

static void report(void *context, const struct counter_fault *fault)
{
	unsigned *count = context;
	assert_true(*count < FAULTS_MAX);
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
	const char *error = counter_verify(file, report, &count, &result);
	close(file);
	assert_int_equal(result.faults, count);
	return error;
}

static void expect_faults(uint64_t faults, uint64_t records)
{
	const char *error = verify();
	if (error != NULL)
		fail_msg("%s", error);
	assert_int_equal(result.faults, faults);
	assert_int_equal(result.records, records);
}

static void expect_fault(enum counter_fault_kind kind, uint64_t offset, uint64_t length,
                         uint64_t records)
{
	expect_faults(1, records);
	assert_int_equal(found[0].kind, kind);
	assert_int_equal(found[0].offset, offset);
	assert_int_equal(found[0].length, length);
}

static void expect_refusal(const char *expected)
{
	const char *error = verify();
	assert_non_null(error);
	assert_string_equal(error, expected);
}

/* "/a", "/b" and "/c", one hit each; their records follow one another. */
static int make_three(void **state)
{
	memset(&calls, 0, sizeof calls);
	if (make_directory(state) != 0)
		return -1;
	expect_count("/a", 1);
	expect_count("/b", 1);
	expect_count("/c", 1);
	return 0;
}

static void test_sound_file_has_no_fault(void **state)
{
	(void)state;
	expect_faults(0, 3);
	resize(0);
	expect_faults(0, 0);
	poke(0, COUNTER_HEADER, COUNTER_HEADER_SIZE);
	expect_faults(0, 0);
}

/* Links to no record, records without a link or with the same path, pages of zeros. */
static void test_traces_of_a_power_failure_are_no_fault(void **state)
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

static void test_bytes_that_are_no_record_are_a_fault(void **state)
{
	(void)state;
	poke(COUNTER_RECORDS + RECORD + COUNTER_RECORD_PATH, "?", 1);
	expect_fault(COUNTER_FAULT_BYTES, COUNTER_RECORDS + RECORD, RECORD, 2);
	/* Zeros at both ends are not part of the damage. */
	poke_number(COUNTER_RECORDS + RECORD, 0);
	expect_fault(COUNTER_FAULT_BYTES, COUNTER_RECORDS + RECORD + 16, RECORD - 16, 2);
	poke(COUNTER_RECORDS + 2 * RECORD + 24, "\xff", 1);
	expect_fault(COUNTER_FAULT_BYTES, COUNTER_RECORDS + RECORD + 16, 2 * RECORD - 16, 1);
}

static void test_damage_in_the_header_page_is_a_fault(void **state)
{
	(void)state;
	poke(200, "xx", 2);
	expect_fault(COUNTER_FAULT_BYTES, 200, 8, 3);
	poke_number(200, 0);
	poke(3, "x", 1);
	expect_fault(COUNTER_FAULT_HEADER, 0, COUNTER_HEADER_SIZE, 3);
}

static void test_link_that_no_power_failure_explains_is_a_fault(void **state)
{
	static const uint64_t BAD_HEADS[] = {4, 8, COUNTER_RECORDS - 8, COUNTER_RECORDS + 4};
	(void)state;
	for (unsigned i = 0; i < sizeof BAD_HEADS / sizeof BAD_HEADS[0]; i++) {
		poke_number(bucket_of("/b"), BAD_HEADS[i]);
		expect_fault(COUNTER_FAULT_LINK, bucket_of("/b"), 8, 3);
		assert_null(found[0].path);
		expect_error("/b", "hits-damaged");
	}
	poke_number(bucket_of("/b"), COUNTER_RECORDS + RECORD);
	poke_number(COUNTER_TABLE + COUNTER_PAGE - 8, 4);
	expect_fault(COUNTER_FAULT_LINK, COUNTER_TABLE + COUNTER_PAGE - 8, 8, 3);
	poke_number(COUNTER_TABLE + COUNTER_PAGE - 8, 0);
	static const uint64_t BAD_LINKS[] = {4, 8, COUNTER_RECORDS + RECORD, COUNTER_RECORDS};
	for (unsigned i = 0; i < sizeof BAD_LINKS / sizeof BAD_LINKS[0]; i++) {
		poke_number(COUNTER_RECORDS + RECORD + COUNTER_RECORD_NEXT, BAD_LINKS[i]);
		expect_fault(COUNTER_FAULT_LINK, COUNTER_RECORDS + RECORD + COUNTER_RECORD_NEXT, 8,
		             3);
		assert_string_equal(found_path, "/b");
	}
}

static void test_count_of_2_to_the_64th_less_1_is_a_fault(void **state)
{
	(void)state;
	poke_number(COUNTER_RECORDS + 2 * RECORD, UINT64_MAX);
	expect_fault(COUNTER_FAULT_COUNT, COUNTER_RECORDS + 2 * RECORD, 8, 3);
	assert_string_equal(found_path, "/c");
}

static void test_file_that_ends_in_the_table_is_a_fault(void **state)
{
	(void)state;
	resize(COUNTER_PAGE + 100);
	expect_fault(COUNTER_FAULT_SHORT, COUNTER_PAGE + 100, COUNTER_RECORDS - COUNTER_PAGE - 100,
	             0);
	poke(3, "x", 1);
	expect_refusal("hits-foreign");
}

static void test_unreadable_page_is_a_fault(void **state)
{
	(void)state;
	calls.error = EIO;
	/* Fill the table, so that no page is a hole. */
	poke_number(COUNTER_RECORDS - 8, COUNTER_RECORDS);
	for (uint64_t page = COUNTER_TABLE; page < COUNTER_RECORDS; page += COUNTER_PAGE)
		poke_number(page + 8, peek_number(page + 8));
	/* the header; one page for the header, those of the table, one of records */
	calls.fail_at = calls.fail_until = calls.count + 1 + 1 + TABLE_PAGES + 1;
	expect_fault(COUNTER_FAULT_UNREADABLE, COUNTER_RECORDS, COUNTER_PAGE, 0);
}

static void test_faults_come_in_the_order_of_the_file(void **state)
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

static void test_foreign_file_is_refused(void **state)
{
	(void)state;
	poke_number(16, 2); /* another version */
	expect_refusal("hits-foreign");
	poke_number(16, 1 + (UINT64_C(16) << 32)); /* another table */
	expect_refusal("hits-foreign");
	resize(0);
	poke(0, "#!/bin/sh\necho a file of more than 64 bytes that is not a counter file, really\n",
	     76);
	expect_refusal("hits-foreign");
	resize(COUNTER_RECORDS + 2 * COUNTER_PAGE); /* long enough, but without a record */
	expect_refusal("hits-foreign");
	unlink(counter_file);
	assert_int_equal(mkfifo(counter_file, 0600), 0);
	int file = open(counter_file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned count = 0;
	assert_string_equal(counter_verify(file, report, &count, &result), "hits-not-a-file");
	close(file);
}

#define WITH_THREE(test) cmocka_unit_test_setup_teardown(test, make_three, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_THREE(test_sound_file_has_no_fault),
	    WITH_THREE(test_traces_of_a_power_failure_are_no_fault),
	    WITH_THREE(test_bytes_that_are_no_record_are_a_fault),
	    WITH_THREE(test_damage_in_the_header_page_is_a_fault),
	    WITH_THREE(test_link_that_no_power_failure_explains_is_a_fault),
	    WITH_THREE(test_count_of_2_to_the_64th_less_1_is_a_fault),
	    WITH_THREE(test_file_that_ends_in_the_table_is_a_fault),
	    WITH_THREE(test_unreadable_page_is_a_fault),
	    WITH_THREE(test_faults_come_in_the_order_of_the_file),
	    WITH_THREE(test_foreign_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
