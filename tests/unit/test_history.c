/*
 * The history of a counter file: the sum of all days and of what was counted since equals the
 * total, whatever happens to the clock, the time zone and the counter file; and old days are folded
 * into months without changing a sum.
 */
#include "counter/reset.h"
#include "counter_file.h"
#include "mayflyctl/history_snapshot.h"
#include "mayflyctl/hits_file.h"
#include <dirent.h>
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>

enum { DAY = 86400, PATHS = 5, MANY_DAYS = 800 };

static uint64_t random_state;

static unsigned below(unsigned limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)((random_state >> 11) % limit);
}

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

/* Noon UTC of 2026-11-28, and days later. */
static time_t noon(int days)
{
	return (time_t)1795867200 + (time_t)days * DAY;
}

static void path_of(unsigned number, char path[static 16])
{
	(void)snprintf(path, 16, "/%u", number);
}

/* The name of a file that cannot be removed. */
static const char *lasting;

/* Replaces the C library's. */
int unlinkat(int directory, const char *name, int flags)
{
	if (lasting != NULL && strcmp(name, lasting) == 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_unlinkat, directory, name, flags);
}

/* Returns whether it succeeds. */
static bool try_snapshot(time_t now)
{
	struct history history;
	struct history_difference difference;
	const char *problem = history_open(&history, counter_file, HISTORY_CREATE);
	assert_null(problem);
	problem = history_snapshot(&history, counter_file, now, &difference);
	if (problem != NULL && lasting == NULL)
		fail_msg("%s", problem);
	history_difference_free(&difference);
	history_close(&history);
	return problem == NULL;
}

static void snapshot(time_t now)
{
	assert_true(try_snapshot(now));
}

/* What a history says, and what the counter file says. */
struct sums {
	uint64_t hits, dropped, total;
	unsigned days, months;
};

static void add_sum(void *sum, const char *path, size_t path_length, uint64_t count)
{
	(void)path;
	(void)path_length;
	*(uint64_t *)sum += count;
}

static void count_entry(void *context, const struct history_entry *entry)
{
	struct sums *sums = context;
	sums->days += history_entry_is_day(entry);
	sums->months += history_entry_is_month(entry);
	assert_true(entry->period.first <= entry->period.last);
}

static struct sums read_sums(void)
{
	struct sums sums = {0};
	struct history history;
	struct counts counts = {0};
	uint64_t damaged = 0;
	const struct history_visitor visitor = {
	    .sink = {.hits = add_sum,
	             .hits_context = &sums.hits,
	             .dropped = add_sum,
	             .dropped_context = &sums.dropped},
	    .done = count_entry,
	    .context = &sums,
	};
	assert_null(history_open(&history, counter_file, HISTORY_READ));
	const char *problem = history_read(&history, &visitor);
	if (problem != NULL)
		fail_msg("%s", problem);
	history_close(&history);
	if (hits_file_load(counter_file, &counts, &damaged) == NULL)
		sums.total = counts.total;
	counts_free(&counts);
	return sums;
}

/* Right after a snapshot, the sum of all periods is the counter file's total. */
static void expect_balance(void)
{
	struct sums sums = read_sums();
	assert_int_equal(sums.hits - sums.dropped, sums.total);
}

static struct history_entry last_read;

/* The hits of an entry, which is then last_read; UINT64_MAX if there is none. */
static uint64_t hits_of(const char *name)
{
	struct history history;
	struct history_entry entry;
	uint64_t hits = 0;
	size_t line = 0;
	const struct history_sink sink = {.hits = add_sum, .hits_context = &hits};
	char file_name[PATH_MAX + 64];
	assert_null(history_open(&history, counter_file, HISTORY_READ));
	(void)snprintf(file_name, sizeof file_name, "%s/%s", history.name, name);
	history_close(&history);
	FILE *file = fopen(file_name, "r");
	if (file == NULL)
		return UINT64_MAX;
	assert_true(history_entry_named(&entry, view_of(name)));
	assert_null(history_entry_read(file, &entry, &sink, &line));
	(void)fclose(file);
	last_read = entry;
	return hits;
}

static int remove_history(void **state)
{
	char name[PATH_MAX], file[PATH_MAX + NAME_MAX + 2];
	const struct dirent *entry;
	assert_true(history_name(counter_file, name));
	DIR *directory = opendir(name);
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		(void)snprintf(file, sizeof file, "%s/%s", name, entry->d_name);
		(void)unlink(file);
	}
	if (directory != NULL)
		(void)closedir(directory);
	(void)rmdir(name);
	return remove_directory(state);
}

/* In memory if possible: a snapshot waits for the disk several times. */
static int begin(void **state)
{
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	set_zone("UTC");
	random_state = 88172645463325252;
	return make_directory(state);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, remove_history)

/* --- Periods. --- */

static void test_hits_are_those_of_the_days_between_snapshots(void **state)
{
	(void)state;
	hit_times("/a", 5);
	snapshot(noon(0));
	assert_int_equal(hits_of("earlier"), 5);
	hit_times("/a", 2);
	snapshot(noon(0) + DAY / 2 + 3); /* just after midnight: the 28th */
	assert_int_equal(hits_of("2026-11-28"), 2);
	assert_int_equal(last_read.period.first, last_read.period.last);
	hit_times("/b", 4);
	snapshot(noon(1)); /* the 29th so far */
	assert_int_equal(hits_of("2026-11-29"), 4);
	hit_times("/b", 1);
	snapshot(noon(1) + DAY / 2 - 2); /* and the rest, a little early */
	assert_int_equal(hits_of("2026-11-29"), 5);
	hit_times("/b", 3);
	snapshot(noon(2) + DAY / 2 + 5);
	assert_int_equal(hits_of("2026-11-30"), 3);
	assert_int_equal(last_read.period.first, last_read.period.last);
	snapshot(noon(3) + DAY / 2); /* an empty day */
	assert_int_equal(hits_of("2026-12-01"), 0);
	expect_balance();
}

static void test_missed_nights_are_one_period(void **state)
{
	struct history_entry entry;
	struct history history;
	struct history_difference difference;
	(void)state;
	hit_times("/a", 1);
	snapshot(noon(0) + DAY / 2);
	hit_times("/a", 7);
	assert_null(history_open(&history, counter_file, HISTORY_CREATE));
	assert_null(history_snapshot(&history, counter_file, noon(3), &difference));
	entry = difference.entry;
	history_difference_free(&difference);
	history_close(&history);
	assert_string_equal(entry.name, "2026-11-29");
	assert_int_equal(entry.period.last - entry.period.first, 2);
	assert_int_equal(hits_of("2026-11-29"), 7);
	snapshot(noon(3) + DAY / 2);
	assert_int_equal(hits_of("2026-12-01"), 0);
}

static void test_a_clock_that_was_wrong_loses_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		hit_times("/a", 1);
		snapshot(noon(i) + DAY / 2);
	}
	hit_times("/a", 10);
	snapshot(noon(-1000)); /* before all snapshots */
	expect_balance();
	hit_times("/a", 10);
	snapshot(noon(5000));
	expect_balance();
	hit_times("/a", 3);
	snapshot(noon(5) + DAY / 2);
	assert_int_equal(hits_of("2026-12-03"), 13); /* with the ten at the wrong time */
	hit_times("/a", 4);
	snapshot(noon(6) + DAY / 2);
	assert_int_equal(hits_of("2026-12-04"), 4);
	expect_balance();
}

static void test_days_of_23_and_25_hours_are_one_day(void **state)
{
	(void)state;
	set_zone("Europe/Berlin");
	/* Midnights of 2026-03-28 to 31 and 2026-10-24 to 27: the clocks change in between. */
	static const time_t MIDNIGHTS[] = {1774652400, 1774738800, 1774821600, 1774908000,
	                                   1792792800, 1792879200, 1792969200, 1793055600};
	static const char *const DAYS[] = {"",           "2026-03-28", "2026-03-29", "2026-03-30",
	                                   "2026-03-31", "2026-10-24", "2026-10-25", "2026-10-26"};
	for (size_t i = 0; i < sizeof MIDNIGHTS / sizeof MIDNIGHTS[0]; i++) {
		hit_times("/a", i + 1);
		snapshot(MIDNIGHTS[i] + 2);
		if (i > 0)
			assert_int_equal(hits_of(DAYS[i]), i + 1);
	}
	expect_balance();
}

/* --- Lower counts than before. --- */

static bool drops_all(void *context, const char *path, size_t path_length)
{
	(void)context;
	(void)path;
	(void)path_length;
	return true;
}

static void test_counts_of_a_new_file_are_new_hits(void **state)
{
	struct sums sums;
	(void)state;
	hit_times("/a", 50);
	hit_times("/b", 2);
	snapshot(noon(0));
	assert_int_equal(unlink(counter_file), 0);
	hit_times("/a", 3);
	hit_times("/b", 9);
	snapshot(noon(0) + DAY / 2);
	assert_int_equal(hits_of("2026-11-28"), 12);
	sums = read_sums();
	assert_int_equal(sums.dropped, 52);
	expect_balance();
}

static void test_an_older_copy_counts_no_hit_twice(void **state)
{
	(void)state;
	hit_times("/a", 50);
	hit_times("/b", 2);
	snapshot(noon(0));
	assert_int_equal(unlink(counter_file), 0);
	hit_times("/a", 45); /* as it was an hour ago */
	hit_times("/b", 3);
	snapshot(noon(0) + DAY / 2);
	assert_int_equal(hits_of("2026-11-28"), 1);
	assert_int_equal(read_sums().dropped, 5);
	expect_balance();
}

static void test_a_missing_counter_file_changes_nothing(void **state)
{
	(void)state;
	snapshot(noon(0)); /* before the first hit */
	hit_times("/a", 5);
	snapshot(noon(0) + DAY / 2);
	assert_int_equal(hits_of("2026-11-28"), 5);
	assert_int_equal(unlink(counter_file), 0);
	snapshot(noon(1) + DAY / 2);
	assert_int_equal(read_sums().dropped, 0);
	hit_times("/a", 1);
	snapshot(noon(2) + DAY / 2);
	assert_int_equal(read_sums().dropped, 5);
	expect_balance();
}

static void test_an_impossible_count_is_left_out(void **state)
{
	(void)state;
	hit_times("/a", UINT64_MAX);
	hit_times("/b", 4);
	snapshot(noon(0));
	assert_int_equal(read_sums().hits, 4);
}

/* --- Folding. --- */

static void test_old_days_are_folded_into_months(void **state)
{
	struct sums sums;
	uint64_t expected = 0;
	(void)state;
	snapshot(noon(-1) + DAY / 2);
	for (int i = 0; i < MANY_DAYS; i++) {
		unsigned hits = 1 + below(9);
		hit_times("/a", hits);
		expected += i >= 3 && i < 34 ? hits : 0; /* of December 2026 */
		snapshot(noon(i) + DAY / 2 + 5);
	}
	sums = read_sums();
	assert_int_equal(sums.days, HISTORY_DAYS_MAX);
	assert_int_equal(sums.months, 15);
	assert_int_equal(hits_of("2026-12"), expected);
	assert_int_equal(hits_of("2026-12-05"), UINT64_MAX);
	expect_balance();
	/* A folded day is part of its month: it does not appear again if the clock is set back. */
	expected = hits_of("2026-11");
	hit_times("/b", 1000);
	snapshot(noon(0) + 60);
	assert_int_equal(hits_of("2026-11-28"), UINT64_MAX);
	assert_int_equal(hits_of("2026-11"), expected + 1000);
	expect_balance();
}

/* As after a kill between writing the month and removing its days. */
static void test_days_left_by_an_interrupted_folding_count_once(void **state)
{
	char name[PATH_MAX], file_name[PATH_MAX + 32];
	(void)state;
	snapshot(noon(-1) + DAY / 2);
	for (int i = 0; i < HISTORY_DAYS_MAX + 10; i++) {
		hit_times("/a", 1);
		snapshot(noon(i) + DAY / 2 + 5);
	}
	assert_int_equal(hits_of("2026-12"), 7);
	assert_true(history_name(counter_file, name));
	(void)snprintf(file_name, sizeof file_name, "%s/2026-12-03", name);
	FILE *file = fopen(file_name, "w");
	assert_non_null(file);
	(void)fputs("mayfly-hits 1\n1\t/a\nend\t1\n", file);
	assert_int_equal(fclose(file), 0);
	expect_balance();
	lasting = "2026-12-03";
	assert_false(try_snapshot(noon(HISTORY_DAYS_MAX + 10)));
	lasting = NULL;
	expect_balance();
	snapshot(noon(HISTORY_DAYS_MAX + 10));
	assert_int_equal(access(file_name, F_OK), -1);
	expect_balance();
}

/* --- Random operations. --- */

static void reset_all(void)
{
	struct counter_dropped dropped = {0, 0};
	int file = open(counter_file, O_RDWR | O_CLOEXEC);
	if (file < 0)
		return;
	assert_null(counter_reset(file, drops_all, NULL, &dropped));
	close(file);
}

static time_t random_step(time_t now)
{
	static const char *const ZONES[] = {"UTC", "Asia/Tokyo", "America/Los_Angeles",
	                                    "Australia/Lord_Howe", "Europe/Berlin"};
	switch (below(12)) {
	case 0:
		return now - (time_t)below(40 * DAY);
	case 1:
		return now + (time_t)below(40 * DAY);
	case 2:
		set_zone(ZONES[below(5)]);
		return now;
	default:
		return now + (time_t)below(2 * DAY);
	}
}

static void test_any_operations_keep_the_sum(void **state)
{
	struct sums sums;
	uint64_t counted = 0;
	time_t now = noon(0);
	char path[16];
	(void)state;
	for (int i = 0; i < 1500; i++) {
		unsigned hits = 1 + below(20);
		path_of(below(PATHS), path);
		switch (below(40)) {
		case 0:
			reset_all();
			counted = 0;
			break;
		default:
			hit_times(path, hits);
			counted += hits;
		}
		now = random_step(now);
		if (below(2) != 0)
			continue;
		snapshot(now);
		sums = read_sums();
		assert_int_equal(sums.hits - sums.dropped, counted);
		assert_int_equal(sums.total, counted);
		assert_true(sums.days <= HISTORY_DAYS_MAX);
	}
	assert_true(read_sums().months > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_hits_are_those_of_the_days_between_snapshots),
	    TEST(test_missed_nights_are_one_period),
	    TEST(test_a_clock_that_was_wrong_loses_nothing),
	    TEST(test_days_of_23_and_25_hours_are_one_day),
	    TEST(test_counts_of_a_new_file_are_new_hits),
	    TEST(test_an_older_copy_counts_no_hit_twice),
	    TEST(test_a_missing_counter_file_changes_nothing),
	    TEST(test_an_impossible_count_is_left_out),
	    TEST(test_old_days_are_folded_into_months),
	    TEST(test_days_left_by_an_interrupted_folding_count_once),
	    TEST(test_any_operations_keep_the_sum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
