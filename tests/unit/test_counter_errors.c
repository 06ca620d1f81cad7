/*
 * Errors of the system during a hit: calls that are interrupted, fall short or fail, each in turn; a
 * full disk; and the number of calls of a hit, also among a million resources.
 */
#include "counter_file.h"
#include <sys/resource.h>
#include <sys/wait.h>

#include "counter_calls.h"

/* Adds a hit. Returns the number of calls it made. */
static unsigned calls_of_hit(const char *path, uint64_t expected)
{
	unsigned before = calls.count;
	expect_count(path, expected);
	return calls.count - before;
}

static void test_hit_makes_as_few_calls_as_documented(void **state)
{
	(void)state;
	expect_count("/", 1);
	/* Header, bucket head, record; the count. */
	assert_int_equal(calls_of_hit("/", 2), 4);
	/* Header, bucket head; record, link, count. */
	assert_int_equal(calls_of_hit("/new", 1), 5);
	assert_int_equal(calls_of_hit("/new", 2), 4);
}

/* A page of a large file may have to come from the disk: of many records, only the one is read. */
static void test_hit_reads_few_bytes(void **state)
{
	char path[100];
	(void)state;
	expect_count("/", 1);
	for (int i = 0; i < 30; i++) {
		(void)snprintf(path, sizeof path, "/%090d", i);
		expect_count(path, 1);
	}
	calls.bytes_read = 0;
	expect_count("/", 2);
	/* Header, bucket head, record. */
	assert_in_range(calls.bytes_read, 64 + 8 + 100, 64 + 8 + 300);
}

static void test_interrupted_calls_are_repeated(void **state)
{
	(void)state;
	calls.interrupted = true;
	expect_count("/a", 1);
	expect_count("/a", 2);
	expect_count("/new", 1);
	expect_count("/new", 2);
	assert_int_equal(read_counts(NULL).sum, 4);
}

static void test_short_reads_and_writes_are_continued(void **state)
{
	(void)state;
	calls.length_max = 5;
	for (uint64_t count = 1; count <= 3; count++) {
		expect_count("/a", count);
		expect_count("/quite/a/path/of/several/words", count);
	}
	struct reading reading = read_counts(NULL);
	assert_int_equal(reading.sum, 6);
	assert_int_equal(reading.records, 2);
	assert_int_equal(reading.damaged, 0);
}

static const struct {
	int number;
	const char *code;
} WRITE_ERRORS[] = {
    {ENOSPC, "hits-disk-full"}, {EDQUOT, "hits-disk-full"},   {EFBIG, "hits-disk-full"},
    {EIO, "hits-write-failed"}, {EROFS, "hits-write-failed"},
};

enum { WRITE_ERROR_COUNT = sizeof WRITE_ERRORS / sizeof WRITE_ERRORS[0] };

/* Adds a hit whose calls from `first` to `last` fail, counted from 1. */
static void expect_error_at_calls(const char *path, unsigned first, unsigned last, int number,
                                  const char *code)
{
	calls.error = number;
	calls.fail_at = calls.count + first;
	calls.fail_until = calls.count + last;
	expect_error(path, code);
	calls.fail_at = 0;
}

static void expect_error_at_call(const char *path, unsigned call, int number, const char *code)
{
	expect_error_at_calls(path, call, call, number, code);
}

static void test_failed_call_of_a_known_resource_loses_one_hit(void **state)
{
	(void)state;
	expect_count("/a", 1);
	for (unsigned call = 1; call <= 3; call++)
		expect_error_at_call("/a", call, EIO, "hits-damaged");
	for (unsigned i = 0; i < WRITE_ERROR_COUNT; i++)
		expect_error_at_call("/a", 4, WRITE_ERRORS[i].number, WRITE_ERRORS[i].code);
	expect_count("/a", 2);
}

/* The file is as before after each, and the next hit is counted. */
static void test_failed_call_of_a_new_resource_loses_one_hit(void **state)
{
	char path[24];
	(void)state;
	expect_count("/a", 1);
	for (unsigned i = 0; i < WRITE_ERROR_COUNT; i++)
		for (unsigned call = 3; call <= 4; call++) {
			size_t size, size_after;
			char *before = file_content(&size);
			snprintf(path, sizeof path, "/%u/%u", i, call);
			expect_error_at_call(path, call, WRITE_ERRORS[i].number,
			                     WRITE_ERRORS[i].code);
			char *after = file_content(&size_after);
			assert_int_equal(size_after, size);
			assert_memory_equal(after, before, size);
			free(before);
			free(after);
			expect_count(path, 1);
		}
	expect_error_at_call("/new", 5, ENOSPC, "hits-disk-full");
	expect_count("/new", 1);
	struct reading reading = read_counts(NULL);
	assert_int_equal(reading.records, 2 * WRITE_ERROR_COUNT + 2);
	assert_int_equal(reading.sum, 2 * WRITE_ERROR_COUNT + 2);
	assert_int_equal(reading.damaged, 0);
}

static void test_partly_written_record_is_taken_back(void **state)
{
	(void)state;
	expect_count("/a", 1);
	uint64_t size = file_size();
	/* The header takes three calls now, and the record two. */
	calls.length_max = 32;
	expect_error_at_call("/new", 6, ENOSPC, "hits-disk-full");
	calls.length_max = 0;
	assert_int_equal(file_size(), size);
	expect_count("/new", 1);
}

/* With part of a header the file would be foreign. */
static void test_partly_written_header_is_taken_back(void **state)
{
	(void)state;
	calls.length_max = 32;
	expect_error_at_call("/a", 3, ENOSPC, "hits-disk-full");
	calls.length_max = 0;
	assert_int_equal(file_size(), 0);
	expect_count("/a", 1);
}

static void test_failed_roll_back_leaves_a_valid_file(void **state)
{
	(void)state;
	expect_count("/a", 1);
	expect_error_at_calls("/new", 4, 5, EIO, "hits-write-failed");
	assert_int_equal(file_size(), COUNTER_RECORDS + 80);
	assert_int_equal(read_counts(NULL).records, 1);
	assert_int_equal(read_counts(NULL).damaged, 0);
	calls.length_max = 32;
	expect_error_at_calls("/new", 6, 7, EIO, "hits-write-failed");
	calls.length_max = 0;
	assert_int_equal(file_size(), COUNTER_RECORDS + 80 + 32);
	expect_count("/new", 1);
	expect_count("/new", 2);
	expect_count("/a", 2);
	assert_int_equal(read_counts(NULL).sum, 4);
}

static void test_failed_call_of_a_new_file_loses_one_hit(void **state)
{
	/* read; header, fdatasync, size; bucket head; record, link, count */
	static const unsigned WRITES[] = {2, 3, 4, 6, 7, 8};
	(void)state;
	for (unsigned i = 0; i < WRITE_ERROR_COUNT; i++)
		for (unsigned call = 0; call < sizeof WRITES / sizeof WRITES[0]; call++) {
			expect_error_at_call("/a", WRITES[call], WRITE_ERRORS[i].number,
			                     WRITE_ERRORS[i].code);
			assert_int_equal(read_counts(NULL).sum, 0);
			expect_count("/a", 1);
			expect_count("/a", 2);
			unlink(counter_file);
		}
}

/* In a child, because of the limit and its signal. Returns its exit status. */
static int count_up_to_a_limit(void)
{
	pid_t child = fork_child();
	if (child == 0) {
		struct rlimit limit = {COUNTER_RECORDS + 3 * 4096 + 16, RLIM_INFINITY};
		char path[1000];
		unsigned counted = 0, lost = 0;
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		memset(path, 'x', sizeof path - 1);
		path[sizeof path - 1] = '\0';
		for (unsigned i = 0; i < 20; i++) {
			path[0] = (char)('a' + i);
			struct counter_result result = hit(path);
			if (result.error == NULL && result.count == 1)
				counted++;
			else if (strcmp(result.error, "hits-disk-full") == 0 && result.count == 0)
				lost++;
		}
		/* A smaller one still has room on the last page. */
		_exit(counted == 9 && lost == 11 && hit("/small").count == 1 ? 0 : 1);
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void test_file_size_limit_is_hits_disk_full(void **state)
{
	(void)state;
	assert_int_equal(count_up_to_a_limit(), 0);
	struct reading reading = read_counts(NULL);
	assert_int_equal(reading.sum, 10);
	assert_int_equal(reading.damaged, 0);
	/* No part of the records that did not fit is left. */
	assert_int_equal(file_size(),
	                 COUNTER_RECORDS + 2 * 4096 + 3 * counter_record_size(999) + 40);
	expect_count("/small", 2);
}

/* Three resources per page. */
static void make_four_pages(void)
{
	char path[1000];
	memset(path, 'x', sizeof path);
	for (unsigned i = 0; i < 12; i++) {
		path[0] = (char)('a' + i);
		assert_int_equal(hit_bytes(path, sizeof path).count, 1);
	}
}

/* The other pages are still read. */
static void test_unreadable_page_is_one_damage(void **state)
{
	(void)state;
	make_four_pages();
	calls.error = EIO;
	calls.fail_at = calls.fail_until = calls.count + 3; /* header, first page, second page */
	struct reading reading = read_counts(NULL);
	assert_int_equal(reading.records, 9);
	assert_int_equal(reading.damaged, 1);
}

static unsigned calls_before_cut;

static void cut_after_the_first_page(void)
{
	if (calls.count == calls_before_cut)
		assert_int_equal(truncate(counter_file, COUNTER_RECORDS + COUNTER_PAGE), 0);
}

static void test_pages_cut_off_by_another_process_are_no_damage(void **state)
{
	(void)state;
	make_four_pages();
	calls_before_cut = calls.count + 2; /* header, first page */
	calls.before = cut_after_the_first_page;
	struct reading reading = read_counts(NULL);
	calls.before = NULL;
	assert_int_equal(reading.records, 3);
	assert_int_equal(reading.damaged, 0);
}

enum { MILLION = 1000000 };

/* "/000000" to "/0f423f", appended and linked as hits would, but all in memory. */
static void make_a_million_resources(void)
{
	static uint64_t last_link[(COUNTER_RECORDS - COUNTER_TABLE) / 8];
	size_t size = counter_record_size(7),
	       capacity = COUNTER_RECORDS + (MILLION / 100 + 1) * 4096;
	unsigned char *image = calloc(1, capacity);
	uint64_t end = COUNTER_RECORDS;
	char path[16];
	assert_non_null(image);
	memcpy(image, COUNTER_HEADER, COUNTER_HEADER_SIZE);
	for (unsigned i = 0; i < MILLION; i++) {
		uint64_t place = counter_record_place(end, size);
		snprintf(path, sizeof path, "/%06x", i);
		uint64_t bucket = bucket_of(path), *link = &last_link[(bucket - COUNTER_TABLE) / 8];
		end = place + size;
		assert_true(end <= capacity);
		counter_record_write(image + place, path, 7);
		counter_store64(image + place + COUNTER_RECORD_COUNT, i + 1);
		counter_store64(image + (*link == 0 ? bucket : *link), place);
		*link = place + COUNTER_RECORD_NEXT;
	}
	poke(0, image, end);
	free(image);
}

static void test_hit_among_a_million_resources_makes_few_calls(void **state)
{
	enum { SAMPLE = 1000 };
	unsigned known = 0, new = 0, max_calls = 0;
	char path[16];
	(void)state;
	make_a_million_resources();
	for (unsigned i = 0; i < SAMPLE; i++) {
		unsigned resource = i * (MILLION / SAMPLE) + i;
		snprintf(path, sizeof path, "/%06x", resource);
		unsigned cost = calls_of_hit(path, resource + 2);
		known += cost;
		max_calls = cost > max_calls ? cost : max_calls;
		snprintf(path, sizeof path, "/new%u", i);
		cost = calls_of_hit(path, 1);
		new += cost;
		max_calls = cost > max_calls ? cost : max_calls;
	}
	/* Four calls without other records in the bucket, and chains of 7.6 records on average. */
	print_message("# calls a hit: known %u.%03u, new %u.%03u, at most %u\n", known / SAMPLE,
	              known % SAMPLE, new / SAMPLE, new % SAMPLE, max_calls);
	assert_in_range(known, 4 * SAMPLE, 9 * SAMPLE);
	assert_in_range(new, 5 * SAMPLE, 14 * SAMPLE);
	assert_in_range(max_calls, 5, 40);
	struct reading all = read_counts(NULL);
	assert_int_equal(all.records, MILLION + SAMPLE);
	assert_int_equal(all.sum, (uint64_t)MILLION * (MILLION + 1) / 2 + 2 * SAMPLE);
	assert_int_equal(all.damaged, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CALLS(test_hit_makes_as_few_calls_as_documented),
	    WITH_CALLS(test_hit_reads_few_bytes),
	    WITH_CALLS(test_interrupted_calls_are_repeated),
	    WITH_CALLS(test_short_reads_and_writes_are_continued),
	    WITH_CALLS(test_failed_call_of_a_known_resource_loses_one_hit),
	    WITH_CALLS(test_failed_call_of_a_new_resource_loses_one_hit),
	    WITH_CALLS(test_partly_written_record_is_taken_back),
	    WITH_CALLS(test_partly_written_header_is_taken_back),
	    WITH_CALLS(test_failed_roll_back_leaves_a_valid_file),
	    WITH_CALLS(test_failed_call_of_a_new_file_loses_one_hit),
	    WITH_CALLS(test_file_size_limit_is_hits_disk_full),
	    WITH_CALLS(test_unreadable_page_is_one_damage),
	    WITH_CALLS(test_pages_cut_off_by_another_process_are_no_damage),
	    WITH_CALLS(test_hit_among_a_million_resources_makes_few_calls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
