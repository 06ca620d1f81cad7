/*
 * Whose entries mayflyctl log shows, and as those of which site: users of units and of /etc/passwd that few machines have, and
 * journals that cannot be opened.
 */
#include "mayflyctl/command.h"
#include "mayflyctl/journal.h"
#include "mayflyctl/user.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus_texts.h"
#include "run_command.h"

/* --- The machine. --- */

static struct {
	int persistent_error, runtime_error; /* of the files of the journal; 0: they are there */
	int id_error;                        /* of the machine's id */
	bool is_empty;                       /* libsystemd opens no file */
	int passwd_error;
	bool is_unreadable_passwd;
	const char *passwd;     /* the only system user; NULL: none */
	int user_error;         /* of looking up a user; 0: it is found */
	const char *unit, *uid; /* fields of the only entry; NULL: it has no such field */
	unsigned position;      /* 1: at the entry */
	unsigned fields;
} machine;

static int reset_machine(void **state)
{
	(void)state;
	bus_texts_reset();
	memset(&machine, 0, sizeof machine);
	machine.passwd = "mayfly";
	machine.uid = "_UID=400";
	return 0;
}

/* The program's, in place of the C library's, of libsystemd's and of other parts of it. */
int access(const char *name, int mode)
{
	(void)mode;
	errno = strncmp(name, "/var/log/journal/", strlen("/var/log/journal/")) == 0
	            ? machine.persistent_error
	            : machine.runtime_error;
	return errno == 0 ? 0 : -1;
}

FILE *fopen(const char *name, const char *mode)
{
	assert_string_equal(name, "/etc/passwd");
	assert_string_equal(mode, "re");
	errno = machine.passwd_error;
	return machine.passwd_error == 0 ? tmpfile() : NULL;
}

int ferror(FILE *file)
{
	(void)file;
	errno = EIO;
	return file != stdout && machine.is_unreadable_passwd;
}

struct passwd *fgetpwent(FILE *file)
{
	static struct passwd user = {.pw_uid = 400};
	(void)file;
	user.pw_name = (char *)machine.passwd;
	machine.passwd = NULL;
	return user.pw_name != NULL ? &user : NULL;
}

const struct passwd *user_find(const char *name)
{
	static struct passwd user;
	bool is_other = strcmp(name, "other") == 0;
	errno = machine.user_error;
	user.pw_uid = is_other ? 401 : 400;
	return machine.user_error == 0 ? &user : NULL;
}

int sd_id128_get_machine(sd_id128_t *id)
{
	memset(id, 7, sizeof *id);
	return -machine.id_error;
}

int sd_journal_open_namespace(sd_journal **journal, const char *name, int flags)
{
	(void)name;
	(void)flags;
	*journal = (sd_journal *)&machine;
	return 0;
}

void sd_journal_close(sd_journal *journal)
{
	(void)journal;
}

int sd_journal_has_persistent_files(sd_journal *journal)
{
	(void)journal;
	return !machine.is_empty;
}

int sd_journal_has_runtime_files(sd_journal *journal)
{
	(void)journal;
	return 0;
}

int sd_journal_add_match(sd_journal *journal, const void *data, size_t size)
{
	(void)journal;
	(void)data;
	(void)size;
	return 0;
}

int sd_journal_add_conjunction(sd_journal *journal)
{
	(void)journal;
	return 0;
}

int sd_journal_add_disjunction(sd_journal *journal)
{
	(void)journal;
	return 0;
}

int sd_journal_seek_head(sd_journal *journal)
{
	(void)journal;
	machine.position = 0;
	return 0;
}

int sd_journal_seek_tail(sd_journal *journal)
{
	(void)journal;
	machine.position = 2;
	return 0;
}

int sd_journal_next(sd_journal *journal)
{
	(void)journal;
	machine.position += machine.position < 2;
	return machine.position == 1;
}

int sd_journal_previous(sd_journal *journal)
{
	(void)journal;
	machine.position -= machine.position > 0;
	return machine.position == 1;
}

int sd_journal_get_realtime_usec(sd_journal *journal, uint64_t *time_us)
{
	(void)journal;
	*time_us = UINT64_C(1795780800) * 1000000;
	return 0;
}

void sd_journal_restart_data(sd_journal *journal)
{
	(void)journal;
	machine.fields = 0;
}

int sd_journal_enumerate_data(sd_journal *journal, const void **data, size_t *length)
{
	(void)journal;
	*data = "MESSAGE=request";
	*length = strlen("MESSAGE=request");
	return machine.fields++ == 0;
}

int sd_journal_get_data(sd_journal *journal, const char *field, const void **data, size_t *length)
{
	(void)journal;
	const char *text = strcmp(field, "_UID") == 0 ? machine.uid : machine.unit;
	if (text == NULL)
		return -ENOENT;
	*data = text;
	*length = strlen(text);
	return 0;
}

/* A socket whose handlers run as this user. */
static void add_socket(const char *name, const char *user)
{
	bus_texts_add("%s.socket FragmentPath /etc", name);
	bus_texts_add("%s.service User %s", name, user);
	bus_texts_add("%s.service ExecStart /usr/bin/mayfly /usr/bin/mayfly", name);
}

/* Runs `log` or `log --site SITE`, which shows the entry as one of this site ("" if there is only one site). */
static void shows(const char *site)
{
	char expected[96];
	(void)snprintf(expected, sizeof expected, "2026-11-27 12:00:00 %smayfly: request\n", site);
	assert_int_equal(RUN(command_log, "log"), 0);
	assert_string_equal(run_err, "");
	assert_string_equal(run_out, expected);
}

static void fails(const char *error)
{
	assert_int_equal(RUN(command_log, "log"), 1);
	expect_in(run_err, error);
	assert_string_equal(run_out, "");
}

/* --- Tests. --- */

static void test_site_of_a_user(void **state)
{
	(void)state;
	shows("");
	add_socket("mayfly-site-blog", "other");
	shows("[mayfly] ");
	machine.uid = "_UID=401";
	shows("[blog] ");
	add_socket("mayfly-site-wiki", "other");
	shows("[?] "); /* of one of these two */
	machine.unit = "_SYSTEMD_UNIT=mayfly-site-wiki@7.service";
	shows("[wiki] ");
	assert_int_equal(RUN(command_log, "log", "--site", "wiki"), 0);
	expect_in(run_out, "request\n");
	assert_int_equal(RUN(command_log, "log", "--site", "blog"), 0);
	assert_string_equal(run_out, "");
}

static void test_two_sockets_of_one_site_are_one_site(void **state)
{
	(void)state;
	add_socket("mayfly-site-blog", "mayfly");
	add_socket("mayfly-https-blog", "other");
	shows("");
}

static void test_users_of_other_sockets_do_not_count(void **state)
{
	char name[300];
	(void)state;
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	add_socket("mayfly", "mayfly");
	add_socket("mayfly-site-blog", "mayfly");
	add_socket("mayfly-https", "other");
	bus_texts_add("mayfly-%s.socket FragmentPath /etc", name);
	machine.uid = "_UID=401";
	shows("[?] ");
}

static void test_fields_that_say_no_site(void **state)
{
	static const char *const UNITS[] = {"_SYSTEMD_UNIT",
	                                    "_SYSTEMD_UNIT=", "_SYSTEMD_UNIT=session.scope", NULL};
	static const char *const USERS[] = {"_UID",    "_UID=",
	                                    "_UID=-1", "_UID=4294967295",
	                                    "_UID=77", "_UID=11111111111111111111111111111111",
	                                    NULL};
	(void)state;
	add_socket("mayfly-site-blog", "other");
	for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
		machine.unit = UNITS[i];
		shows("[mayfly] ");
	}
	for (size_t i = 0; i < sizeof USERS / sizeof USERS[0]; i++) {
		machine.uid = USERS[i];
		shows("[?] ");
	}
}

static void test_users_that_cannot_be_found(void **state)
{
	(void)state;
	machine.passwd = NULL;
	fails("no user mayfly on this machine; name a user with --user");
	machine.passwd_error = ENOENT;
	fails("no user mayfly on this machine; name a user with --user");
	machine.passwd_error = EMFILE;
	fails("cannot read /etc/passwd: Too many open files");
	machine.passwd_error = 0;
	machine.is_unreadable_passwd = true;
	fails("cannot read /etc/passwd: Input/output error");
	machine.is_unreadable_passwd = false;
	add_socket("mayfly", "mayfly");
	machine.user_error = ENOENT;
	fails("no user mayfly on this machine; name a user with --user");
	machine.user_error = EIO;
	fails("cannot read the user database: Input/output error");
	bus_texts_add("mayfly.service ERROR -5");
	fails("no user mayfly on this machine; name a user with --user");
	bus_texts.error = ENOENT; /* there is no bus */
	fails("no user mayfly on this machine; name a user with --user");
	bus_texts.error = EIO;
	fails("there is no bus");
}

static void test_journals_that_cannot_be_opened(void **state)
{
	static const char DENIED[] = "permission denied; try as root or as a member of group "
	                             "systemd-journal";
	(void)state;
	machine.persistent_error = EACCES;
	fails(DENIED);
	machine.persistent_error = ENOENT;
	machine.runtime_error = EACCES;
	fails(DENIED);
	machine.runtime_error = ENOENT;
	machine.is_empty = true;
	fails("no journal on this machine");
	machine.runtime_error = 0;
	fails("its files cannot be opened");
	machine.persistent_error = 0;
	machine.runtime_error = ENOENT;
	fails("its files cannot be opened");
	machine.persistent_error = EIO;
	fails("Input/output error");
	machine.runtime_error = ELOOP;
	fails("Input/output error");
	machine.runtime_error = EMFILE;
	fails("Too many open files");
	machine.id_error = ENOMEDIUM;
	fails("no journal on this machine");
}

static void test_users_are_limited(void **state)
{
	static struct journal_users users, more;
	static const struct command_option OPTION = {.destination = &users},
	                                   OTHER = {.destination = &more};
	char number[16];
	(void)state;
	machine.user_error = ENOENT;
	assert_string_equal(option_user(&OPTION, "nobody"), "is not a user");
	assert_string_equal(option_user(&OPTION, "4294967295"), "is not a user");
	for (int i = 0; i <= JOURNAL_USERS_MAX; i++) {
		(void)snprintf(number, sizeof number, "%d", i);
		assert_null(option_user(&OPTION, number));
		assert_null(option_user(&OPTION, number));
	}
	assert_int_equal(users.count, JOURNAL_USERS_MAX);
	assert_int_equal(users.ids[JOURNAL_USERS_MAX - 1], JOURNAL_USERS_MAX - 1);
	machine.user_error = EIO;
	assert_string_equal(option_user(&OPTION, "nobody"), "Input/output error");
	machine.user_error = ENOENT;
	assert_null(option_user(&OTHER, "2000"));
	journal_set_site_of_users(&users, "blog");
	assert_false(journal_has_several_sites());
	journal_set_site_of_users(&more, "wiki"); /* there is no room */
	assert_false(journal_has_several_sites());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_site_of_a_user, reset_machine),
	    cmocka_unit_test_setup(test_two_sockets_of_one_site_are_one_site, reset_machine),
	    cmocka_unit_test_setup(test_users_of_other_sockets_do_not_count, reset_machine),
	    cmocka_unit_test_setup(test_fields_that_say_no_site, reset_machine),
	    cmocka_unit_test_setup(test_users_that_cannot_be_found, reset_machine),
	    cmocka_unit_test_setup(test_journals_that_cannot_be_opened, reset_machine),
	    cmocka_unit_test_setup(test_users_are_limited, reset_machine),
	};
	if (setenv("TZ", "UTC", 1) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
