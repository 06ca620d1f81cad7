/*
 * mayflyctl log and report with a journal of the test's own: each call of libsystemd that can fail fails, which is an
 * error or stands on the page; and journals that no test machine has.
 */
#include "mayflyctl/journal.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "run_command.h"

/* 2026-11-27 12:00:00 UTC: the time of the first entry. The next ones follow, one per second. */
#define NOON UINT64_C(1795780800)

enum { ENTRIES_MAX = 5000, FIELDS = 8, MAIN_USER = 400, BLOG_USER = 401 };

/* --- The system. --- */

static struct {
	size_t entries;  /* in the journal */
	size_t position; /* of the current entry, counted from 1 */
	size_t field;
	bool is_between; /* that one and the next */
	bool has_files, is_terminal, is_watched;
	bool has_scanner; /* each request is of another missing page */
	bool is_odd;      /* entries are earlier, of no site, and have no valid status */
	bool has_persistent_files;
	int access_error; /* of the system's journal */
	int poll_errors;  /* how many calls of poll(2) fail */
	int poll_errno;
	size_t followed; /* how many entries arrive, one per call of poll(2) */
	uint64_t deadline_us;
	unsigned failing; /* which call of libsystemd fails, counted from 1 */
} machine;

static unsigned *calls; /* of libsystemd so far, shared with the commands */

static int reset_machine(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	machine.entries = 4;
	machine.has_files = true;
	machine.access_error = ENOENT;
	machine.deadline_us = UINT64_MAX;
	return 0;
}

/* Returns a negative errno if this call fails, else `result`. */
static int call(int result)
{
	return ++*calls == machine.failing ? -EIO : result;
}

/* The program's, in place of those of other libraries. */
int sd_booted(void)
{
	return 0;
}

int access(const char *name, int mode)
{
	(void)name;
	(void)mode;
	errno = machine.access_error;
	return machine.access_error == 0 ? 0 : -1;
}

int isatty(int file)
{
	(void)file;
	return machine.is_terminal;
}

int poll(struct pollfd *files, nfds_t count, int timeout_ms)
{
	assert_int_equal(count, 2);
	assert_int_equal(timeout_ms, machine.deadline_us == UINT64_MAX ? -1 : 1000);
	files[1].revents = 0;
	if (machine.poll_errors > 0) {
		machine.poll_errors--;
		errno = machine.poll_errno;
		return -1;
	}
	if (machine.followed == 0)
		files[1].revents = POLLERR; /* nothing reads standard output any more */
	else
		machine.entries++, machine.followed--;
	return 1;
}

struct passwd *fgetpwent(FILE *file)
{
	static struct passwd users[] = {
	    {.pw_name = (char *)"mayfly", .pw_uid = MAIN_USER},
	    {.pw_name = (char *)"mayfly-blog", .pw_uid = BLOG_USER},
	    {.pw_name = (char *)"mayfly-person", .pw_uid = 1000},
	    {.pw_name = (char *)"root", .pw_uid = 0},
	};
	static size_t next;
	(void)file;
	return next < sizeof users / sizeof users[0] ? &users[next++] : NULL;
}

int sd_id128_get_machine(sd_id128_t *id)
{
	memset(id, 7, sizeof *id);
	return 0;
}

int sd_journal_open_namespace(sd_journal **journal, const char *name, int flags)
{
	(void)name;
	(void)flags;
	*journal = (sd_journal *)&machine;
	return call(0);
}

void sd_journal_close(sd_journal *journal)
{
	(void)journal;
}

int sd_journal_has_persistent_files(sd_journal *journal)
{
	(void)journal;
	return machine.has_persistent_files;
}

int sd_journal_has_runtime_files(sd_journal *journal)
{
	(void)journal;
	return machine.has_files;
}

int sd_journal_add_match(sd_journal *journal, const void *data, size_t size)
{
	(void)journal;
	(void)data;
	(void)size;
	return call(0);
}

int sd_journal_add_conjunction(sd_journal *journal)
{
	(void)journal;
	return call(0);
}

int sd_journal_add_disjunction(sd_journal *journal)
{
	(void)journal;
	return call(0);
}

/* Moves to a place between two entries. */
static void seek(size_t before)
{
	machine.position = before;
	machine.is_between = true;
}

int sd_journal_seek_head(sd_journal *journal)
{
	(void)journal;
	seek(0);
	return call(0);
}

int sd_journal_seek_tail(sd_journal *journal)
{
	(void)journal;
	seek(machine.entries);
	return call(0);
}

int sd_journal_seek_realtime_usec(sd_journal *journal, uint64_t time_us)
{
	size_t before = 0;
	(void)journal;
	while (before < machine.entries && (NOON + before) * 1000000 < time_us)
		before++;
	seek(before);
	return call(0);
}

int sd_journal_next(sd_journal *journal)
{
	(void)journal;
	bool is_more = machine.position < machine.entries;
	machine.position += is_more;
	machine.is_between = false;
	return call(is_more);
}

int sd_journal_previous(sd_journal *journal)
{
	(void)journal;
	size_t moved = machine.is_between ? 0 : 1;
	bool is_more = machine.position > moved;
	machine.position -= is_more ? moved : 0;
	machine.is_between = false;
	return call(is_more);
}

int sd_journal_get_realtime_usec(sd_journal *journal, uint64_t *time_us)
{
	(void)journal;
	*time_us = (NOON + machine.position - 1 - (machine.is_odd ? 86400 : 0)) * 1000000;
	return call(0);
}

/* Fails only before the journal is watched. */
int sd_journal_get_fd(sd_journal *journal)
{
	(void)journal;
	int result = machine.is_watched ? 0 : call(0);
	machine.is_watched = true;
	return result;
}

int sd_journal_get_events(sd_journal *journal)
{
	(void)journal;
	return POLLIN;
}

int sd_journal_get_timeout(sd_journal *journal, uint64_t *deadline_us)
{
	(void)journal;
	*deadline_us = machine.deadline_us;
	return call(0);
}

int sd_journal_process(sd_journal *journal)
{
	(void)journal;
	return call(0);
}

/* Every second request is one of the blog; the third one of these is refused, and has a referer. */
static const char *field_of(size_t entry, size_t field)
{
	static char text[64];
	if (machine.is_odd)
		return field == 3   ? "_UID=77"
		       : field == 2 ? (entry % 2 == 0 ? "HTTP_STATUS=99" : "HTTP_STATUS=600")
		                    : "MESSAGE=- | - | - | 600";
	bool is_blog = entry % 2 == 0, is_refused = entry % 4 == 3 || machine.has_scanner;
	switch (field) {
	case 0:
		(void)snprintf(text, sizeof text, "MESSAGE=/%zu.html | 192.0.2.7 | 7 | %s", entry,
		               is_refused ? "404 Not Found (not-found)" : "3");
		return text;
	case 1:
		(void)snprintf(text, sizeof text, "HTTP_TARGET=/%zu.html",
		               is_refused && !machine.has_scanner ? 3 : entry);
		return text;
	case 2:
		return is_refused ? "HTTP_STATUS=404" : "HTTP_STATUS=200";
	case 3:
		return is_blog ? "_UID=401" : "_UID=400";
	case 4:
		return is_refused ? "REASON=not-found" : "DURATION_USEC=900";
	case 5:
		return entry == 2 ? "PRIORITY=4" : "PRIORITY=5";
	case 6:
		return entry == 1 ? "ROBOT=1" : "HTTP_BYTES=9";
	default:
		return is_refused && entry > 4 ? "HTTP_REFERER=http://a.test/" : "HTTP_METHOD=GET";
	}
}

void sd_journal_restart_data(sd_journal *journal)
{
	(void)journal;
	machine.field = 0;
}

int sd_journal_enumerate_data(sd_journal *journal, const void **data, size_t *length)
{
	(void)journal;
	if (machine.field == FIELDS)
		return 0;
	*data = field_of(machine.position, machine.field++);
	*length = strlen(*data);
	return 1;
}

int sd_journal_get_data(sd_journal *journal, const char *field, const void **data, size_t *length)
{
	(void)journal;
	if (strcmp(field, "_UID") != 0)
		return -ENOENT;
	*data = field_of(machine.position, 3);
	*length = strlen(*data);
	return 0;
}

/* --- Commands. --- */

static const struct command *const COMMANDS[] = {&command_log, &command_report, NULL};

/* Runs a command, which prints to the file `to`. */
static int run_to(const char *to, const char *const *arguments)
{
	*calls = 0;
	return run_command(COMMANDS, to, arguments);
}

#define RUN_COMMAND(...) run_to(NULL, (const char *const[]){"mayflyctl", __VA_ARGS__, NULL})

static unsigned count_lines(void)
{
	unsigned lines = 0;
	for (const char *c = run_out; *c != '\0'; c++)
		lines += *c == '\n';
	return lines;
}

static void test_log_shows_entries_with_their_site(void **state)
{
	(void)state;
	assert_int_equal(RUN_COMMAND("log"), 0);
	assert_int_equal(count_lines(), 4);
	expect_in(run_out, "2026-11-27 12:00:00 [mayfly] /1.html | 192.0.2.7 | 7 | 3\n");
	expect_in(run_out, "2026-11-27 12:00:01 [blog] /2.html | 192.0.2.7 | 7 | 3\n");
	assert_int_equal(RUN_COMMAND("log", "--site", "blog"), 0);
	assert_int_equal(count_lines(), 2);
	assert_int_equal(RUN_COMMAND("log", "--site", "shop"), 1);
	expect_in(run_err, "no such site on this machine");
	assert_int_equal(RUN_COMMAND("log", "--no-robots", "--path", "/1*"), 0);
	assert_string_equal(run_out, "");
	assert_string_equal(run_err, "No matching request in the journal.\n");
}

static void test_lines_of_the_log_are_limited(void **state)
{
	(void)state;
	assert_int_equal(RUN_COMMAND("log", "--lines", "1"), 0);
	expect_in(run_out, "/4.html");
	assert_int_equal(count_lines(), 1);
	assert_int_equal(RUN_COMMAND("log", "--lines", "9"), 0);
	assert_int_equal(count_lines(), 4);
	assert_int_equal(RUN_COMMAND("log", "--lines", "0"), 0);
	assert_string_equal(run_out, "");
	assert_string_equal(run_err, "");
	assert_int_equal(RUN_COMMAND("log", "--lines", "9", "--since", "2026-11-27 12:00:02"), 0);
	assert_int_equal(count_lines(), 2);
	assert_int_equal(RUN_COMMAND("log", "--lines", "1", "--until", "2026-11-27 12:00:01"), 0);
	expect_in(run_out, "/2.html");
	assert_int_equal(count_lines(), 1);
	assert_int_equal(RUN_COMMAND("log", "--until", "2026-11-27 11:00:00"), 0);
	assert_string_equal(run_err,
	                    "No matching request in the journal to 2026-11-27 11:00:00 UTC.\n");
}

static void test_problems_have_colours_on_a_terminal(void **state)
{
	(void)state;
	machine.is_terminal = true;
	assert_int_equal(RUN_COMMAND("log"), 0);
	expect_in(run_out, "\n\x1b[31m2026-11-27 12:00:01 ");
	expect_in(run_out, "\n\x1b[33m2026-11-27 12:00:02 ");
	assert_int_equal(RUN_COMMAND("log", "--format", "combined"), 0);
	assert_null(strchr(run_out, '\x1b'));
}

static void test_new_entries_are_followed(void **state)
{
	(void)state;
	machine.followed = 2;
	machine.poll_errors = 1;
	machine.poll_errno = EINTR;
	machine.deadline_us = 7;
	assert_int_equal(RUN_COMMAND("log", "--follow"), 0);
	assert_int_equal(count_lines(), 6);
	machine.poll_errno = ENOMEM;
	assert_int_equal(RUN_COMMAND("log", "--follow"), 1);
	expect_in(run_err, "cannot read the journal: Cannot allocate memory");
	assert_int_equal(run_to("/dev/full", (const char *const[]){"mayflyctl", "log", "-f", NULL}),
	                 1);
	expect_in(run_err, "cannot write to standard output");
}

static void test_journal_that_is_missing_or_denied(void **state)
{
	(void)state;
	machine.has_files = false;
	assert_int_equal(RUN_COMMAND("log"), 1);
	expect_in(run_err, "cannot read the journal: no journal on this machine");
	machine.access_error = 0;
	assert_int_equal(RUN_COMMAND("log"), 1);
	expect_in(run_err, "cannot read the journal: its files cannot be opened");
	machine.access_error = EACCES;
	assert_int_equal(RUN_COMMAND("log"), 1);
	expect_in(run_err, "permission denied; try as root");
}

/* Lets each call fail in turn. If it is an error, `error` is in what is printed to `text`. */
#define EXPECT_FAILURES(status, text, ...)                                                         \
	do {                                                                                       \
		machine.failing = 0;                                                               \
		assert_int_equal(RUN_COMMAND(__VA_ARGS__), 0);                                     \
		unsigned all = *calls;                                                             \
		assert_true(all > 5);                                                              \
		for (machine.failing = 1; machine.failing <= all; machine.failing++) {             \
			assert_int_equal(RUN_COMMAND(__VA_ARGS__), status);                        \
			expect_in(text, "Input/output error");                                     \
		}                                                                                  \
	} while (0)

static void test_each_failing_call_is_an_error(void **state)
{
	(void)state;
	EXPECT_FAILURES(1, run_err, "log");
	EXPECT_FAILURES(1, run_err, "log", "-n", "1", "--host", "h", "--robots", "--address", "::1",
	                "--status", "404");
	EXPECT_FAILURES(1, run_err, "log", "-n", "9", "--until", "2026-11-27 12:00:03");
	machine.followed = 1;
	EXPECT_FAILURES(1, run_err, "log", "--follow", "--since", "2026-11-27 12:00:03");
}

#define PERIOD "--since", "2026-11-27", "--until", "2026-11-28", "--hits", "/nowhere/hits"

static void test_each_failing_call_is_on_the_page(void **state)
{
	(void)state;
	EXPECT_FAILURES(0, run_out, "report", PERIOD);
	EXPECT_FAILURES(0, run_out, "report", "--json", PERIOD);
}

static void test_page_without_requests(void **state)
{
	(void)state;
	machine.entries = 0;
	assert_int_equal(RUN_COMMAND("report", PERIOD), 0);
	expect_in(run_out, "Requests per hour");
	expect_in(run_out, "No requests in the period.");
	assert_null(strstr(run_out, "Status codes"));
	assert_null(strstr(run_out, "Missing pages"));
	assert_null(strstr(run_out, "Slowest requests"));
}

static void test_bars_of_the_page_are_hours_days_or_weeks(void **state)
{
	(void)state;
	assert_int_equal(RUN_COMMAND("report", "--since", "2026-11-01", "--until", "2026-12-01"),
	                 0);
	expect_in(run_out, "Requests per day");
	assert_int_equal(RUN_COMMAND("report", "--since", "2024-11-01", "--until", "2026-12-01"),
	                 0);
	expect_in(run_out, "Requests per week");
	assert_int_equal(RUN_COMMAND("report", "--since", "2000-11-01", "--until", "2026-12-01"),
	                 0);
	expect_in(run_out, "Requests per 4 weeks");
}

static void test_requests_of_scanners_are_limited(void **state)
{
	(void)state;
	machine.entries = ENTRIES_MAX;
	machine.has_scanner = true;
	assert_int_equal(RUN_COMMAND("report", PERIOD), 0);
	expect_in(run_out, "<td>404</td><td class=\"n\">5000</td>");
	expect_in(run_out, "and 3980 more");
}

static void test_odd_entries_are_counted_but_have_no_place_on_the_page(void **state)
{
	(void)state;
	machine.is_odd = true;
	machine.has_files = false;
	machine.has_persistent_files = true;
	assert_int_equal(RUN_COMMAND("log"), 0);
	expect_in(run_out, "2026-11-26 12:00:00 [?] - | - | - | 600\n");
	assert_int_equal(RUN_COMMAND("report", "--json", PERIOD), 0);
	expect_in(run_out, "\"total\":4");
	const char *statuses = strstr(run_out, "\"statuses\":{");
	assert_non_null(statuses);
	statuses = strchr(statuses, '{') + 1;
	statuses += strspn(statuses, " \n"); /* as many as this version of json-c writes */
	assert_int_equal(*statuses, '}');
	assert_null(strstr(run_out, "\"requests\":1"));
}

static void test_each_failing_match_is_an_error(void **state)
{
	static int (*const MATCHES[])(sd_journal *) = {journal_match_problems,
	                                               journal_match_lost_hits};
	(void)state;
	for (size_t i = 0; i < sizeof MATCHES / sizeof MATCHES[0]; i++) {
		*calls = machine.failing = 0;
		assert_int_equal(MATCHES[i](NULL), 0);
		unsigned all = *calls;
		assert_true(all > 10);
		for (machine.failing = 1; machine.failing <= all; machine.failing++) {
			*calls = 0;
			assert_int_equal(MATCHES[i](NULL), -EIO);
			assert_int_equal(*calls, machine.failing);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_log_shows_entries_with_their_site, reset_machine),
	    cmocka_unit_test_setup(test_lines_of_the_log_are_limited, reset_machine),
	    cmocka_unit_test_setup(test_problems_have_colours_on_a_terminal, reset_machine),
	    cmocka_unit_test_setup(test_new_entries_are_followed, reset_machine),
	    cmocka_unit_test_setup(test_journal_that_is_missing_or_denied, reset_machine),
	    cmocka_unit_test_setup(test_each_failing_call_is_an_error, reset_machine),
	    cmocka_unit_test_setup(test_each_failing_call_is_on_the_page, reset_machine),
	    cmocka_unit_test_setup(test_page_without_requests, reset_machine),
	    cmocka_unit_test_setup(test_bars_of_the_page_are_hours_days_or_weeks, reset_machine),
	    cmocka_unit_test_setup(test_requests_of_scanners_are_limited, reset_machine),
	    cmocka_unit_test_setup(test_odd_entries_are_counted_but_have_no_place_on_the_page,
	                           reset_machine),
	    cmocka_unit_test_setup(test_each_failing_match_is_an_error, reset_machine),
	};
	calls =
	    mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (calls == MAP_FAILED || setenv("TZ", "UTC", 1) != 0 || setenv("TERM", "xterm", 1) != 0 ||
	    unsetenv("NO_COLOR") != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
