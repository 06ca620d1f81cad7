/*
 * The commands that read or write counts, while each call of the C library fails in turn, or all from one on: each prints what
 * it prints without the failure, or an error, and no hit is lost.
 */
#include "counter_file.h"
#include "mayflyctl/history.h"
#include "mayflyctl/hits_file.h"
#include "open_2.h"
#include "run_command.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <ftw.h>
#include <json-c/json.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

enum { DAY = 86400, NAME_SIZE = 512 };

/* 2026-11-27 12:00:00 UTC */
static const time_t NOON = 1795780800;

/* --- The system. --- */

static struct {
	unsigned failing; /* which call fails, counted from 1; 0: none */
	bool is_lasting;  /* and all after it */
	bool is_empty;    /* a failing pread returns nothing */
	bool is_removed;  /* only openings of entries of a history fail: there are none any more */
	bool is_terminal;
	uid_t user; /* 0: the present one */
	time_t now;
} machine;

static unsigned *calls; /* so far, shared with the commands */

/* Commands write nothing any more: what counts branches must work. */
static void end_failures(void)
{
	machine.failing = 0;
}

static bool must_fail(int error)
{
	if (machine.failing == 0 || machine.is_removed != (error == ENOENT))
		return false;
	++*calls;
	bool fails = *calls == machine.failing || (machine.is_lasting && *calls > machine.failing);
	if (fails)
		errno = error;
	return fails;
}

/* The program's, in place of the C library's. */
time_t time(time_t *result)
{
	if (result != NULL)
		*result = machine.now;
	return machine.now;
}

int open(const char *name, int flags, ...)
{
	return must_fail(EIO) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, name, flags, 0600);
}

int openat(int directory, const char *name, int flags, ...)
{
	return must_fail(EIO) || ((flags & O_NOCTTY) != 0 && must_fail(ENOENT))
	           ? -1
	           : (int)syscall(SYS_openat, directory, name, flags, 0600);
}

int isatty(int file)
{
	(void)file;
	return machine.is_terminal;
}

uid_t geteuid(void)
{
	return machine.user != 0 ? machine.user : (uid_t)syscall(SYS_geteuid);
}

struct passwd *getpwuid(uid_t user)
{
	(void)user;
	return NULL;
}

int mkdirat(int directory, const char *name, mode_t mode)
{
	return must_fail(EIO) ? -1 : (int)syscall(SYS_mkdirat, directory, name, mode);
}

int unlinkat(int directory, const char *name, int flags)
{
	return must_fail(EIO) ? -1 : (int)syscall(SYS_unlinkat, directory, name, flags);
}

int renameat(int from, const char *name, int to, const char *new_name)
{
	return must_fail(EIO) ? -1 : (int)syscall(SYS_renameat2, from, name, to, new_name, 0);
}

int access(const char *name, int mode)
{
	if (strstr(name, "/log/journal/") != NULL) {
		errno = ENOENT; /* what this user may read of the journal must not matter */
		return -1;
	}
	return must_fail(EIO) ? -1 : (int)syscall(SYS_faccessat, AT_FDCWD, name, mode);
}

int fstat(int file, struct stat *status)
{
	return must_fail(EIO) ? -1 : fstatat(file, "", status, AT_EMPTY_PATH);
}

int stat(const char *name, struct stat *status)
{
	return must_fail(EIO) ? -1 : fstatat(AT_FDCWD, name, status, 0);
}

int fchmod(int file, mode_t mode)
{
	return must_fail(EIO) ? -1 : (int)syscall(SYS_fchmod, file, mode);
}

int fsync(int file)
{
	return must_fail(EIO) ? -1 : (int)syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
	return must_fail(EIO) ? -1 : (int)syscall(SYS_fdatasync, file);
}

int ftruncate(int file, off_t size)
{
	return must_fail(ENOSPC) ? -1 : (int)syscall(SYS_ftruncate, file, size);
}

int flock(int file, int operation)
{
	return must_fail(ENOLCK) ? -1 : (int)syscall(SYS_flock, file, operation);
}

off_t lseek(int file, off_t offset, int from)
{
	return must_fail(EIO) ? -1 : syscall(SYS_lseek, file, offset, from);
}

ssize_t pread(int file, void *bytes, size_t length, off_t offset)
{
	if (must_fail(EIO))
		return machine.is_empty ? 0 : -1;
	return syscall(SYS_pread64, file, bytes, length, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset)
{
	return must_fail(ENOSPC) ? -1 : syscall(SYS_pwrite64, file, bytes, length, offset);
}

int sd_journal_open_namespace(sd_journal **journal, const char *name, int flags)
{
	(void)journal;
	(void)name;
	(void)flags;
	return -ENOENT;
}

int sd_booted(void)
{
	return 0;
}

/* Sets *function to that of the C library. */
static void find_original(const char *name, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);
	assert_non_null(found);
	memcpy(function, &found, sizeof found);
}

FILE *fdopen(int file, const char *mode)
{
	static FILE *(*original)(int, const char *);
	if (original == NULL)
		find_original("fdopen", &original);
	return must_fail(ENOMEM) ? NULL : original(file, mode);
}

DIR *fdopendir(int file)
{
	static DIR *(*original)(int);
	if (original == NULL)
		find_original("fdopendir", &original);
	return must_fail(ENOMEM) ? NULL : original(file);
}

struct dirent *readdir(DIR *directory)
{
	static struct dirent *(*original)(DIR *);
	if (original == NULL)
		find_original("readdir", &original);
	return must_fail(EIO) ? NULL : original(directory);
}

#ifndef __SANITIZE_ADDRESS__ /* it has functions of its own */
/* Only large blocks, of lists of counts, are missing. */
void *malloc(size_t size)
{
	bool is_large = size > 1 << 20;
	return is_large && must_fail(ENOMEM) ? NULL : aligned_alloc(16, (size + 15) / 16 * 16);
}

void *reallocarray(void *array, size_t count, size_t size)
{
	return must_fail(ENOMEM) ? NULL : realloc(array, count * size);
}
#endif

/* --- Commands. --- */

static const struct command *const COMMANDS[] = {&command_hits, &command_report, NULL};

#define RUN_COMMAND(...)                                                                           \
	run_command(COMMANDS, NULL, (const char *const[]){"mayflyctl", __VA_ARGS__, NULL})

static char other_file[NAME_SIZE], saved_file[NAME_SIZE], robots_file[NAME_SIZE],
    kept_directory[NAME_SIZE];

static int remove_entry(const char *name, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	return place->level > 0 ? remove(name) : 0;
}

static void empty_directory(const char *name)
{
	assert_int_equal(nftw(name, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Holes stay holes. */
static void copy_file(const char *from_name, const char *to_name)
{
	static char bytes[1 << 16];
	struct stat status;
	int from = open(from_name, O_RDONLY | O_CLOEXEC);
	int to = open(to_name, O_WRONLY | O_CREAT | O_CLOEXEC);
	assert_true(from >= 0 && to >= 0);
	assert_int_equal(fstat(from, &status), 0);
	assert_int_equal(ftruncate(to, status.st_size), 0);
	for (off_t offset = 0; (offset = lseek(from, offset, SEEK_DATA)) >= 0;) {
		ssize_t length = pread(from, bytes, sizeof bytes, offset);
		assert_true(length > 0);
		assert_int_equal(pwrite(to, bytes, (size_t)length, offset), length);
		offset += length;
	}
	(void)close(from);
	(void)close(to);
}

/* A counter file with the hits of two days and of today, and another one. */
static void make_files(void)
{
	machine.now = NOON;
	hit_times("/a.html", 3);
	assert_int_equal(RUN_COMMAND("hits", "snapshot", "--hits", counter_file), 0);
	machine.now += DAY;
	hit_times("/a.html", 2);
	hit_times("/b.html", 4);
	assert_int_equal(RUN_COMMAND("hits", "export", "--hits", counter_file, saved_file), 0);
	assert_int_equal(RUN_COMMAND("hits", "snapshot", "--hits", counter_file), 0);
	assert_int_equal(RUN_COMMAND("hits", "import", "--hits", other_file, saved_file), 0);
	machine.now += DAY;
	hit_times("/c.html", 1);
	(void)snprintf(robots_file, sizeof robots_file, "%s/robots", counter_directory);
	copy_file(other_file, robots_file);
}

static int copy_entry(const char *name, const struct stat *status, int kind, struct FTW *place)
{
	char copy[2 * NAME_SIZE];
	(void)status;
	(void)snprintf(copy, sizeof copy, "%s%s", counter_directory, name + strlen(kept_directory));
	if (kind != FTW_D)
		copy_file(name, copy);
	return kind == FTW_D && place->level > 0 ? mkdirat(AT_FDCWD, copy, 0700) : 0;
}

/* Makes the files what they were at the beginning of the test. */
static void restore_files(void)
{
	empty_directory(counter_directory);
	assert_int_equal(nftw(kept_directory, copy_entry, 8, FTW_PHYS), 0);
}

static int begin(void **state)
{
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	memset(&machine, 0, sizeof machine);
	if (make_directory(state) != 0)
		return -1;
	(void)snprintf(other_file, sizeof other_file, "%s/other", counter_directory);
	(void)snprintf(saved_file, sizeof saved_file, "%s/saved", counter_directory);
	make_files();
	/* Each case begins with a copy. */
	(void)snprintf(kept_directory, sizeof kept_directory, "%s-kept", counter_directory);
	if (rename(counter_directory, kept_directory) != 0 ||
	    mkdirat(AT_FDCWD, counter_directory, 0700) != 0)
		return -1;
	restore_files();
	return 0;
}

static int end(void **state)
{
	(void)state;
	empty_directory(counter_directory);
	empty_directory(kept_directory);
	return rmdir(counter_directory) | rmdir(kept_directory);
}

/*
 * The next call to fail, after this one; `part` leaves out some of many, FAILING_CALLS=few more of them. Sanitizers make each
 * process slow.
 */
static unsigned next_failing(unsigned failing, unsigned part)
{
	const char *calls_to_try = getenv("FAILING_CALLS");
	if (calls_to_try != NULL && strcmp(calls_to_try, "few") == 0)
		part = 4;
#ifdef __SANITIZE_ADDRESS__
	part = 2;
#endif
	return failing + 1 + failing / part;
}

/* Runs the command with a failing call. Returns its exit status. `what` describes the call. */
static int run_failing(unsigned failing, bool is_lasting, const char *const *arguments,
                       char what[static 64])
{
	(void)snprintf(what, 64, "call %u%s", failing, is_lasting ? " and all after it" : "");
	*calls = 0;
	machine.failing = failing;
	machine.is_lasting = is_lasting;
	int status = run_command(COMMANDS, NULL, arguments);
	machine.failing = 0;
	return status;
}

/* Whether the page of a report, which is always printed, has an error. */
static bool page_has_error(void)
{
	static const char *const ERRORS[] = {"Input/output error",
	                                     "out of memory",
	                                     "cannot be ",
	                                     "cannot open",
	                                     "damaged or unreadable",
	                                     "locked by ",
	                                     "Cannot allocate memory",
	                                     "No locks available"};
	bool has_error = strstr(run_out, "\"damaged\":1") != NULL;
	for (size_t i = 0; i < sizeof ERRORS / sizeof ERRORS[0]; i++)
		has_error = has_error || strstr(run_out, ERRORS[i]) != NULL;
	return has_error;
}

/* A command that changes nothing prints all it prints without a failure, or an error. */
static void expect_complete(const char *const *arguments)
{
	static char good[sizeof run_out];
	char what[64];
	assert_int_equal(run_command(COMMANDS, NULL, arguments), 0);
	memcpy(good, run_out, sizeof good);
	for (int is_lasting = 0; is_lasting < 2; is_lasting++) {
		unsigned failing = 0;
		do {
			failing = next_failing(failing, UINT_MAX);
			int status = run_failing(failing, is_lasting != 0, arguments, what);
			if (machine.is_removed && is_lasting == 0)
				assert_int_equal(status, 0);
			bool has_error = strstr(run_err, "mayflyctl: ") != NULL;
			if (status == 0 ? strcmp(run_out, good) != 0 && !page_has_error()
			                : status != 1 || !has_error)
				fail_msg("%s: %s: exit status %d, \"%s\", \"%.600s\"", arguments[2],
				         what, status, run_err, run_out);
		} while (*calls >= failing);
		assert_string_equal(run_out, good);
		assert_true(failing > (machine.is_removed ? 2 : 10));
	}
}

#define EXPECT_COMPLETE(...) expect_complete((const char *const[]){"mayflyctl", __VA_ARGS__, NULL})

static void test_lists_are_complete_or_an_error(void **state)
{
	(void)state;
	EXPECT_COMPLETE("hits", "--hits", counter_file);
	EXPECT_COMPLETE("hits", "--hits", counter_file, "--by-host", "--json");
	EXPECT_COMPLETE("hits", "--hits", counter_file, "--by", "day");
	EXPECT_COMPLETE("hits", "--hits", counter_file, "--by", "day", "/a*");
}

static void test_exports_are_complete_or_an_error(void **state)
{
	(void)state;
	EXPECT_COMPLETE("hits", "export", "--hits", counter_file, "-");
	EXPECT_COMPLETE("hits", "export", "--hits", counter_file, saved_file);
}

static void test_reports_are_complete_or_have_an_error(void **state)
{
	(void)state;
	EXPECT_COMPLETE("report", "--hits", counter_file, "--json", "--since", "2026-11-27");
	EXPECT_COMPLETE("report", "--hits", counter_file, "--since", "2026-11-27");
}

static void test_history_that_changes_is_read_again(void **state)
{
	(void)state;
	machine.is_removed = true;
	EXPECT_COMPLETE("hits", "--hits", counter_file, "--by", "day");
}

static void test_day_without_hits_has_no_bar(void **state)
{
	(void)state;
	assert_int_equal(RUN_COMMAND("hits", "snapshot", "--hits", counter_file), 0);
	machine.now += DAY;
	assert_int_equal(RUN_COMMAND("hits", "snapshot", "--hits", counter_file), 0);
	machine.is_terminal = true;
	assert_int_equal(RUN_COMMAND("hits", "--hits", counter_file, "--by", "day"), 0);
	expect_in(run_out, "\n2026-11-30                   0\n10 hits\n");
}

/* Expects that a command fails and prints this. */
#define EXPECT_ERROR(status, part, ...)                                                            \
	do {                                                                                       \
		assert_int_equal(RUN_COMMAND(__VA_ARGS__), status);                                \
		expect_in(run_err, part);                                                          \
	} while (0)

static void test_names_that_are_refused(void **state)
{
	static char longest[PATH_MAX + 1];
	(void)state;
	memset(longest, 'a', sizeof longest - 1);
	EXPECT_ERROR(1, ": File name too long", "hits", "export", "--hits", longest, "-");
	EXPECT_ERROR(1, ": File name too long", "hits", "import", "--hits", longest, "-");
	EXPECT_ERROR(1, ": File name too long", "hits", "merge", "--hits", longest, other_file);
	EXPECT_ERROR(1, ": File name too long", "hits", "reset", "--hits", longest, "--yes");
	EXPECT_ERROR(1, ": File name too long", "hits", "snapshot", "--hits", longest);
	longest[PATH_MAX - 1] = '\0';
	EXPECT_ERROR(1, ": File name too long", "hits", "snapshot", "--hits", longest);
	EXPECT_ERROR(1, "the counter file has no directory", "hits", "snapshot", "--hits",
	             "/nowhere/hits");
	EXPECT_ERROR(1, "named twice", "hits", "merge", "--hits", counter_file, other_file,
	             other_file, saved_file);
	EXPECT_ERROR(1, "not a counter file", "hits", "merge", "--hits", counter_file, saved_file,
	             other_file);
	assert_int_equal(RUN_COMMAND("hits", "snapshot", "--hits", robots_file), 0);
	expect_in(run_out, "Recorded 9 hits ");
	EXPECT_ERROR(EXIT_USAGE, "--by excludes", "hits", "--by", "day", "--by-host");
	EXPECT_ERROR(EXIT_USAGE, "--by excludes", "hits", "--by", "day", "--sort", "path");
	EXPECT_ERROR(EXIT_USAGE, "--by excludes", "hits", "--by", "day", "--top", "3");
	EXPECT_ERROR(EXIT_USAGE, "--by excludes", "hits", "--by", "day", "--format", "openmetrics");
	assert_int_equal(
	    RUN_COMMAND("hits", "--hits", counter_file, "--robots", "--format", "openmetrics"), 0);
	expect_in(run_out, "mayfly_robot_resource_hits_total{path=\"/a.html\"} 5\n");
}

static void write_text(const char *name, const char *text)
{
	FILE *file = fopen(name, "a");
	assert_non_null(file);
	(void)fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void test_history_of_another_user_or_form_is_refused(void **state)
{
	char name[2 * NAME_SIZE];
	(void)state;
	machine.user = 54321;
	EXPECT_ERROR(1, "history: belongs to another user, who must take the snapshots", "hits",
	             "snapshot", "--hits", counter_file);
	EXPECT_ERROR(1, ": belongs to another user, who must take the snapshots", "hits",
	             "snapshot", "--hits", other_file);
	machine.user = 0;
	(void)snprintf(name, sizeof name, "%s/history/.staged", counter_directory);
	write_text(name, "");
	EXPECT_ERROR(1, "/.staged: Not a directory; nothing was changed", "hits", "import",
	             "--replace", "--hits", counter_file, saved_file);
	(void)snprintf(name, sizeof name, "%s/history/earlier", counter_directory);
	write_text(name, "more\n");
	EXPECT_ERROR(1, "data after the end marker", "hits", "snapshot", "--hits", counter_file);
	write_text(saved_file, "more\n");
	EXPECT_ERROR(1, "data after the end marker; nothing was added", "hits", "import", "--hits",
	             other_file, saved_file);
	(void)unlinkat(AT_FDCWD, saved_file, 0);
	write_text(saved_file, "mayfly-hits 1\n# exported yesterday\nend\t0\n");
	EXPECT_ERROR(1, "the time is not a number of seconds; nothing was added", "hits", "import",
	             "--hits", other_file, saved_file);
}

static void test_impossible_counts_are_left_out(void **state)
{
	(void)state;
	hit_times("/c.html", UINT64_C(2000000000000000));
	assert_int_equal(RUN_COMMAND("hits", "snapshot", "--hits", counter_file), 0);
	expect_in(run_err, "hits: left out 1 impossible counts, above 10^15; reset them");
}

static void test_report_of_counters_without_hits(void **state)
{
	const char *error;
	(void)state;
	empty_directory(counter_directory);
	(void)close(counter_open(counter_file, &error));
	(void)close(counter_open(robots_file, &error));
	assert_int_equal(RUN_COMMAND("hits", "snapshot", "--hits", counter_file), 0);
	assert_int_equal(RUN_COMMAND("report", "--hits", counter_file), 0);
	expect_in(run_out, "</td><td class=\"n\">0</td><td class=\"b\"><svg");
	expect_in(run_out, "<rect width=\"0.0\"");
	expect_in(run_out, "<dt>hits of robots</dt><dd>0 (0%)</dd>");
}

/* Damages the first record, of /a.html. */
static void damage_file(const char *name)
{
	static const char BYTES[] = "damaged";
	int file = open(name, O_WRONLY | O_CLOEXEC);
	assert_true(pwrite(file, BYTES, sizeof BYTES, COUNTER_RECORDS + 20) == sizeof BYTES);
	(void)close(file);
}

static void test_damaged_counts_of_robots_are_an_error(void **state)
{
	(void)state;
	damage_file(robots_file);
	assert_int_equal(RUN_COMMAND("hits", "--hits", counter_file), 1);
	expect_in(run_out, "/a.html");
	expect_in(run_err, "robots: damaged or unreadable; run \"mayflyctl hits verify --hits ");
	assert_int_equal(RUN_COMMAND("report", "--hits", counter_file), 0);
	expect_in(run_out, "robots: damaged or unreadable");
	assert_int_equal(RUN_COMMAND("report", "--hits", counter_file, "--json"), 0);
	expect_in(run_out, "\"robots_error\":\"damaged or unreadable\"");
}

/* --- Commands that write. --- */

struct sums {
	uint64_t hits, dropped;
};

static void add_sum(void *sum, const char *path, size_t path_length, uint64_t count)
{
	(void)path;
	(void)path_length;
	*(uint64_t *)sum += count;
}

/* After a snapshot, the periods of the history add up to the counts of the file. */
static void expect_balance(const char *what)
{
	struct sums sums = {0, 0};
	struct history history;
	struct counts counts = {0};
	uint64_t damaged = 0;
	const struct history_visitor visitor = {.sink = {.hits = add_sum,
	                                                 .hits_context = &sums.hits,
	                                                 .dropped = add_sum,
	                                                 .dropped_context = &sums.dropped}};
	if (RUN_COMMAND("hits", "snapshot", "--hits", counter_file) != 0)
		fail_msg("%s: %s", what, run_err);
	assert_null(history_open(&history, counter_file, HISTORY_READ));
	const char *problem = history_read(&history, &visitor);
	if (problem != NULL)
		fail_msg("%s: %s", what, problem);
	history_close(&history);
	assert_null(hits_file_load(counter_file, &counts, &damaged));
	assert_int_equal(damaged, 0);
	if (sums.hits - sums.dropped != counts.total)
		fail_msg("%s: %ju hits and %ju dropped ones in the history, %ju in the file", what,
		         (uintmax_t)sums.hits, (uintmax_t)sums.dropped, (uintmax_t)counts.total);
	counts_free(&counts);
}

static uint64_t total_of_file(void)
{
	return sum_of(NULL);
}

/* The total of hits becomes `after`, or a command fails; then it may be anything in between, but each count is valid. */
static void expect_no_loss(uint64_t after, const char *const *arguments)
{
	char what[64];
	for (int is_lasting = 0; is_lasting < 2; is_lasting++) {
		unsigned failing = 0, made;
		do {
			restore_files();
			failing = next_failing(failing, UINT_MAX);
			int status = run_failing(failing, is_lasting != 0, arguments, what);
			made = *calls;
			if (status != 0 && (status != 1 || strstr(run_err, "mayflyctl: ") == NULL))
				fail_msg("%s: exit status %d, \"%s\"", what, status, run_err);
			if (status == 0 && total_of_file() != after)
				fail_msg("%s: %ju hits in the file", what,
				         (uintmax_t)total_of_file());
			expect_balance(what);
			if (status == 0) {
				/* The command has recorded it. */
				expect_in(run_out, "Recorded 0 hits ");
				expect_not_in(run_err, "less than at the last snapshot");
			}
		} while (made >= failing);
		assert_true(failing > 20);
	}
}

#define EXPECT_NO_LOSS(after, ...)                                                                 \
	expect_no_loss(after, (const char *const[]){"mayflyctl", __VA_ARGS__, NULL})

static void test_failed_snapshot_loses_nothing(void **state)
{
	(void)state;
	EXPECT_NO_LOSS(10, "hits", "snapshot", "--hits", counter_file);
}

static void test_failed_import_loses_nothing(void **state)
{
	(void)state;
	EXPECT_NO_LOSS(19, "hits", "import", "--hits", counter_file, saved_file);
}

static void test_failed_replacement_loses_nothing(void **state)
{
	(void)state;
	EXPECT_NO_LOSS(9, "hits", "import", "--replace", "--hits", counter_file, saved_file);
}

static void test_failed_merge_loses_nothing(void **state)
{
	(void)state;
	EXPECT_NO_LOSS(19, "hits", "merge", "--hits", counter_file, other_file);
}

static void test_failed_reset_drops_only_what_it_records(void **state)
{
	(void)state;
	EXPECT_NO_LOSS(5, "hits", "reset", "--yes", "--hits", counter_file, "/a*");
}

/*
 * A repair that fails can be repeated, and no good record is lost. It makes thousands of calls, of which the later ones
 * are much alike: fewer of them are tried.
 */
static void expect_repair(bool is_lasting, const char *const *arguments)
{
	char what[64];
	unsigned failing = 0, made;
	do {
		restore_files();
		damage_file(counter_file);
		failing = next_failing(failing, 8);
		int status = run_failing(failing, is_lasting, arguments, what);
		made = *calls;
		bool has_error =
		    strstr(run_err, "mayflyctl: ") != NULL || strstr(run_out, "fault") != NULL;
		if (status != 0 && (status != 1 || !has_error))
			fail_msg("%s: exit status %d, \"%s\"", what, status, run_err);
		struct json_object *object = json_tokener_parse(run_out);
		if (*run_out == '{' && object == NULL)
			fail_msg("%s: \"%.600s\"", what, run_out);
		json_object_put(object);
		if (RUN_COMMAND("hits", "verify", "--repair", "--hits", counter_file) != 0)
			fail_msg("%s: then \"%.600s\", \"%s\"", what, run_out, run_err);
		if (status == 0)
			expect_in(run_out, "nothing damaged");
		assert_int_equal(sum_of("/b.html"), 4);
		assert_int_equal(sum_of("/c.html"), 1);
	} while (made >= failing);
	assert_true(failing > 20);
}

static void test_failed_repair_can_be_repeated(void **state)
{
	const char *const arguments[] = {"mayflyctl", "hits",       "verify", "--repair",
	                                 "--hits",    counter_file, "--json", NULL};
	(void)state;
	expect_repair(false, arguments);
	expect_repair(true, arguments);
	machine.is_empty = true;
	expect_repair(false, arguments);
}

static void test_repair_keeps_at_most_99_copies(void **state)
{
	char name[2 * NAME_SIZE];
	(void)state;
	damage_file(counter_file);
	for (int i = 1; i <= 99; i++) {
		int length =
		    snprintf(name, sizeof name, "%s.damaged-20261129T120000", counter_file);
		if (i > 1)
			(void)snprintf(name + length, sizeof name - (size_t)length, "-%d", i);
		write_text(name, "");
	}
	EXPECT_ERROR(1, "cannot create a copy next to it: File exists", "hits", "verify",
	             "--repair", "--hits", counter_file);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(RUN_COMMAND("hits", "verify", "--repair", "--hits", counter_file), 0);
	expect_in(run_out, "the damaged file is kept as ");
	expect_in(run_out, "-99\n");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_lists_are_complete_or_an_error),
	    TEST(test_exports_are_complete_or_an_error),
	    TEST(test_reports_are_complete_or_have_an_error),
	    TEST(test_history_that_changes_is_read_again),
	    TEST(test_day_without_hits_has_no_bar),
	    TEST(test_names_that_are_refused),
	    TEST(test_history_of_another_user_or_form_is_refused),
	    TEST(test_impossible_counts_are_left_out),
	    TEST(test_report_of_counters_without_hits),
	    TEST(test_damaged_counts_of_robots_are_an_error),
	    TEST(test_failed_snapshot_loses_nothing),
	    TEST(test_failed_import_loses_nothing),
	    TEST(test_failed_replacement_loses_nothing),
	    TEST(test_failed_merge_loses_nothing),
	    TEST(test_failed_repair_can_be_repeated),
	    TEST(test_repair_keeps_at_most_99_copies),
	    TEST(test_failed_reset_drops_only_what_it_records),
	};
	calls =
	    mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (calls == MAP_FAILED || setenv("TZ", "UTC", 1) != 0 || atexit(end_failures) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
