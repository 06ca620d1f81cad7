/*
 * Counting and reading on a healthy disk: new files, resources alike and unlike, limits, and files
 * that are not Mayfly's or no longer whole.
 */
#include "counter_file.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

static void test_counts_from_one(void **state)
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

static void test_a_new_file_is_nobody_elses(void **state)
{
	struct stat status;
	const char *loss = "";
	mode_t mask = umask(0);
	int file = counter_open(counter_file, &loss);
	(void)state;
	umask(mask);
	assert_true(file >= 0);
	assert_null(loss);
	assert_int_equal(fcntl(file, F_GETFD), FD_CLOEXEC);
	close(file);
	assert_int_equal(stat(counter_file, &status), 0);
	assert_int_equal(status.st_size, 0);
	assert_int_equal(status.st_mode & 07777, 0640);
}

static void test_the_table_is_sparse(void **state)
{
	struct stat status;
	(void)state;
	expect_count("/", 1);
	assert_int_equal(stat(counter_file, &status), 0);
	assert_int_equal(status.st_size, COUNTER_RECORDS + 40);
	assert_in_range(status.st_blocks * 512, 0, 128 * 1024);
}

static void expect_open_loss(const char *name, const char *expected)
{
	char path[sizeof counter_folder + 64];
	const char *loss = NULL;
	snprintf(path, sizeof path, "%s/%s", counter_folder, name);
	assert_int_equal(counter_open(path, &loss), -1);
	assert_string_equal(loss, expected);
}

static void test_what_cannot_be_opened(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)state;
	expect_open_loss("missing/hits", "hits-missing-folder");
	expect_open_loss("", "hits-not-a-file");
	poke(0, "", 0);
	expect_open_loss("counter/hits", "hits-missing-folder");
	unlink(counter_file);

	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	memcpy(address.sun_path, counter_file, strlen(counter_file));
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
	expect_open_loss("hits", "hits-not-a-file");
	close(server);
	unlink(counter_file);

	assert_int_equal(symlink("hits", counter_file), 0);
	expect_open_loss("hits", "hits-unavailable");
	unlink(counter_file);

	/* Root may open anything, nobody may not. */
	assert_int_equal(chmod(counter_folder, 0), 0);
	uid_t user = geteuid();
	assert_int_equal(user == 0 ? seteuid(65534) : 0, 0);
	expect_open_loss("hits", "hits-not-permitted");
	assert_int_equal(seteuid(user), 0);
	assert_int_equal(chmod(counter_folder, 0700), 0);
}

static void test_what_is_not_a_regular_file(void **state)
{
	static const char *const DEVICES[] = {"/dev/null", "/dev/zero", "/dev/full"};
	uint64_t damaged;
	(void)state;
	assert_int_equal(mkfifo(counter_file, 0600), 0);
	expect_loss("/", "hits-not-a-file");
	int fifo = open(counter_file, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_string_equal(counter_each(fifo, add_to_reading, NULL, &damaged), "hits-not-a-file");
	close(fifo);
	int folder = open(counter_folder, O_RDONLY | O_CLOEXEC);
	assert_string_equal(counter_each(folder, add_to_reading, NULL, &damaged),
	                    "hits-not-a-file");
	close(folder);
	for (size_t i = 0; i < 3; i++) {
		int device = open(DEVICES[i], O_RDWR | O_CLOEXEC);
		struct counter_result result = counter_add(device, "/", 1, 0);
		assert_string_equal(result.error, "hits-not-a-file");
		close(device);
	}
}

static void test_many_resources(void **state)
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

static void test_many_resources_in_one_bucket(void **state)
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
	/* Each link leads forward, from the bucket head through all twelve. */
	uint64_t link = bucket_of("/"), records = 0;
	for (uint64_t target; (target = peek_number(link)) != 0; records++) {
		assert_true(records == 0 || target > link);
		link = target + COUNTER_RECORD_NEXT;
	}
	assert_int_equal(records, 12);
}

static void test_paths_of_every_length(void **state)
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

static void test_paths_of_any_bytes(void **state)
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

static void test_a_reader_sees_what_was_counted(void **state)
{
	(void)state;
	poke(0, "", 0);
	assert_int_equal(read_counts(NULL).records, 0);
	expect_count("/a", 1);
	/* A record that was never counted is none to a reader, but known to the next hit. */
	poke_number(COUNTER_RECORDS + COUNTER_RECORD_COUNT, 0);
	assert_int_equal(read_counts(NULL).records, 0);
	expect_count("/a", 1);
	poke_number(COUNTER_RECORDS + COUNTER_RECORD_COUNT, 0xfffffffffffffffe);
	expect_count("/a", 0xffffffffffffffff);
	assert_true(sum_of("/a") == 0xffffffffffffffff);
	expect_loss_and_no_change("/a", "hits-damaged");
}

/* A reader, however slow, keeps no hit waiting; what is added meanwhile it need not see. */
static void add_while_reading(void *context, const char *path, size_t path_length, uint64_t count)
{
	const char *loss;
	int file = counter_open(counter_file, &loss);
	char new_path[COUNTER_PATH_MAX];
	assert_null(counter_add(file, path, path_length, 0).error);
	memcpy(new_path, path, path_length);
	new_path[path_length] = 'x';
	assert_null(counter_add(file, new_path, path_length + 1, 0).error);
	close(file);
	assert_int_equal(count, 1);
	++*(unsigned *)context;
}

static void test_a_reader_keeps_no_hit_waiting(void **state)
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

static void test_a_reader_steps_over_damage(void **state)
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

/* A power failure takes whole pages, and a later record may follow a gap in a page. */
static void test_a_reader_steps_over_what_was_lost(void **state)
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

static void test_foreign_files_are_left_alone(void **state)
{
	static const uint64_t SIZES[] = {
	    1, 63, 65, 100, 4096, COUNTER_RECORDS, 2 * COUNTER_RECORDS};
	(void)state;
	for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
		poke(0, "", 0);
		resize(SIZES[i]);
		expect_loss_and_no_change("/", "hits-foreign");
		unlink(counter_file);
	}
	poke(0, "My dear diary, today I was not at all in the mood for counting hits.\n", 69);
	expect_loss_and_no_change("/", "hits-foreign");
	resize(64);
	expect_loss_and_no_change("/", "hits-foreign");
	uint64_t damaged = 0;
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_string_equal(counter_each(file, add_to_reading, NULL, &damaged), "hits-foreign");
	close(file);
}

static void test_each_byte_of_the_header_matters(void **state)
{
	(void)state;
	expect_count("/", 1);
	for (uint64_t i = 0; i < COUNTER_HEADER_SIZE; i++) {
		unsigned char byte, other;
		peek(i, &byte, 1);
		other = byte ^ 1;
		poke(i, &other, 1);
		expect_loss_and_no_change("/", "hits-foreign");
		expect_loss_and_no_change("/new", "hits-foreign");
		poke(i, &byte, 1);
	}
	expect_count("/", 2);
}

/* Only a hit that would grow the file needs to know its size. */
static void test_a_file_without_its_whole_table_is_damaged(void **state)
{
	static const uint64_t SIZES[] = {
	    65, 4095, 4096, 4104, COUNTER_RECORDS - 8, COUNTER_RECORDS - 1};
	(void)state;
	for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
		uint64_t damaged;
		expect_count("/", 1);
		resize(SIZES[i]);
		expect_loss_and_no_change("/", "hits-damaged");
		expect_loss_and_no_change("/new", "hits-damaged");
		int file = open(counter_file, O_RDONLY | O_CLOEXEC);
		assert_string_equal(counter_each(file, add_to_reading, NULL, &damaged),
		                    "hits-damaged");
		close(file);
		unlink(counter_file);
	}
}

/* Killed, or without power, while the file was made: it is made anew. */
static void test_an_unfinished_file_is_finished(void **state)
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
	    IN_FOLDER(test_counts_from_one),
	    IN_FOLDER(test_a_new_file_is_nobody_elses),
	    IN_FOLDER(test_the_table_is_sparse),
	    IN_FOLDER(test_what_cannot_be_opened),
	    IN_FOLDER(test_what_is_not_a_regular_file),
	    IN_FOLDER(test_many_resources),
	    IN_FOLDER(test_many_resources_in_one_bucket),
	    IN_FOLDER(test_paths_of_every_length),
	    IN_FOLDER(test_paths_of_any_bytes),
	    IN_FOLDER(test_no_record_crosses_a_page),
	    IN_FOLDER(test_a_reader_sees_what_was_counted),
	    IN_FOLDER(test_a_reader_keeps_no_hit_waiting),
	    IN_FOLDER(test_a_reader_steps_over_damage),
	    IN_FOLDER(test_a_reader_steps_over_what_was_lost),
	    IN_FOLDER(test_foreign_files_are_left_alone),
	    IN_FOLDER(test_each_byte_of_the_header_matters),
	    IN_FOLDER(test_a_file_without_its_whole_table_is_damaged),
	    IN_FOLDER(test_an_unfinished_file_is_finished),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
