/*
 * Simulated power failures. Each page that was written since the last write-back may be on disk in
 * any of the states it was in, and so may the file's size; some writers are killed before.
 * Short histories are tried in every such way, long ones in many.
 * The result must be a valid file, in which every record is complete or missing, no count is smaller
 * than it was on disk before, and hits can be counted.
 */
#include "base/fnv.h"
#include "counter_file.h"

#include "counter_calls.h"

enum {
	PAGES = COUNTER_RECORDS / COUNTER_PAGE + 96, /* the largest file that a test makes */
	CHANGES = 1200, /* the most changes between two power failures */
	SECTOR = 512,
	NAMES = 48,
	NO_PAGE = -1,
};

/* A change of the file: a page after it (or none), and the size after it. */
struct change {
	int page;
	uint64_t size;
	unsigned char content[COUNTER_PAGE];
};

static struct change changes[CHANGES];
static unsigned change_count;
static unsigned synced; /* changes that fdatasync has put on disk */

/* What has been written back. */
static unsigned char disk[PAGES * COUNTER_PAGE];
static uint64_t disk_size;

static uint64_t random_state, last_seed;

static unsigned below(unsigned limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)((random_state >> 11) % limit);
}

static void record_change(int file, uint64_t offset, size_t length)
{
	struct change *change = &changes[change_count++];
	struct stat status;
	assert_true(change_count <= CHANGES);
	assert_int_equal(fstat(file, &status), 0);
	change->size = (uint64_t)status.st_size;
	change->page = NO_PAGE;
	assert_true(change->size <= sizeof disk);
	/* Truncation within a page clears its rest; growing changes no page. */
	if (length == 0 && offset % COUNTER_PAGE == 0)
		return;
	assert_true(length == 0 || offset / COUNTER_PAGE == (offset + length - 1) / COUNTER_PAGE);
	change->page = (int)(offset / COUNTER_PAGE);
	memset(change->content, 0, COUNTER_PAGE);
	syscall(SYS_pread64, file, change->content, (size_t)COUNTER_PAGE,
	        (off_t)change->page * COUNTER_PAGE);
}

static void record_sync(void)
{
	synced = change_count;
}

/* A state between the last sync and the failure: the number of its changes. */
static unsigned some_state(unsigned failure)
{
	return below(4) == 0 ? failure : synced + below(failure - synced + 1);
}

/* The size on disk is one that the file had, or the end of a written page of records. */
static uint64_t size_left(unsigned failure)
{
	unsigned state = some_state(failure);
	uint64_t size = state > 0 ? changes[state - 1].size : disk_size;
	uint64_t most = failure > 0 ? changes[failure - 1].size : disk_size;
	uint64_t rounded = (size + COUNTER_PAGE - 1) / COUNTER_PAGE * COUNTER_PAGE;
	return below(4) == 0 && size >= COUNTER_RECORDS && rounded <= most ? rounded : size;
}

/* Puts on disk what a failure leaves, in units that are written at once: pages or sectors. */
static void fail_power(size_t unit)
{
	unsigned failure = synced + below(change_count - synced + 1);
	uint64_t size = size_left(failure);
	static unsigned states[PAGES * COUNTER_PAGE / SECTOR];
	memset(states, 0, sizeof states);
	for (unsigned i = 0; i < failure; i++) {
		if (changes[i].page == NO_PAGE)
			continue;
		for (size_t at = 0; at < COUNTER_PAGE; at += unit) {
			size_t offset = (size_t)changes[i].page * COUNTER_PAGE + at;
			unsigned *state = &states[offset / unit];
			if (*state == 0)
				*state = 1 + some_state(failure);
			if (i + 1 < *state)
				memcpy(disk + offset, changes[i].content + at, unit);
		}
	}
	memset(disk + size, 0, sizeof disk - size);
	disk_size = size;
	change_count = synced = 0;
}

/* After the restart the file is what is on disk. */
static void start_again(void)
{
	static const unsigned char ZEROS[COUNTER_PAGE];
	unlink(counter_file);
	int file = open(counter_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(syscall(SYS_ftruncate, file, (off_t)disk_size), 0);
	for (uint64_t at = 0; at < disk_size; at += COUNTER_PAGE) {
		size_t length = disk_size - at < COUNTER_PAGE ? disk_size - at : COUNTER_PAGE;
		if (memcmp(disk + at, ZEROS, length) != 0)
			assert_int_equal(syscall(SYS_pwrite64, file, disk + at, length, (off_t)at),
			                 length);
	}
	close(file);
}

/* The resources. Most share two buckets, so that links can be lost. */
static struct {
	char path[900];
	size_t length;
	uint64_t on_disk; /* its count after the last failure */
	uint64_t counted;
} names[NAMES];

static int name_resources(void **state)
{
	(void)state;
	unsigned number = 0;
	for (unsigned i = 0; i < NAMES; i++) {
		char *path = names[i].path;
		uint64_t bucket = i < 16 ? bucket_of("/") : i < 32 ? bucket_of("/x") : 0;
		size_t length = i % 3 == 0 ? 8 : i * 89 % (sizeof names[i].path - 40);
		memset(path, 'a', length);
		path[0] = '/';
		/* The long beginning is hashed once, because many numbers are tried. */
		uint64_t hash = fnv_add(FNV_START, path, length), head;
		do {
			int digits = snprintf(path + length, 24, "/%u", number++);
			head = counter_bucket_head(fnv_add(hash, path + length, (size_t)digits));
		} while (bucket != 0 && head != bucket);
		assert_true(bucket == 0 || bucket_of(path) == bucket);
		names[i].length = strlen(path);
	}
	return 0;
}

static void read_name(void *context, const char *path, size_t path_length, uint64_t count)
{
	unsigned i = 0;
	while (i < NAMES &&
	       (names[i].length != path_length || memcmp(names[i].path, path, path_length) != 0))
		i++;
	if (i == NAMES)
		fail_msg("a record of an unknown path of %zu bytes", path_length);
	((uint64_t *)context)[i] += count;
}

/* Reads all counts into `sums`. Returns the number of damaged stretches. */
static uint64_t read_all(uint64_t *sums)
{
	uint64_t damaged;
	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	memset(sums, 0, NAMES * sizeof *sums);
	assert_true(file >= 0);
	const char *reason = counter_each(file, read_name, sums, &damaged);
	close(file);
	if (reason != NULL)
		fail_msg("not to be read: %s", reason);
	return damaged;
}

/* Adds a hit on a resource; it ends before call number `death`. */
static jmp_buf killed;
static unsigned death;

static void die_in_time(void)
{
	if (death > 0 && --death == 0)
		longjmp(killed, 1);
}

static void add_hit(unsigned name, unsigned die_at)
{
	static int file; /* static: longjmp may change other variables */
	const char *error;
	file = counter_open(counter_file, &error);
	assert_true(file >= 0);
	death = die_at;
	if (setjmp(killed) == 0) {
		struct counter_result result =
		    counter_add(file, names[name].path, names[name].length, 0);
		death = 0;
		if (result.error != NULL)
			fail_msg("%.40s: %s", names[name].path, result.error);
		names[name].counted++;
		assert_in_range(result.count, 1, names[name].counted);
		close(file);
		return;
	}
	close(file);
	uint64_t sums[NAMES];
	read_all(sums);
	assert_in_range(sums[name], names[name].counted, names[name].counted + 1);
	names[name].counted = sums[name];
}

/* Adds hits, and expects all of them in the file. */
static void count_for_a_while(bool whole)
{
	uint64_t sums[NAMES];
	for (unsigned hits = below(50); hits > 0; hits--) {
		unsigned name = below(1 + below(NAMES));
		add_hit(name, below(8) == 0 ? 1 + below(9) : 0);
	}
	uint64_t damaged = read_all(sums);
	assert_true(damaged == 0 || !whole);
	for (unsigned i = 0; i < NAMES; i++)
		assert_int_equal(sums[i], names[i].counted);
}

/* Each count is between what was on disk before and what was counted since. */
static void look_at_what_is_left(bool whole)
{
	uint64_t sums[NAMES];
	uint64_t damaged = read_all(sums);
	assert_true(damaged == 0 || !whole);
	for (unsigned i = 0; i < NAMES; i++) {
		assert_in_range(sums[i], names[i].on_disk, names[i].counted);
		names[i].on_disk = names[i].counted = sums[i];
	}
}

/* Begins with an empty file. */
static void begin_world(uint64_t seed)
{
	last_seed = random_state = seed;
	memset(disk, 0, sizeof disk);
	disk_size = 0;
	change_count = synced = 0;
	for (unsigned i = 0; i < NAMES; i++)
		names[i].on_disk = names[i].counted = 0;
	start_again();
}

static void live_through_failures(uint64_t seed, unsigned failures, size_t unit)
{
	begin_world(seed);
	for (unsigned i = 0; i < failures; i++) {
		count_for_a_while(unit == COUNTER_PAGE);
		fail_power(unit);
		start_again();
		look_at_what_is_left(unit == COUNTER_PAGE);
	}
}

static int begin(void **state)
{
	memset(&calls, 0, sizeof calls);
	calls.skip_sync = true;
	calls.before = die_in_time;
	calls.changed = record_change;
	calls.synced = record_sync;
	return make_directory(state);
}

/* Prints the seed at which a failed test stopped. */
static int finish(void **state)
{
	print_message("# last seed: %u\n", (unsigned)last_seed);
	return remove_directory(state);
}

static void test_power_failures_that_write_whole_pages_leave_a_valid_file(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		live_through_failures(seed, 10, COUNTER_PAGE);
	}
}

/* Disks write sectors, of which a page has several: a record may be torn, and is lost then. */
static void test_power_failures_that_write_whole_sectors_leave_a_valid_file(void **state)
{
	(void)state;
	for (uint64_t seed = 1001; seed <= 1050; seed++) {
		live_through_failures(seed, 10, SECTOR);
	}
}

/* Failures soon after the file was created, with killed writers. */
static void test_power_failures_while_the_file_is_created_leave_a_valid_file(void **state)
{
	(void)state;
	for (uint64_t seed = 2001; seed <= 2200; seed++) {
		begin_world(seed);
		for (unsigned i = 0; i < 4; i++)
			add_hit(i % 2, below(2) * (1 + below(9)));
		fail_power(COUNTER_PAGE);
		start_again();
		uint64_t sums[NAMES];
		assert_int_equal(read_all(sums), 0);
		names[0].counted = sums[0];
		names[1].counted = sums[1];
		add_hit(0, 0);
		assert_int_equal(read_all(sums), 0);
		assert_int_equal(sums[0], names[0].counted);
	}
}

/* What was on disk before a failure that is tried in every way, and the sizes it may leave. */
static unsigned char disk_before[sizeof disk];
static uint64_t sizes[2 * CHANGES + 1];
static unsigned size_count;
static int touched[PAGES];
static unsigned touched_count;
static unsigned ways;

static void add_size(uint64_t size)
{
	for (unsigned i = 0; i < size_count; i++)
		if (sizes[i] == size)
			return;
	sizes[size_count++] = size;
}

static void add_touched(int page)
{
	for (unsigned i = 0; i < touched_count; i++)
		if (touched[i] == page)
			return;
	touched[touched_count++] = page;
}

static void find_ways(void)
{
	uint64_t least = synced > 0 ? changes[synced - 1].size : disk_size, most = least;
	size_count = touched_count = 0;
	for (unsigned i = synced; i < change_count; i++)
		most = changes[i].size > most ? changes[i].size : most;
	add_size(least);
	for (unsigned i = synced; i < change_count; i++) {
		uint64_t rounded =
		    (changes[i].size + COUNTER_PAGE - 1) / COUNTER_PAGE * COUNTER_PAGE;
		add_size(changes[i].size);
		if (rounded <= most)
			add_size(rounded);
		if (changes[i].page != NO_PAGE)
			add_touched(changes[i].page);
	}
}

/* Reads the file, adds hits and reads it again; then restores the state for the next way. */
static void try_way(uint64_t size)
{
	uint64_t on_disk[NAMES], counted[NAMES], sums[NAMES];
	unsigned changes_before = change_count;
	uint64_t size_before = disk_size;
	for (unsigned i = 0; i < NAMES; i++) {
		on_disk[i] = names[i].on_disk;
		counted[i] = names[i].counted;
	}
	memset(disk + size, 0, sizeof disk - size);
	disk_size = size;
	start_again();
	look_at_what_is_left(true);
	for (unsigned name = 0; name < 4; name++)
		add_hit(name, 0);
	assert_int_equal(read_all(sums), 0);
	for (unsigned i = 0; i < NAMES; i++) {
		assert_int_equal(sums[i], names[i].counted);
		names[i].on_disk = on_disk[i];
		names[i].counted = counted[i];
	}
	change_count = changes_before;
	disk_size = size_before;
	ways++;
}

/* Puts each changed page from number `from` into each of its states, and tries each size. */
static void try_ways(unsigned from)
{
	if (from == touched_count) {
		static unsigned char chosen[sizeof disk];
		memcpy(chosen, disk, sizeof disk);
		for (unsigned i = 0; i < size_count; i++) {
			try_way(sizes[i]);
			memcpy(disk, chosen, sizeof disk);
		}
		return;
	}
	unsigned char *page = disk + (size_t)touched[from] * COUNTER_PAGE;
	memcpy(page, disk_before + (page - disk), COUNTER_PAGE);
	try_ways(from + 1);
	for (unsigned i = synced; i < change_count; i++) {
		if (changes[i].page != touched[from])
			continue;
		memcpy(page, changes[i].content, COUNTER_PAGE);
		try_ways(from + 1);
	}
}

/* Everything so far is written back. */
static void write_back(void)
{
	size_t size;
	char *content = file_content(&size);
	memset(disk, 0, sizeof disk);
	memcpy(disk, content, size);
	free(content);
	disk_size = size;
	change_count = synced = 0;
	for (unsigned i = 0; i < NAMES; i++)
		names[i].on_disk = names[i].counted;
}

/* Hits that are written back, then hits that are not and may be interrupted, then the failure. */
static void fail_in_every_way(const unsigned *hits, unsigned before, unsigned count,
                              unsigned die_at)
{
	begin_world(1);
	for (unsigned i = 0; i < before; i++)
		add_hit(hits[i], 0);
	if (before > 0)
		write_back();
	for (unsigned i = before; i < count; i++)
		add_hit(hits[i], i + 2 == count ? die_at : 0);
	for (unsigned i = 0; i < synced; i++)
		if (changes[i].page != NO_PAGE)
			memcpy(disk + (size_t)changes[i].page * COUNTER_PAGE, changes[i].content,
			       COUNTER_PAGE);
	memcpy(disk_before, disk, sizeof disk);
	find_ways();
	try_ways(0);
}

static void test_short_histories_survive_a_power_failure_in_every_way(void **state)
{
	/* Names 0 to 15 belong to one bucket; the records of 1, 4 and 13 fill a page. */
	static const struct {
		unsigned hits[6], before, count;
	} HISTORIES[] = {
	    {{0, 0}, 0, 2},
	    {{0, 1}, 0, 2},
	    {{0, 1, 0, 2}, 1, 4},
	    {{0, 1, 4, 13, 1, 2}, 1, 5},
	    {{0, 16, 1, 17, 0}, 2, 5},
	    {{16, 0, 33, 1, 34, 0}, 1, 6},
	};
	(void)state;
	ways = 0;
	for (unsigned i = 0; i < sizeof HISTORIES / sizeof HISTORIES[0]; i++)
		for (unsigned die_at = 0; die_at <= 9; die_at++)
			fail_in_every_way(HISTORIES[i].hits, HISTORIES[i].before,
			                  HISTORIES[i].count, die_at);
	print_message("# %u ways\n", ways);
	assert_true(ways > 1000);
}

#define WITH_DISK(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_DISK(test_short_histories_survive_a_power_failure_in_every_way),
	    WITH_DISK(test_power_failures_while_the_file_is_created_leave_a_valid_file),
	    WITH_DISK(test_power_failures_that_write_whole_pages_leave_a_valid_file),
	    WITH_DISK(test_power_failures_that_write_whole_sectors_leave_a_valid_file),
	};
	return cmocka_run_group_tests(tests, name_resources, NULL);
}
