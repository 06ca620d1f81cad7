/*
 * Repairing a counter file: every good record keeps its count and is found by the next hit, whatever
 * was damaged; next to writers; killed at each call; and with a power failure during the repair.
 */
#include "counter/repair.h"
#include "counter/verify.h"
#include "counter_file.h"
#include <sys/wait.h>

#include "counter_calls.h"

enum {
	NAMES = 120, /* resources, most of them in two buckets */
	CHANGES_MAX = 400,
	PAGES_MAX = COUNTER_RECORDS / COUNTER_PAGE + 8,
};

static char names[NAMES][96];
static bool damaged[NAMES]; /* its record is damaged */
static uint64_t places[NAMES];

static int name_resources(void **state)
{
	unsigned number = 0;
	(void)state;
	for (unsigned i = 0; i < NAMES; i++) {
		uint64_t bucket = bucket_of(i % 3 == 0 ? "/" : "/x");
		char path[24];
		if (i % 3 == 2)
			snprintf(path, sizeof path, "/single/%u", i);
		else
			path_in_bucket(bucket, &number, path);
		snprintf(names[i], sizeof names[i], "%s", path);
	}
	return 0;
}

/* Makes a file with one hit on the first resource, two on the second, and so on. */
static void make_file(void)
{
	const char *error;
	unlink(counter_file);
	int file = counter_open(counter_file, &error);
	assert_true(file >= 0);
	for (unsigned i = 0; i < NAMES; i++) {
		uint64_t before = i == 0 ? COUNTER_RECORDS : file_size();
		assert_null(
		    counter_add_amount(file, names[i], strlen(names[i]), i + 1, 1000).error);
		places[i] = counter_record_place(before, counter_record_size(strlen(names[i])));
		damaged[i] = false;
	}
	close(file);
}

/* Damages the record of each resource whose number `every` divides. */
static void damage_records(unsigned every)
{
	for (unsigned i = 0; i < NAMES; i += every) {
		poke(places[i] + COUNTER_RECORD_PATH + 1, "?", 1);
		damaged[i] = true;
	}
}

static void ignore(void *context, const struct counter_fault *fault)
{
	(void)context;
	(void)fault;
}

static struct counter_verify_result verified(void)
{
	struct counter_verify_result result;
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	const char *reason = counter_verify(file, ignore, NULL, &result);
	close(file);
	if (reason != NULL)
		fail_msg("not to be judged: %s", reason);
	return result;
}

static const char *repair(void)
{
	int file = open(counter_file, O_RDWR | O_CLOEXEC);
	assert_true(file >= 0);
	const char *error = counter_repair(file);
	close(file);
	return error;
}

static void expect_repaired(void)
{
	const char *error = repair();
	if (error != NULL)
		fail_msg("not repaired: %s", error);
	assert_int_equal(verified().faults, 0);
}

static void add_to_sums(void *context, const char *path, size_t path_length, uint64_t count)
{
	uint64_t *sums = context;
	for (unsigned i = 0; i < NAMES; i++)
		if (strlen(names[i]) == path_length && memcmp(names[i], path, path_length) == 0)
			sums[i] += count;
}

/* Expects the good records with their counts, and none of the damaged ones. */
static void expect_counts(void)
{
	uint64_t sums[NAMES] = {0}, stretches;
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	const char *error = counter_each(file, add_to_sums, sums, &stretches);
	close(file);
	if (error != NULL)
		fail_msg("cannot be read: %s", error);
	for (unsigned i = 0; i < NAMES; i++)
		if (sums[i] != (damaged[i] ? 0 : i + 1))
			fail_msg("%s: %llu", names[i], (unsigned long long)sums[i]);
}

/* Expects the next hit on each in its old record, or in a first one. */
static void expect_next_hits(void)
{
	for (unsigned i = 0; i < NAMES; i++)
		expect_count(names[i], damaged[i] ? 1 : i + 2);
	assert_int_equal(verified().faults, 0);
}

static void test_damaged_records_are_dropped_and_the_others_kept(void **state)
{
	(void)state;
	for (unsigned every = 1; every <= 7; every += 2) {
		make_file();
		damage_records(every);
		assert_true(verified().faults > 0);
		expect_repaired();
		expect_counts();
		expect_next_hits();
	}
}

static void test_damaged_links_are_set_again(void **state)
{
	(void)state;
	make_file();
	for (unsigned i = 0; i < NAMES; i++)
		poke_number(i % 2 == 0 ? bucket_of(names[i]) : places[i] + COUNTER_RECORD_NEXT,
		            i % 5 == 0 ? 12 : COUNTER_RECORDS - 8);
	expect_repaired();
	expect_counts();
	expect_next_hits();
}

/* All links are lost, so that only the records are left. */
static void test_overwritten_table_and_header_are_rebuilt(void **state)
{
	static unsigned char rubbish[COUNTER_RECORDS - COUNTER_TABLE];
	(void)state;
	make_file();
	memset(rubbish, 0x5a, sizeof rubbish);
	poke(COUNTER_TABLE, rubbish, sizeof rubbish);
	expect_repaired();
	expect_counts();
	expect_next_hits();
	make_file();
	poke(0, rubbish, COUNTER_PAGE); /* the header as well */
	expect_error("/", "hits-foreign");
	expect_repaired();
	expect_counts();
	expect_next_hits();
}

static void test_file_that_ends_in_the_table_gets_the_rest(void **state)
{
	(void)state;
	make_file();
	resize(COUNTER_TABLE + 77);
	expect_error("/", "hits-damaged");
	expect_repaired();
	expect_count("/", 1);
	assert_int_equal(file_size(), COUNTER_RECORDS + 40);
}

static void fail_of_change(int file, uint64_t offset, size_t length)
{
	(void)file;
	fail_msg("%zu bytes are written at %llu", length, (unsigned long long)offset);
}

static void test_sound_file_is_not_written(void **state)
{
	size_t size, size_after;
	(void)state;
	make_file();
	char *before = file_content(&size);
	calls.changed = fail_of_change;
	assert_null(repair());
	calls.changed = NULL;
	char *after = file_content(&size_after);
	assert_int_equal(size_after, size);
	assert_memory_equal(after, before, size);
	free(before);
	free(after);
}

static void expect_refusal(const char *expected)
{
	size_t size, size_after;
	char *before = file_content(&size);
	const char *error = repair();
	assert_non_null(error);
	assert_string_equal(error, expected);
	char *after = file_content(&size_after);
	assert_int_equal(size_after, size);
	assert_memory_equal(after, before, size);
	free(before);
	free(after);
}

static void test_foreign_file_keeps_every_byte(void **state)
{
	(void)state;
	make_file();
	damage_records(2);
	poke_number(16, 2);
	expect_refusal("hits-foreign");
	poke(0, "notes of another program, which must not be changed: more than a header's length",
	     80);
	resize(COUNTER_RECORDS + 100);
	poke(COUNTER_RECORDS, "and more of them", 16);
	for (uint64_t at = COUNTER_RECORDS; at < COUNTER_RECORDS + 96; at += 8)
		poke_number(at, 0x4141414141414141);
	expect_refusal("hits-foreign");
}

static void test_failed_call_leaves_every_count(void **state)
{
	static const struct {
		int number;
		const char *code;
	} ERRORS[] = {{EIO, "hits-write-failed"}, {ENOSPC, "hits-disk-full"}};
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		bool is_made = true;
		for (unsigned call = 1; is_made; call += 1 + call / 3) {
			make_file();
			damage_records(3);
			calls.error = ERRORS[i].number;
			calls.fail_at = calls.fail_until = calls.count + call;
			const char *error = repair();
			is_made = calls.count >= calls.fail_at;
			calls.fail_at = 0;
			if ((error != NULL) != is_made)
				fail_msg("call %u: %s", call, error != NULL ? error : "no error");
			if (error != NULL)
				assert_true(strcmp(error, ERRORS[i].code) == 0 ||
				            strcmp(error, "hits-damaged") == 0);
			expect_counts();
			expect_repaired();
			expect_counts();
		}
	}
}

static unsigned calls_until_death;

static void die_in_time(void)
{
	if (--calls_until_death == 0)
		kill(getpid(), SIGKILL);
}

/* Returns whether the child made so many calls that it was killed. */
static bool repair_and_be_killed(unsigned call)
{
	int status = -1;
	pid_t child = fork_child();
	if (child == 0) {
		calls_until_death = call;
		calls.before = die_in_time;
		_exit(repair() == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || status == 0);
	return WIFSIGNALED(status);
}

/* Every 64th of the calls that read the table, which are alike and come last. */
static void test_repair_killed_at_each_call_can_be_repeated(void **state)
{
	unsigned deaths = 0;
	(void)state;
	for (unsigned call = 1; call < TABLE_PAGES + 1000; call += call < 100 ? 1 : 64) {
		make_file();
		damage_records(4);
		poke_number(bucket_of("/"), 4);
		bool killed = repair_and_be_killed(call);
		expect_counts();
		assert_int_equal(verified().records, NAMES - NAMES / 4);
		if (call % 2 == 0)
			expect_count("/another", 1);
		expect_repaired();
		expect_counts();
		expect_next_hits();
		if (!killed)
			break;
		deaths++;
	}
	assert_in_range(deaths, 30, 200);
}

static unsigned counted, refused, tries;

/* Between two calls of a repair, before the many that read the table. */
static void let_another_count(void)
{
	if (++tries > 60)
		return;
	void (*before)(void) = calls.before;
	calls.before = NULL;
	if (hit_at_once("/another"))
		counted++;
	else
		refused++;
	calls.before = before;
}

static void test_no_hit_is_counted_while_a_repair_reads_or_writes(void **state)
{
	(void)state;
	make_file();
	damage_records(3);
	counted = refused = tries = 0;
	calls.before = let_another_count;
	assert_null(repair());
	calls.before = NULL;
	assert_int_equal(counted, 0);
	assert_in_range(refused, 20, 60);
	expect_counts();
	expect_next_hits();
}

static void test_nothing_is_lost_next_to_other_writers(void **state)
{
	enum { WRITERS = 3, HITS = 1500, REPAIRS = 30 };
	pid_t writers[WRITERS];
	(void)state;
	make_file();
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = fork_child();
		for (unsigned n = 0; writers[i] == 0 && n < HITS; n++) {
			char path[24];
			snprintf(path, sizeof path, "/other/%u", n % 50);
			if (hit(path).error != NULL)
				_exit(1);
		}
		if (writers[i] == 0)
			_exit(0);
	}
	for (unsigned i = 0; i < REPAIRS; i++) {
		poke(places[i] + COUNTER_RECORD_PATH + 1, "?", 1);
		damaged[i] = true;
		assert_null(repair());
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		int status = -1;
		assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(verified().faults, 0);
	expect_counts();
	uint64_t others = read_counts(NULL).sum;
	for (unsigned i = 0; i < NAMES; i++)
		others -= damaged[i] ? 0 : i + 1;
	assert_int_equal(others, WRITERS * HITS);
}

static void test_repair_without_the_lock_changes_nothing(void **state)
{
	(void)state;
	make_file();
	damage_records(2);
	int holder = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(holder, LOCK_SH), 0);
	expect_refusal("hits-locked");
	close(holder);
	expect_repaired();
}

/* The page that was written, after each write of a repair. */
static struct change {
	uint64_t page;
	unsigned char content[COUNTER_PAGE];
} changes[CHANGES_MAX];
static unsigned change_count;

static void record_change(int file, uint64_t offset, size_t length)
{
	struct change *change = &changes[change_count++];
	assert_true(change_count <= CHANGES_MAX && length > 0);
	change->page = offset / COUNTER_PAGE;
	assert_int_equal(change->page, (offset + length - 1) / COUNTER_PAGE);
	memset(change->content, 0, COUNTER_PAGE);
	syscall(SYS_pread64, file, change->content, (size_t)COUNTER_PAGE,
	        (off_t)(change->page * COUNTER_PAGE));
}

static uint64_t random_state = 1;

static unsigned below(unsigned limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)((random_state >> 11) % limit);
}

/* Restores the file, with each page in one of the states that it was in. */
static void fail_power(const char *before, size_t size)
{
	static unsigned states[PAGES_MAX];
	poke(0, before, size);
	for (unsigned i = 0; i < PAGES_MAX; i++)
		states[i] = below(change_count + 1);
	for (unsigned i = 0; i < change_count; i++) {
		uint64_t start = changes[i].page * COUNTER_PAGE;
		if (i < states[changes[i].page])
			poke(start, changes[i].content,
			     size - start < COUNTER_PAGE ? size - start : COUNTER_PAGE);
	}
}

static void test_power_failure_during_a_repair_leaves_every_count(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		size_t size;
		make_file();
		damage_records(2 + below(5));
		if (below(2) == 0)
			poke_number(bucket_of("/"), 4);
		if (below(4) == 0)
			poke(0, "xxxx", 4);
		char *before = file_content(&size);
		change_count = 0;
		calls.changed = record_change;
		assert_null(repair());
		calls.changed = NULL;
		fail_power(before, size);
		free(before);
		expect_repaired();
		expect_counts();
		expect_next_hits();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CALLS(test_damaged_records_are_dropped_and_the_others_kept),
	    WITH_CALLS(test_damaged_links_are_set_again),
	    WITH_CALLS(test_overwritten_table_and_header_are_rebuilt),
	    WITH_CALLS(test_file_that_ends_in_the_table_gets_the_rest),
	    WITH_CALLS(test_sound_file_is_not_written),
	    WITH_CALLS(test_foreign_file_keeps_every_byte),
	    WITH_CALLS(test_failed_call_leaves_every_count),
	    WITH_CALLS(test_repair_killed_at_each_call_can_be_repeated),
	    WITH_CALLS(test_no_hit_is_counted_while_a_repair_reads_or_writes),
	    WITH_CALLS(test_nothing_is_lost_next_to_other_writers),
	    WITH_CALLS(test_repair_without_the_lock_changes_nothing),
	    WITH_CALLS(test_power_failure_during_a_repair_leaves_every_count),
	};
	return cmocka_run_group_tests(tests, name_resources, NULL);
}
