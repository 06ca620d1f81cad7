/*
 * Counting hits and reading the counts on a disk without errors: new files, many resources, limits,
 * and files that are foreign, damaged or unfinished.
 */
#include "counter_file.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

static void test_first_hit_is_1_and_each_hit_adds_one(void **state)
{
	(void)state;
	expect_count("/", 1);
	expect_count("/", 2);
	expect_count("/index.html", 1);
	expect_count("/", 3);
	expect_count("/index.html", 2);
	assert_int_equal(sum_of("/"), 3);
	assert_int_equal(sum_of("/index.html"), 2);
	assert_int_equal(sum_of("/nothing"), 0);
	assert_int_equal(read_counts(NULL).records, 2);
}

static void test_open_creates_an_empty_file_of_mode_0640(void **state)
{
	struct stat status;
	const char *error = "";
	mode_t mask = umask(0);
	int file = counter_open(counter_file, &error);
	(void)state;
	umask(mask);
	assert_true(file >= 0);
	assert_null(error);
	assert_int_equal(fcntl(file, F_GETFD), FD_CLOEXEC);
	close(file);
	assert_int_equal(stat(counter_file, &status), 0);
	assert_int_equal(status.st_size, 0);
	assert_int_equal(status.st_mode & 07777, 0640);
}

static void test_table_of_a_new_file_is_sparse(void **state)
{
	struct stat status;
	(void)state;
	expect_count("/", 1);
	assert_int_equal(stat(counter_file, &status), 0);
	assert_int_equal(status.st_size, COUNTER_RECORDS + 40);
	assert_in_range(status.st_blocks * 512, 0, 128 * 1024);
}

static void expect_open_error(const char *name, const char *expected)
{
	char path[sizeof counter_directory + 64];
	const char *error = NULL;
	snprintf(path, sizeof path, "%s/%s", counter_directory, name);
	assert_int_equal(counter_open(path, &error), -1);
	assert_string_equal(error, expected);
}

/* counter_check_name of a name in the test's directory. */
static void expect_check_name(const char *name, const char *expected)
{
	char path[sizeof counter_directory + 64];
	snprintf(path, sizeof path, "%s/%s", counter_directory, name);
	const char *error = counter_check_name(path);
	if ((error == NULL) != (expected == NULL) ||
	    (error != NULL && strcmp(error, expected) != 0))
		fail_msg("%s: %s, not %s", name, error, expected);
}

static void test_a_name_is_checked_without_creating_the_file(void **state)
{
	(void)state;
	expect_check_name("hits", NULL);
	expect_check_name("missing/hits", "hits-missing-folder");
	expect_check_name("", "hits-not-a-file");
	assert_int_equal(access(counter_file, F_OK), -1);
	expect_count("/", 1);
	expect_check_name("hits", NULL);
	expect_check_name("hits/counter", "hits-missing-folder");
	poke(0, "notes", 5);
	expect_check_name("hits", "hits-foreign");
}

static void test_open_reports_why_it_failed(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)state;
	expect_open_error("missing/hits", "hits-missing-folder");
	expect_open_error("", "hits-not-a-file");
	poke(0, "", 0);
	expect_open_error("counter/hits", "hits-missing-folder");
	unlink(counter_file);

	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	memcpy(address.sun_path, counter_file, strlen(counter_file));
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
	expect_open_error("hits", "hits-not-a-file");
	close(server);
	unlink(counter_file);

	assert_int_equal(symlink("hits", counter_file), 0);
	expect_open_error("hits", "hits-unavailable");
	unlink(counter_file);

	/* As root, try as another user: root may open everything. */
	assert_int_equal(chmod(counter_directory, 0), 0);
	uid_t user = geteuid();
	assert_int_equal(user == 0 ? seteuid(65534) : 0, 0);
	expect_open_error("hits", "hits-not-permitted");
	assert_int_equal(seteuid(user), 0);
	assert_int_equal(chmod(counter_directory, 0700), 0);
}

static void test_other_file_types_are_hits_not_a_file(void **state)
{
	static const char *const DEVICES[] = {"/dev/null", "/dev/zero", "/dev/full"};
	uint64_t damaged;
	(void)state;
	assert_int_equal(mkfifo(counter_file, 0600), 0);
	expect_error("/", "hits-not-a-file");
	int fifo = open(counter_file, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_string_equal(counter_each(fifo, add_to_reading, NULL, &damaged), "hits-not-a-file");
	close(fifo);
	int directory = open(counter_directory, O_RDONLY | O_CLOEXEC);
	assert_string_equal(counter_each(directory, add_to_reading, NULL, &damaged),
	                    "hits-not-a-file");
	close(directory);
	for (size_t i = 0; i < 3; i++) {
		int device = open(DEVICES[i], O_RDWR | O_CLOEXEC);
		struct counter_result result = counter_add(device, "/", 1, 0);
		assert_string_equal(result.error, "hits-not-a-file");
		close(device);
	}
}

static void test_5000_resources_keep_their_counts(void **state)
{
	char path[64];
	(void)state;
	for (unsigned round = 1; round <= 3; round++)
		for (unsigned i = 0; i < 5000; i++) {
			snprintf(path, sizeof path, "/%*u", (int)(i % 40), i);
			expect_count(path, round);
		}
	struct reading all = read_counts(NULL);
	assert_int_equal(all.records, 5000);
	assert_int_equal(all.sum, 15000);
	assert_int_equal(all.damaged, 0);
}

static void test_12_resources_of_one_bucket_are_linked_forward(void **state)
{
	unsigned number = 0;
	char paths[12][24];
	(void)state;
	for (unsigned i = 0; i < 12; i++)
		path_in_bucket(bucket_of("/"), &number, paths[i]);
	for (unsigned round = 1; round <= 3; round++)
		for (unsigned i = 0; i < 12; i++)
			expect_count(paths[i], round);
	assert_int_equal(sum_of(paths[11]), 3);
	/* Each link leads forward, from the bucket head through all 12 records. */
	uint64_t link = bucket_of("/"), records = 0;
	for (uint64_t target; (target = peek_number(link)) != 0; records++) {
		assert_true(records == 0 || target > link);
		link = target + COUNTER_RECORD_NEXT;
	}
	assert_int_equal(records, 12);
}

static void test_paths_up_to_4064_bytes_are_counted(void **state)
{
	char path[COUNTER_PATH_MAX + 1];
	(void)state;
	memset(path, 'a', sizeof path);
	for (uint64_t round = 1; round <= 2; round++)
		for (size_t length = 0; length <= COUNTER_PATH_MAX;
		     length += length < 71 ? 1 : 363) {
			struct counter_result result = hit_bytes(path, length);
			assert_null(result.error);
			assert_int_equal(result.count, round);
		}
	assert_int_equal(hit_bytes(path, COUNTER_PATH_MAX).count, 3);
	struct counter_result result = hit_bytes(path, COUNTER_PATH_MAX + 1);
	assert_string_equal(result.error, "hits-path-too-long");
	assert_int_equal(result.count, 0);
	assert_int_equal(read_counts(NULL).damaged, 0);
}

static void test_paths_may_hold_any_byte(void **state)
{
	char path[256];
	(void)state;
	for (unsigned i = 0; i < sizeof path; i++)
		path[i] = (char)i;
	assert_int_equal(hit_bytes(path, sizeof path).count, 1);
	assert_int_equal(hit_bytes(path, sizeof path).count, 2);
	assert_int_equal(hit_bytes(path, 1).count, 1);
	assert_int_equal(hit_bytes(path, 2).count, 1);
}

static void test_no_record_crosses_a_page(void **state)
{
	char path[COUNTER_PATH_MAX];
	struct counter_record record;
	unsigned found = 0;
	size_t size;
	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		size_t length = 8 + i * 7919 % (COUNTER_PATH_MAX - 7);
		memset(path, 'x', length);
		snprintf(path, 8, "/%06u", i);
		assert_int_equal(hit_bytes(path, length).count, 1);
	}
	char *content = file_content(&size);
	for (size_t at = COUNTER_RECORDS; at < size; at += 8)
		if (counter_record_read((unsigned char *)content + at, size - at, &record)) {
			assert_true(at % 4096 + counter_record_size(record.path_length) <= 4096);
			found++;
		}
	free(content);
	assert_int_equal(found, 400);
}

static void test_reader_gets_each_count_once(void **state)
{
	(void)state;
	poke(0, "", 0);
	assert_int_equal(read_counts(NULL).records, 0);
	expect_count("/a", 1);
	/* A record with count 0 is not read, but the next hit finds it. */
	poke_number(COUNTER_RECORDS + COUNTER_RECORD_COUNT, 0);
	assert_int_equal(read_counts(NULL).records, 0);
	expect_count("/a", 1);
	poke_number(COUNTER_RECORDS + COUNTER_RECORD_COUNT, 0xfffffffffffffffe);
	expect_count("/a", 0xffffffffffffffff);
	assert_true(sum_of("/a") == 0xffffffffffffffff);
	expect_error_and_no_change("/a", "hits-damaged");
}

/* What is added while a reader reads may or may not be read. */
static void add_while_reading(void *context, const char *path, size_t path_length, uint64_t count)
{
	const char *error;
	int file = counter_open(counter_file, &error);
	char new_path[COUNTER_PATH_MAX];
	assert_null(counter_add(file, path, path_length, 0).error);
	memcpy(new_path, path, path_length);
	new_path[path_length] = 'x';
	assert_null(counter_add(file, new_path, path_length + 1, 0).error);
	close(file);
	assert_int_equal(count, 1);
	++*(unsigned *)context;
}

static void test_slow_reader_keeps_no_hit_waiting(void **state)
{
	unsigned seen = 0;
	uint64_t damaged;
	(void)state;
	expect_count("/a", 1);
	expect_count("/b", 1);
	expect_count("/c", 1);
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_null(counter_each(file, add_while_reading, &seen, &damaged));
	close(file);
	assert_int_equal(seen, 3);
	assert_int_equal(read_counts(NULL).sum, 9);
}

static void test_reader_skips_damage_and_counts_it(void **state)
{
	static const unsigned char RUBBISH[21] = "rubbish";
	char long_path[3000];
	uint64_t second = COUNTER_RECORDS + 40, fourth = COUNTER_RECORDS + 120, damaged;
	(void)state;
	expect_count("/a", 1);
	expect_count("/b", 1);
	expect_count("/c", 1);
	expect_count("/d", 1);
	memset(long_path, 'x', sizeof long_path);
	for (uint64_t i = 1; i <= 3; i++) {
		long_path[0] = (char)('0' + i);
		assert_int_equal(hit_bytes(long_path, sizeof long_path).count, 1);
	}
	assert_int_equal(read_counts(NULL).records, 7);
	assert_int_equal(read_counts(NULL).damaged, 0);
	poke(second + 33, "\xff", 1);
	poke(fourth + 4, RUBBISH, sizeof RUBBISH);
	struct reading reading = read_counts(NULL);
	assert_int_equal(reading.records, 5);
	assert_int_equal(reading.damaged, 2);
	assert_int_equal(sum_of("/a") + sum_of("/c"), 2);

	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	resize(file_size() - 40);
	assert_null(counter_each(file, add_to_reading, &reading, &damaged));
	assert_int_equal(damaged, 3);
	close(file);
}

/* A power failure takes whole pages; a later record may follow a gap in a page. */
static void test_reader_skips_lost_pages_without_damage(void **state)
{
	static const unsigned char ZEROS[40];
	(void)state;
	expect_count("/a", 1);
	expect_count("/b", 1);
	expect_count("/c", 1);
	poke(COUNTER_RECORDS + 40, ZEROS, sizeof ZEROS);
	assert_int_equal(sum_of("/c"), 1);
	resize(COUNTER_RECORDS + 3 * 4096 + 8);
	expect_count("/d", 1);
	struct reading reading = read_counts(NULL);
	assert_int_equal(reading.records, 3);
	assert_int_equal(reading.damaged, 0);
}

static void test_foreign_file_is_not_written_to(void **state)
{
	static const uint64_t SIZES[] = {
	    1, 63, 65, 100, 4096, COUNTER_RECORDS, 2 * COUNTER_RECORDS};
	(void)state;
	for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
		poke(0, "", 0);
		resize(SIZES[i]);
		expect_error_and_no_change("/", "hits-foreign");
		unlink(counter_file);
	}
	poke(0, "My dear diary, today I was not at all in the mood for counting hits.\n", 69);
	expect_error_and_no_change("/", "hits-foreign");
	resize(64);
	expect_error_and_no_change("/", "hits-foreign");
	uint64_t damaged = 0;
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_string_equal(counter_each(file, add_to_reading, NULL, &damaged), "hits-foreign");
	close(file);
}

static void test_any_other_header_byte_makes_the_file_foreign(void **state)
{
	(void)state;
	expect_count("/", 1);
	for (uint64_t i = 0; i < COUNTER_HEADER_SIZE; i++) {
		unsigned char byte, other;
		peek(i, &byte, 1);
		other = byte ^ 1;
		poke(i, &other, 1);
		expect_error_and_no_change("/", "hits-foreign");
		expect_error_and_no_change("/new", "hits-foreign");
		poke(i, &byte, 1);
	}
	expect_count("/", 2);
}

/* Only a hit that appends a record reads the size of the file. */
static void test_file_that_ends_in_the_table_is_damaged(void **state)
{
	static const uint64_t SIZES[] = {
	    65, 4095, 4096, 4104, COUNTER_RECORDS - 8, COUNTER_RECORDS - 1};
	(void)state;
	for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
		uint64_t damaged;
		expect_count("/", 1);
		resize(SIZES[i]);
		expect_error_and_no_change("/", "hits-damaged");
		expect_error_and_no_change("/new", "hits-damaged");
		int file = open(counter_file, O_RDONLY | O_CLOEXEC);
		assert_string_equal(counter_each(file, add_to_reading, NULL, &damaged),
		                    "hits-damaged");
		close(file);
		unlink(counter_file);
	}
}

/* A kill or a power failure interrupted its creation. */
static void test_unfinished_file_is_finished_by_the_next_hit(void **state)
{
	(void)state;
	poke(0, COUNTER_HEADER, COUNTER_HEADER_SIZE);
	assert_int_equal(read_counts(NULL).records, 0);
	expect_count("/", 1);
	expect_count("/", 2);
	resize(0);
	resize(64);
	assert_int_equal(read_counts(NULL).records, 0);
	expect_count("/", 1);
	resize(COUNTER_RECORDS);
	assert_int_equal(read_counts(NULL).records, 0);
	expect_count("/", 1);
	expect_count("/", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_DIRECTORY(test_first_hit_is_1_and_each_hit_adds_one),
	    IN_DIRECTORY(test_open_creates_an_empty_file_of_mode_0640),
	    IN_DIRECTORY(test_table_of_a_new_file_is_sparse),
	    IN_DIRECTORY(test_a_name_is_checked_without_creating_the_file),
	    IN_DIRECTORY(test_open_reports_why_it_failed),
	    IN_DIRECTORY(test_other_file_types_are_hits_not_a_file),
	    IN_DIRECTORY(test_5000_resources_keep_their_counts),
	    IN_DIRECTORY(test_12_resources_of_one_bucket_are_linked_forward),
	    IN_DIRECTORY(test_paths_up_to_4064_bytes_are_counted),
	    IN_DIRECTORY(test_paths_may_hold_any_byte),
	    IN_DIRECTORY(test_no_record_crosses_a_page),
	    IN_DIRECTORY(test_reader_gets_each_count_once),
	    IN_DIRECTORY(test_slow_reader_keeps_no_hit_waiting),
	    IN_DIRECTORY(test_reader_skips_damage_and_counts_it),
	    IN_DIRECTORY(test_reader_skips_lost_pages_without_damage),
	    IN_DIRECTORY(test_foreign_file_is_not_written_to),
	    IN_DIRECTORY(test_any_other_header_byte_makes_the_file_foreign),
	    IN_DIRECTORY(test_file_that_ends_in_the_table_is_damaged),
	    IN_DIRECTORY(test_unfinished_file_is_finished_by_the_next_hit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
