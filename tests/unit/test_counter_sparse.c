/*
 * Sparse counter files: a file of 1 TiB with data in a few pages is read, verified, reset and
 * repaired with a number of system calls that depends on those pages only.
 */
#include "counter/repair.h"
#include "counter/reset.h"
#include "counter/verify.h"
#include "counter_file.h"

#include "counter_calls.h"

enum { PLACES = 5, CALLS_MAX = 3000 /* the table is read page by page in a repair */ };

static const uint64_t TIB = UINT64_C(1) << 40;

/* Offsets of the records of "/0", "/1" and so on, with 1, 2, ... hits. */
static const uint64_t PLACE[PLACES] = {COUNTER_RECORDS, COUNTER_RECORDS + (UINT64_C(1) << 20),
                                       UINT64_C(1) << 35, UINT64_C(1) << 39,
                                       (UINT64_C(1) << 40) - COUNTER_PAGE};

static int make_sparse_file(void **state)
{
	memset(&calls, 0, sizeof calls);
	if (make_directory(state) != 0 || hit("/0").error != NULL)
		return -1;
	for (unsigned i = 0; i < PLACES; i++) {
		unsigned char record[40];
		char path[8];
		snprintf(path, sizeof path, "/%u", i);
		counter_record_write(record, path, strlen(path));
		counter_store64(record + COUNTER_RECORD_COUNT, i + 1);
		poke(PLACE[i], record, sizeof record);
		poke_number(bucket_of(path), PLACE[i]);
	}
	resize(TIB);
	calls.count = 0;
	return 0;
}

static void ignore(void *context, const struct counter_fault *fault)
{
	(void)context;
	(void)fault;
}

static struct counter_verify_result verify(void)
{
	struct counter_verify_result result;
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_null(counter_verify(file, ignore, NULL, &result));
	close(file);
	return result;
}

static bool drops_all(void *context, const char *path, size_t path_length)
{
	(void)context;
	(void)path;
	(void)path_length;
	return true;
}

static void test_holes_are_skipped_when_reading(void **state)
{
	(void)state;
	assert_int_equal(read_counts(NULL).sum, 1 + 2 + 3 + 4 + 5);
	assert_in_range(calls.count, PLACES, CALLS_MAX);
	assert_int_equal(read_counts(NULL).damaged, 0);
}

static void test_holes_are_skipped_when_verifying(void **state)
{
	(void)state;
	struct counter_verify_result result = verify();
	assert_in_range(calls.count, PLACES, CALLS_MAX);
	assert_int_equal(result.records, PLACES);
	assert_int_equal(result.faults, 0);
	poke(TIB - 16, "damage", 6);
	assert_int_equal(verify().faults, 1);
}

static void test_holes_are_skipped_when_resetting(void **state)
{
	(void)state;
	struct counter_dropped dropped;
	int file = open(counter_file, O_RDWR | O_CLOEXEC);
	assert_null(counter_reset(file, drops_all, NULL, &dropped));
	close(file);
	assert_in_range(calls.count, PLACES, CALLS_MAX);
	assert_int_equal(dropped.records, PLACES);
	assert_int_equal(dropped.hits, 1 + 2 + 3 + 4 + 5);
	assert_int_equal(read_counts(NULL).sum, 0);
}

static void test_holes_are_skipped_when_repairing(void **state)
{
	(void)state;
	poke(TIB - 16, "damage", 6);
	for (unsigned i = 0; i < PLACES; i++)
		poke_number(COUNTER_TABLE + i * 8, 12);
	poke_number(bucket_of("/3"), 0);
	int file = open(counter_file, O_RDWR | O_CLOEXEC);
	assert_null(counter_repair(file));
	close(file);
	assert_in_range(calls.count, PLACES, CALLS_MAX);
	assert_int_equal(verify().faults, 0);
	for (unsigned i = 0; i < PLACES; i++) {
		char path[8];
		snprintf(path, sizeof path, "/%u", i);
		expect_count(path, i + 2);
	}
}

#define SPARSE(test) cmocka_unit_test_setup_teardown(test, make_sparse_file, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPARSE(test_holes_are_skipped_when_reading),
	    SPARSE(test_holes_are_skipped_when_verifying),
	    SPARSE(test_holes_are_skipped_when_resetting),
	    SPARSE(test_holes_are_skipped_when_repairing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
