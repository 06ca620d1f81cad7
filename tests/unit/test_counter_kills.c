/*
 * 32 writers of one counter file; every few milliseconds one of them is killed at a random moment and
 * replaced, for KILL_SECONDS (default 3).
 */
#include "counter/verify.h"
#include "counter_file.h"
#include <sys/mman.h>
#include <time.h>

enum { WRITERS = 32, PATHS = 40, PATH_SIZE = 24 };

/* Hits that writers began and that were counted, for each path. If a writer was killed, the hit that
 * it had begun may have been counted. */
struct tally {
	_Atomic unsigned long begun[PATHS], counted[PATHS];
	_Atomic unsigned long lost;
};

static void path_of(unsigned number, char *path)
{
	snprintf(path, PATH_SIZE, "/%0*u.html", (int)(number % 10), number);
}

static void write_until_killed(struct tally *tally, unsigned seed)
{
	char path[PATH_SIZE];
	for (;;) {
		seed = seed * 1664525 + 1013904223;
		unsigned number = (seed >> 16) % PATHS;
		path_of(number, path);
		tally->begun[number]++;
		if (hit(path).error == NULL)
			tally->counted[number]++;
		else
			tally->lost++;
		nanosleep(&(struct timespec){0, (seed >> 8) % 8000000}, NULL);
	}
}

static pid_t start_writer(struct tally *tally, unsigned seed)
{
	pid_t writer = fork_child();
	if (writer == 0)
		write_until_killed(tally, seed);
	assert_true(writer > 0);
	return writer;
}

static void end_writer(pid_t writer)
{
	int status;
	assert_int_equal(kill(writer, SIGKILL), 0);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static unsigned seconds_of_killing(void)
{
	const char *seconds = getenv("KILL_SECONDS");
	return seconds != NULL ? (unsigned)strtoul(seconds, NULL, 10) : 3;
}

/* Returns the number of killed writers. */
static unsigned kill_at_random(struct tally *tally, unsigned seconds)
{
	pid_t writers[WRITERS];
	unsigned seed = 0, killed = 0;
	for (; seed < WRITERS; seed++)
		writers[seed] = start_writer(tally, seed);
	for (time_t end = time(NULL) + seconds; time(NULL) < end; killed++) {
		nanosleep(&(struct timespec){0, 1000000 + seed * 7919 % 6000000}, NULL);
		unsigned writer = seed * 2654435761 >> 16 & (WRITERS - 1);
		end_writer(writers[writer]);
		writers[writer] = start_writer(tally, seed++);
	}
	for (unsigned i = 0; i < WRITERS; i++)
		end_writer(writers[i]);
	return killed;
}

static void expect_no_fault(void *context, const struct counter_fault *fault)
{
	(void)context;
	fail_msg("fault %d at %llu", fault->kind, (unsigned long long)fault->offset);
}

static void test_writers_killed_at_random_lose_at_most_their_own_hit(void **state)
{
	struct tally *tally =
	    mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long begun = 0, counted = 0;
	struct counter_verify_result result;
	char path[PATH_SIZE];
	(void)state;
	assert_true(tally != MAP_FAILED);
	unsigned killed = kill_at_random(tally, seconds_of_killing());
	for (unsigned i = 0; i < PATHS; i++) {
		path_of(i, path);
		assert_in_range(sum_of(path), tally->counted[i], tally->begun[i]);
		assert_true(read_counts(path).records <= 1);
		begun += tally->begun[i];
		counted += tally->counted[i];
	}
	print_message("# %u killed; %lu hits counted for certain, %lu begun\n", killed, counted,
	              begun);
	assert_int_equal(tally->lost, 0);
	assert_true(killed > 0 && counted > killed);
	/* A killed writer had begun one hit at most. */
	assert_in_range(begun - counted, 0, killed + WRITERS);

	int file = open(counter_file, O_RDONLY | O_CLOEXEC);
	assert_null(counter_verify(file, expect_no_fault, NULL, &result));
	assert_int_equal(result.faults, 0);
	/* A writer that was killed before it linked its record leaves a record without a link. */
	assert_in_range(result.records, PATHS, PATHS + killed);
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_DIRECTORY(test_writers_killed_at_random_lose_at_most_their_own_hit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
