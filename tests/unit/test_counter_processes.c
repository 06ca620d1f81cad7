/*
 * Several processes with one counter file: each count is returned once; a process that keeps the lock
 * costs the others a hit after a bounded wait; a killed process loses at most its own hit.
 */
#include "counter_file.h"
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "counter_calls.h"

enum { WRITERS = 16, HITS = 500, PATHS = 5 };

static const char *const PATH[PATHS] = {"/", "/a", "/b", "/c.html", "/some/longer/path.txt"};

/* Memory that is shared with children, filled with zeros. */
static void *share(size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	return shared;
}

static void expect_clean_exit(pid_t child)
{
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Marks each count that this writer gets. */
static int write_and_mark(unsigned writer, _Atomic unsigned char (*given)[WRITERS * HITS + 1])
{
	for (unsigned i = 0; i < HITS; i++) {
		unsigned path = (writer + i * i) % PATHS;
		struct counter_result result = hit(PATH[path]);
		if (result.error != NULL || result.count == 0 || result.count > WRITERS * HITS)
			return 1;
		given[path][result.count]++;
	}
	return 0;
}

static void test_concurrent_writers_get_each_count_once(void **state)
{
	_Atomic unsigned char(*given)[WRITERS * HITS + 1] = share(sizeof *given * PATHS);
	pid_t writers[WRITERS];
	uint64_t total = 0;
	(void)state;
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = fork_child();
		if (writers[i] == 0)
			_exit(write_and_mark(i, given));
	}
	for (unsigned i = 0; i < WRITERS; i++)
		expect_clean_exit(writers[i]);
	for (unsigned path = 0; path < PATHS; path++) {
		uint64_t sum = sum_of(PATH[path]);
		for (uint64_t count = 1; count <= WRITERS * HITS; count++)
			assert_int_equal(given[path][count], count <= sum ? 1 : 0);
		total += sum;
	}
	assert_int_equal(total, WRITERS * HITS);
	assert_int_equal(read_counts(NULL).records, PATHS);
	munmap(given, sizeof *given * PATHS);
}

/* Forks a child that takes the lock and releases it after a byte through *release. */
static pid_t hold_lock(int operation, int *release)
{
	int to_child[2], to_parent[2];
	char byte = 'x';
	assert_int_equal(pipe(to_child) + pipe(to_parent), 0);
	pid_t holder = fork_child();
	if (holder == 0) {
		int file = open(counter_file, O_RDWR | O_CLOEXEC);
		if (flock(file, operation) != 0 || write(to_parent[1], &byte, 1) != 1)
			_exit(1);
		_exit(read(to_child[0], &byte, 1) == 1 ? 0 : 1);
	}
	assert_int_equal(read(to_parent[0], &byte, 1), 1);
	close(to_child[0]);
	close(to_parent[0]);
	close(to_parent[1]);
	*release = to_child[1];
	return holder;
}

static int64_t milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void test_lock_of_a_stopped_process_costs_one_hit_after_the_wait(void **state)
{
	int release, status;
	sigset_t alarm;
	(void)state;
	expect_count("/", 1);
	/* As a parent process may have left it. */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &alarm, NULL), 0);
	pid_t holder = hold_lock(LOCK_EX, &release);
	assert_int_equal(kill(holder, SIGSTOP), 0);
	assert_int_equal(waitpid(holder, &status, WUNTRACED), holder);
	assert_true(WIFSTOPPED(status));

	const char *error;
	int file = counter_open(counter_file, &error);
	for (unsigned wait = 0; wait <= 60; wait += 30) {
		int64_t began = milliseconds();
		struct counter_result result = counter_add(file, "/", 1, wait);
		assert_string_equal(result.error, "hits-locked");
		assert_int_equal(result.count, 0);
		assert_true(milliseconds() - began >= (int64_t)wait - 1);
	}
	calls.locks_refused = 0;
	counter_add(file, "/", 1, 0);
	assert_int_equal(calls.locks_refused, 1);

	assert_int_equal(kill(holder, SIGKILL), 0);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	struct counter_result result = counter_add(file, "/", 1, 0);
	assert_null(result.error);
	assert_int_equal(result.count, 2);
	close(file);
	close(release);
}

static int releasing;

static void release_at_the_second_try(void)
{
	if (calls.locks_refused == 2)
		assert_int_equal(write(releasing, "x", 1), 1);
}

static void test_lock_that_is_held_briefly_is_waited_for(void **state)
{
	static const int KINDS[] = {LOCK_EX, LOCK_SH};
	const char *error;
	(void)state;
	expect_count("/", 1);
	int file = counter_open(counter_file, &error);
	for (unsigned i = 0; i < 2; i++) {
		pid_t holder = hold_lock(KINDS[i], &releasing);
		calls.locks_refused = 0;
		calls.locked = release_at_the_second_try;
		assert_int_equal(counter_add(file, "/", 1, 2000).count, i + 2);
		calls.locked = NULL;
		assert_in_range(calls.locks_refused, 2, 4);
		expect_clean_exit(holder);
		close(releasing);
	}
	close(file);
	/* A reader waits for a writer, but not for another reader. */
	pid_t holder = hold_lock(LOCK_EX, &releasing);
	calls.locks_refused = 0;
	calls.locked = release_at_the_second_try;
	assert_int_equal(sum_of("/"), 3);
	calls.locked = NULL;
	assert_in_range(calls.locks_refused, 2, 4);
	expect_clean_exit(holder);
	close(releasing);
	holder = hold_lock(LOCK_SH, &releasing);
	calls.locks_refused = 0;
	assert_int_equal(sum_of("/"), 3);
	assert_int_equal(calls.locks_refused, 0);
	assert_int_equal(write(releasing, "x", 1), 1);
	expect_clean_exit(holder);
	close(releasing);
}

static void test_lock_is_released_after_each_hit(void **state)
{
	const char *error;
	int first = counter_open(counter_file, &error);
	int second = counter_open(counter_file, &error);
	(void)state;
	for (uint64_t count = 1; count < 10; count += 2) {
		assert_int_equal(counter_add(first, "/", 1, 0).count, count);
		assert_int_equal(counter_add(second, "/", 1, 0).count, count + 1);
	}
	/* Also after a hit that is lost. */
	poke_number(bucket_of("/b"), 4);
	assert_string_equal(counter_add(first, "/b", 2, 0).error, "hits-damaged");
	assert_int_equal(counter_add(second, "/", 1, 0).count, 11);
	close(first);
	close(second);
}

/* Hits on each path that the writers know to be counted. */
struct counted {
	_Atomic unsigned long counts[PATHS];
};

/* Writes a byte to a pipe for each counted hit, so that the test can wait for some. */
static void write_until_killed(struct counted *counted, int pipe_end)
{
	for (unsigned i = 0;; i++) {
		unsigned path = (i * i + i / 7) % PATHS;
		if (hit(PATH[path]).error != NULL)
			_exit(1);
		counted->counts[path]++;
		if (write(pipe_end, "x", 1) != 1)
			_exit(1);
	}
}

static pid_t start_writer(struct counted *counted, int *progress)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t writer = fork_child();
	if (writer == 0)
		write_until_killed(counted, ends[1]);
	close(ends[1]);
	*progress = ends[0];
	return writer;
}

static void kill_after(unsigned hits, pid_t writer, int progress)
{
	int status;
	char byte;
	for (; hits > 0; hits--)
		assert_int_equal(read(progress, &byte, 1), 1);
	assert_int_equal(kill(writer, SIGKILL), 0);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_true(WIFSIGNALED(status));
	close(progress);
}

static void test_killed_writers_lose_at_most_their_own_hit(void **state)
{
	enum { ROUNDS = 40, AT_ONCE = 4 };
	struct counted *known = share(sizeof *known * ROUNDS * AT_ONCE);
	uint64_t known_hits = 0, hits = 0;
	unsigned random = 12345;
	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		pid_t writers[AT_ONCE];
		int progress[AT_ONCE];
		for (unsigned i = 0; i < AT_ONCE; i++)
			writers[i] = start_writer(&known[round * AT_ONCE + i], &progress[i]);
		for (unsigned i = 0; i < AT_ONCE; i++) {
			random = random * 1664525 + 1013904223;
			kill_after(random >> 26, writers[i], progress[i]);
		}
		assert_int_equal(read_counts(NULL).damaged, 0);
	}
	for (unsigned path = 0; path < PATHS; path++) {
		uint64_t sum = sum_of(PATH[path]), known_of_path = 0;
		for (unsigned i = 0; i < ROUNDS * AT_ONCE; i++)
			known_of_path += known[i].counts[path];
		assert_true(sum >= known_of_path);
		known_hits += known_of_path;
		hits += sum;
		expect_count(PATH[path], sum + 1);
	}
	assert_in_range(hits, known_hits, known_hits + ROUNDS * AT_ONCE);
	munmap(known, sizeof *known * ROUNDS * AT_ONCE);
}

static unsigned calls_until_death;

static void die_in_time(void)
{
	if (--calls_until_death == 0)
		kill(getpid(), SIGKILL);
}

/* Adds a hit in a child that is killed before a call. Returns whether it made so many calls. */
static bool hit_and_be_killed(const char *path, unsigned call)
{
	int status = -1;
	pid_t child = fork_child();
	if (child == 0) {
		calls_until_death = call;
		calls.before = die_in_time;
		_exit(hit(path).error == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || status == 0);
	return WIFSIGNALED(status);
}

/* Kills a hit on a path before each of its calls: the earlier hits stay counted. */
static void expect_no_loss_by_kills(const char *path, unsigned known, unsigned least_calls)
{
	unsigned call = 1;
	for (bool killed = true; killed; call++) {
		unlink(counter_file);
		for (unsigned i = 0; known > 0 && i < PATHS; i++)
			expect_count(PATH[i], 1);
		for (unsigned i = 0; i < known; i++)
			expect_count(path, i + 1);
		killed = hit_and_be_killed(path, call);
		assert_in_range(call, 1, 30);
		struct reading all = read_counts(NULL);
		uint64_t now = sum_of(path);
		assert_int_equal(all.damaged, 0);
		assert_in_range(now, killed ? known : known + 1, known + 1);
		assert_int_equal(all.sum, now + (known > 0 ? PATHS : 0));
		expect_count(path, now + 1);
		assert_int_equal(read_counts(NULL).sum, all.sum + 1);
		for (unsigned i = 0; known > 0 && i < PATHS; i++)
			expect_count(PATH[i], 2);
	}
	assert_in_range(call, least_calls + 1, 30);
}

static void test_kill_at_each_call_of_a_known_resource_loses_one_hit(void **state)
{
	(void)state;
	expect_no_loss_by_kills("/known", 3, 5);
}

static void test_kill_at_each_call_of_a_new_file_loses_one_hit(void **state)
{
	(void)state;
	expect_no_loss_by_kills("/first", 0, 9);
}

static void test_kill_at_each_call_of_a_new_resource_loses_one_hit(void **state)
{
	(void)state;
	for (unsigned call = 1; call <= 7; call++) {
		char path[24];
		uint64_t sum_before = call == 1 ? 0 : read_counts(NULL).sum;
		expect_count("/", call);
		snprintf(path, sizeof path, "/%u", call);
		assert_int_equal(hit_and_be_killed(path, call), call <= 6);
		uint64_t now = sum_of(path);
		assert_int_equal(now, call <= 5 ? 0 : 1);
		assert_int_equal(read_counts(NULL).damaged, 0);
		assert_int_equal(read_counts(NULL).sum, sum_before + 1 + now);
		expect_count(path, now + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CALLS(test_concurrent_writers_get_each_count_once),
	    WITH_CALLS(test_lock_of_a_stopped_process_costs_one_hit_after_the_wait),
	    WITH_CALLS(test_lock_that_is_held_briefly_is_waited_for),
	    WITH_CALLS(test_lock_is_released_after_each_hit),
	    WITH_CALLS(test_killed_writers_lose_at_most_their_own_hit),
	    WITH_CALLS(test_kill_at_each_call_of_a_known_resource_loses_one_hit),
	    WITH_CALLS(test_kill_at_each_call_of_a_new_file_loses_one_hit),
	    WITH_CALLS(test_kill_at_each_call_of_a_new_resource_loses_one_hit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
