/*
 * mayflyctl log and report with a journal of the test's own: each call of libsystemd that can fail fails, which is an
 * error or stands on the page; and journals that no test machine has.
 */
#include "counter/open.h"
#include "mayflyctl/journal.h"
#include <dlfcn.h>
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
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_systemd.h"
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
	int access_error;  /* of the system's journal */
	int runtime_error; /* of the one that does not persist */
	bool has_no_id;
	time_t now;                   /* 0: that of the clock */
	int passwd_error, user_error; /* of reading /etc/passwd, and of looking up a user */
	const char *unit, *user;      /* of all entries; NULL: none, and that of the entry */
	const char *target;           /* of all entries; NULL: that of the entry */
	const char *status;           /* the same */
	size_t late;                  /* the number of an entry that is an hour later; 0: none */
	bool has_referrers;           /* each request comes from another site */
	int poll_errors;              /* how many calls of poll(2) fail */
	int poll_errno;
	size_t followed; /* how many entries arrive, one per call of poll(2) */
	uint64_t deadline_us;
	unsigned failing; /* which call of libsystemd fails, counted from 1 */
} machine;

static unsigned
    *calls; /* of libsystemd so far, shared with the commands; and how many users were matched */

static int reset_machine(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	machine.entries = 4;
	machine.has_files = true;
	machine.access_error = machine.runtime_error = ENOENT;
	machine.deadline_us = UINT64_MAX;
	memset(&fake_systemd, 0, sizeof fake_systemd);
	fake_systemd.is_absent = true;
	return 0;
}

/* Returns a negative errno if this call fails, else `result`. */
static int call(int result)
{
	return ++*calls == machine.failing ? -EIO : result;
}

/* The program's, in place of those of other libraries. */
time_t time(time_t *result)
{
	struct timespec now = {.tv_sec = machine.now};
	if (machine.now == 0)
		(void)clock_gettime(CLOCK_REALTIME, &now);
	if (result != NULL)
		*result = now.tv_sec;
	return now.tv_sec;
}

int access(const char *name, int mode)
{
	(void)mode;
	errno = strncmp(name, "/run/", 5) == 0 ? machine.runtime_error : machine.access_error;
	return errno == 0 ? 0 : -1;
}

FILE *fopen(const char *name, const char *mode)
{
	static FILE *(*original)(const char *, const char *);
	void *found = dlsym(RTLD_NEXT, "fopen");
	memcpy(&original, &found, sizeof found);
	bool fails = strcmp(name, "/etc/passwd") == 0 && machine.passwd_error != 0;
	if (fails)
		errno = machine.passwd_error;
	return fails ? NULL : original(name, mode);
}

struct passwd *getpwnam(const char *name)
{
	static struct passwd user;
	user.pw_uid = strcmp(name, "mayfly") == 0        ? MAIN_USER
	              : strcmp(name, "mayfly-blog") == 0 ? BLOG_USER
	                                                 : 0;
	errno = machine.user_error;
	return user.pw_uid == 0 || errno != 0 ? NULL : &user;
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
	return machine.has_no_id ? -ENOMEDIUM : 0;
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
	(void)size;
	calls[1] += strncmp(data, "_UID=", 5) == 0;
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
	*time_us = (NOON + machine.position - 1 - (machine.is_odd ? 86400 : 0) +
	            (machine.position == machine.late ? 3600 : 0)) *
	           1000000;
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
		if (machine.target != NULL)
			return machine.target;
		(void)snprintf(text, sizeof text, "HTTP_TARGET=/%zu.html",
		               is_refused && !machine.has_scanner ? 3 : entry);
		return text;
	case 2:
		if (machine.status != NULL)
			return machine.status;
		return is_refused ? "HTTP_STATUS=404" : "HTTP_STATUS=200";
	case 3:
		return is_blog ? "_UID=401" : "_UID=400";
	case 4:
		return is_refused ? "REASON=not-found" : "DURATION_USEC=900";
	case 5:
		return entry == 2 ? "PRIORITY=4" : "PRIORITY=5";
	case 6:
		if (machine.has_referrers)
			return "HTTP_METHOD=GET";
		return entry == 1 ? "ROBOT=1" : "HTTP_BYTES=9";
	default:
		(void)snprintf(text, sizeof text, "HTTP_REFERER=http://%zu.test/", entry);
		if (machine.has_referrers)
			return text;
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
	bool is_user = strcmp(field, "_UID") == 0;
	if (is_user)
		*data = machine.user != NULL ? machine.user : field_of(machine.position, 3);
	else
		*data = machine.unit;
	if (*data == NULL || **(const char *const *)data == '\0')
		return -ENOENT;
	*length = strlen(*data);
	return 0;
}

/* --- Commands. --- */

static const struct command *const COMMANDS[] = {&command_hits, &command_log, &command_report,
                                                 NULL};

/* Runs a command, which prints to the file `to`. */
static int run_to(const char *to, const char *const *arguments)
{
	calls[0] = calls[1] = 0;
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
	static const struct {
		int access_error, runtime_error;
		const char *problem;
	} CASES[] = {{ENOENT, ENOENT, "cannot read the journal: no journal on this machine"},
	             {0, ENOENT, "cannot read the journal: its files cannot be opened"},
	             {EACCES, ENOENT, "permission denied; try as root"},
	             {ENOENT, EACCES, "permission denied; try as root"},
	             {ENOENT, 0, "its files cannot be opened"},
	             {ENOENT, EIO, "cannot read the journal: Input/output error"}};
	(void)state;
	machine.has_files = false;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		machine.access_error = CASES[i].access_error;
		machine.runtime_error = CASES[i].runtime_error;
		assert_int_equal(RUN_COMMAND("log"), 1);
		expect_in(run_err, CASES[i].problem);
	}
	machine.has_no_id = true;
	assert_int_equal(RUN_COMMAND("log"), 1);
	expect_in(run_err, "no journal on this machine");
}

static void test_users_that_cannot_be_looked_up(void **state)
{
	(void)state;
	machine.passwd_error = EIO;
	assert_int_equal(RUN_COMMAND("log"), 1);
	expect_in(run_err, "cannot read /etc/passwd: Input/output error");
	machine.passwd_error = ENOENT;
	assert_int_equal(RUN_COMMAND("log"), 1);
	expect_in(run_err, "no user mayfly on this machine; name a user with --user");
	fake_systemd.is_absent = false;
	fake_set("mayfly.socket", "b Accept 1");
	fake_set("mayfly@mayflyctl.service", "s User mayfly");
	fake_set("mayfly@mayflyctl.service", "C ExecStart /usr/bin/mayfly");
	assert_int_equal(RUN_COMMAND("log"), 0);
	machine.user_error = EIO;
	assert_int_equal(RUN_COMMAND("log"), 1);
	expect_in(run_err, "cannot read the user database: Input/output error");
}

static void test_site_of_an_entry_is_that_of_its_unit_or_user(void **state)
{
	static char longest[400] = "_SYSTEMD_UNIT=mayfly-site-";
	(void)state;
	machine.unit = "_SYSTEMD_UNIT=mayfly-site-shop@1.service";
	assert_int_equal(RUN_COMMAND("log"), 0);
	expect_in(run_out, " [shop] /1.html ");
	static const char *const OTHERS[] = {"_SYSTEMD_UNIT=cron.service", "_SYSTEMD_UNIT=", "_SYS",
	                                     longest};
	memset(longest + strlen(longest), 'a', 300);
	for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
		machine.unit = OTHERS[i];
		assert_int_equal(RUN_COMMAND("log"), 0);
		expect_in(run_out, " [mayfly] /1.html ");
		expect_in(run_out, " [blog] /2.html ");
	}
	machine.user = "_UID=x";
	assert_int_equal(RUN_COMMAND("log"), 0);
	expect_in(run_out, " [?] /1.html ");
	machine.user = "";
	assert_int_equal(RUN_COMMAND("log"), 0);
	expect_in(run_out, " [?] /1.html ");
}

/* Two sockets with services, of these users. */
static void add_sockets(const char *first, const char *second, const char *user)
{
	static char services[2][64];
	const char *const sockets[] = {first, second};
	fake_systemd.is_absent = false;
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(services[i], sizeof services[i], "%.*s@mayflyctl.service",
		               (int)(strlen(sockets[i]) - strlen(".socket")), sockets[i]);
		fake_set(sockets[i], "b Accept 1");
		fake_set(services[i], "C ExecStart /usr/bin/mayfly --root /srv");
		fake_set(services[i], i == 0 ? "s User mayfly-blog" : user);
	}
}

static void test_user_of_two_sites_says_not_which(void **state)
{
	(void)state;
	add_sockets("mayfly-site-a.socket", "mayfly-site-b.socket", "s User mayfly-blog");
	fake_set("mayfly-.socket", "b Accept 1");
	fake_set("mayfly-https.socket", "b Accept 0");
	assert_int_equal(RUN_COMMAND("log"), 0);
	expect_in(run_out, " [mayfly] /1.html ");
	expect_in(run_out, " [?] /2.html ");
}

static void test_user_of_the_service_of_https_has_no_site(void **state)
{
	(void)state;
	fake_systemd.is_absent = false;
	fake_set("mayfly-https.socket", "b Accept 0");
	fake_set("mayfly-https.service", "C ExecStart /usr/bin/mayfly");
	fake_set("mayfly-https.service", "s User mayfly-blog");
	assert_int_equal(RUN_COMMAND("log"), 0);
	expect_in(run_out, " [blog] /2.html ");
}

static void test_entries_of_one_site_have_no_site(void **state)
{
	(void)state;
	add_sockets("mayfly.socket", "mayfly-busy.socket", "s User mayfly");
	assert_int_equal(RUN_COMMAND("log"), 0);
	expect_in(run_out, "2026-11-27 12:00:00 /1.html ");
}

static void test_number_of_users_is_limited(void **state)
{
	enum { USERS = 1030, FIRST = 4 };
	static const char *arguments[FIRST + 2 * USERS + 1] = {"mayflyctl", "log", "--site",
	                                                       "mayfly"};
	static char users[USERS][8];
	(void)state;
	for (size_t i = 0; i < USERS; i++) {
		(void)snprintf(users[i], sizeof users[i], "%zu", 2000 + i);
		arguments[FIRST + 2 * i] = "--user";
		arguments[FIRST + 2 * i + 1] = users[i];
	}
	assert_int_equal(run_to(NULL, arguments), 0);
	assert_int_equal(count_lines(), 2);
	assert_int_equal(calls[1], 1024);
	/* Two users of /etc/passwd, and 1022 of the command line, have a site. */
	arguments[1] = "report";
	machine.now = (time_t)NOON + 3600;
	machine.user = "_UID=3021";
	assert_int_equal(run_to(NULL, arguments), 0);
	expect_in(run_out, "<dt>requests in the period</dt><dd>4</dd>");
	machine.user = "_UID=3022";
	assert_int_equal(run_to(NULL, arguments), 0);
	expect_in(run_out, "<dt>requests in the period</dt><dd>0</dd>");
}

static void test_entry_that_is_out_of_order(void **state)
{
	(void)state;
	machine.late = 3;
	assert_int_equal(RUN_COMMAND("log", "--lines", "2", "--until", "2026-11-27 12:00:30"), 0);
	expect_in(run_out, "/2.html");
	expect_not_in(run_out, "/1.html");
	assert_int_equal(RUN_COMMAND("log", "--since", "1960-01-01"), EXIT_USAGE);
	assert_int_equal(RUN_COMMAND("log", "--robots", "--no-robots"), EXIT_USAGE);
	expect_in(run_err, "--robots and --no-robots exclude each other");
	assert_int_equal(RUN_COMMAND("report", "--since", "1960-01-01"), EXIT_USAGE);
}

static void test_report_of_sites_names_the_site_of_each_target(void **state)
{
	(void)state;
	add_sockets("mayfly.socket", "mayfly-site-blog.socket", "s User mayfly-blog");
	assert_int_equal(RUN_COMMAND("report", "--json", "--since", "2026-11-27"), 0);
	expect_in(run_out, "\"target\":\"/2.html\"");
	machine.target = "HTTP_TARGET=*";
	assert_int_equal(RUN_COMMAND("report", "--json", "--since", "2026-11-27"), 0);
	expect_in(run_out, "\"target\":\"*\"");
	machine.is_odd = true;
	assert_int_equal(RUN_COMMAND("report", "--json", "--since", "2026-11-26"), 0);
	expect_in(run_out, "\"site\":\"?\"");
	expect_in(run_out, "\"target\":\"\"");
}

static void test_report_limits_each_table(void **state)
{
	unsigned referrers = 0;
	(void)state;
	machine.entries = 100;
	machine.has_referrers = true;
	static const char *const FOUND[] = {"HTTP_STATUS=206", "HTTP_STATUS=304",
	                                    "HTTP_STATUS=200"};
	for (size_t i = 0; i < sizeof FOUND / sizeof FOUND[0]; i++) {
		machine.status = FOUND[i];
		assert_int_equal(
		    RUN_COMMAND("report", "--json", "--since", "2026-11-27", "--hits", "/nowhere"),
		    0);
		referrers = 0;
		for (const char *c = run_out; (c = strstr(c, ".test\"")) != NULL; c++)
			referrers++;
		assert_int_equal(referrers, 20);
	}
	machine.target = "HTTP_TARGET=";
	assert_int_equal(
	    RUN_COMMAND("report", "--json", "--since", "2026-11-27", "--hits", "/nowhere"), 0);
	expect_not_in(run_out, ".test\"");
}

static void test_zone_with_a_long_name_is_left_out(void **state)
{
	(void)state;
	assert_int_equal(setenv("TZ", "<AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA>0", 1), 0);
	assert_int_equal(RUN_COMMAND("report", "--since", "2026-11-27"), 0);
	expect_not_in(run_out, "AAAA");
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	assert_int_equal(RUN_COMMAND("report", "--since", "2026-11-27"), 0);
	expect_in(run_out, " UTC");
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

static void test_lost_hits_are_counted_or_left_out(void **state)
{
	char directory[] = "/tmp/test_journal-XXXXXX", file[64];
	const char *error;
	(void)state;
	machine.now = (time_t)NOON + 3600;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(file, sizeof file, "%s/hits", directory);
	int counter = counter_open(file, &error);
	assert_true(counter >= 0);
	(void)close(counter);
#define METRICS "hits", "--hits", file, "--format", "openmetrics"
	assert_int_equal(RUN_COMMAND(METRICS), 0);
	expect_in(run_out, "mayfly_lost_hits 3\n"); /* one was refused */
	assert_int_equal(RUN_COMMAND(METRICS, "--site", "blog"), 0);
	expect_in(run_out, "mayfly_lost_hits{site=\"blog\"} 2\n");
	assert_int_equal(RUN_COMMAND(METRICS), 0);
	unsigned all = *calls;
	assert_true(all > 10);
	for (machine.failing = 1; machine.failing <= all; machine.failing++) {
		assert_int_equal(RUN_COMMAND(METRICS), 0);
		expect_not_in(run_out, "\nmayfly_lost_hits");
	}
	assert_int_equal(unlink(file) | rmdir(directory), 0);
}

#define ON_MACHINE(test) cmocka_unit_test_setup(test, reset_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_MACHINE(test_log_shows_entries_with_their_site),
	    ON_MACHINE(test_lines_of_the_log_are_limited),
	    ON_MACHINE(test_problems_have_colours_on_a_terminal),
	    ON_MACHINE(test_new_entries_are_followed),
	    ON_MACHINE(test_journal_that_is_missing_or_denied),
	    ON_MACHINE(test_users_that_cannot_be_looked_up),
	    ON_MACHINE(test_site_of_an_entry_is_that_of_its_unit_or_user),
	    ON_MACHINE(test_user_of_two_sites_says_not_which),
	    ON_MACHINE(test_user_of_the_service_of_https_has_no_site),
	    ON_MACHINE(test_entries_of_one_site_have_no_site),
	    ON_MACHINE(test_number_of_users_is_limited),
	    ON_MACHINE(test_entry_that_is_out_of_order),
	    ON_MACHINE(test_report_of_sites_names_the_site_of_each_target),
	    ON_MACHINE(test_report_limits_each_table),
	    ON_MACHINE(test_zone_with_a_long_name_is_left_out),
	    ON_MACHINE(test_each_failing_call_is_an_error),
	    ON_MACHINE(test_each_failing_call_is_on_the_page),
	    ON_MACHINE(test_page_without_requests),
	    ON_MACHINE(test_bars_of_the_page_are_hours_days_or_weeks),
	    ON_MACHINE(test_requests_of_scanners_are_limited),
	    ON_MACHINE(test_odd_entries_are_counted_but_have_no_place_on_the_page),
	    ON_MACHINE(test_each_failing_match_is_an_error),
	    ON_MACHINE(test_lost_hits_are_counted_or_left_out),
	};
	calls = mmap(NULL, 2 * sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	             -1, 0);
	if (calls == MAP_FAILED || setenv("TZ", "UTC", 1) != 0 || setenv("TERM", "xterm", 1) != 0 ||
	    unsetenv("NO_COLOR") != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
