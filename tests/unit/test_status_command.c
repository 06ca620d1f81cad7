/* mayflyctl status of machines that no test machine is: their units, certificates and connections are the test's. */
#include "mayflyctl/child.h"
#include "mayflyctl/command.h"
#include "mayflyctl/program.h"
#include "mayflyctl/user.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus_texts.h"
#include "kept_groups.h"
#include "run_command.h"

/* --- The machine. --- */

static struct {
	uid_t user;
	bool is_terminal;
	int openssl_statuses[2]; /* for the certificate of the site, and for a further one */
} machine;

/* The program's, in place of the C library's, of libsystemd's and of other parts of it. */
uid_t getuid(void)
{
	return machine.user;
}

int isatty(int file)
{
	(void)file;
	return machine.is_terminal;
}

int seteuid(uid_t user)
{
	(void)user;
	return 0;
}

int initgroups(const char *name, gid_t group)
{
	(void)name;
	(void)group;
	return 0;
}

const struct passwd *user_find(const char *name)
{
	static const struct passwd user = {.pw_uid = 400};
	(void)name;
	return &user;
}

int scandir(const char *name, struct dirent ***entries, int (*is_wanted)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **))
{
	(void)is_wanted;
	(void)compare;
	assert_string_equal(name, "/etc/mayfly-tls/names");
	*entries = memory_allocate(1, sizeof **entries);
	**entries = memory_allocate(1, sizeof ***entries);
	(void)strcpy((**entries)->d_name, "b.example");
	return 1;
}

int child_run(const char *const *arguments, const char *input, unsigned seconds, char *output,
              size_t size)
{
	bool is_further = strstr(arguments[3], "/names/") != NULL;
	(void)input;
	(void)seconds;
	(void)snprintf(output, size,
	               "notBefore=Nov 29 00:57:12 2026 GMT\nnotAfter=Feb 27 00:57:11 2027 GMT\n"
	               "    DNS:%s.example\n",
	               is_further ? "b" : "a");
	return machine.openssl_statuses[is_further];
}

int access(const char *name, int mode)
{
	return strstr(name, "/log/journal/") != NULL ? 0 : faccessat(AT_FDCWD, name, mode, 0);
}

int sd_journal_open_namespace(sd_journal **journal, const char *name, int flags)
{
	(void)journal;
	(void)name;
	(void)flags;
	return -EMFILE;
}

static void add_socket(const char *name)
{
	bus_texts_add("%s FragmentPath /etc", name);
	bus_texts_add("%s ActiveState active", name);
	bus_texts_add("%s UnitFileState enabled", name);
	bus_texts_add("%s Accept 1", name);
	bus_texts_add("%s Listen Stream 192.0.2.7:80 Stream [::]:80", name);
	bus_texts_add("%s MaxConnections 1024", name);
}

/* systemd serves by mayfly-accept instead. */
static void use_busy_site(void)
{
	add_socket("mayfly-busy.socket");
	bus_texts_add("mayfly.socket ActiveState inactive");
	bus_texts_add("mayfly-busy.socket Accept 0");
	bus_texts_add("mayfly-busy.service User mayfly");
	bus_texts_add("mayfly-busy.service ExecStart /usr/bin/mayfly /usr/bin/mayfly --root /");
}

static int reset_machine(void **state)
{
	(void)state;
	bus_texts_reset();
	memset(&machine, 0, sizeof machine);
	add_socket("mayfly.socket");
	bus_texts_add("mayfly@mayflyctl.service User mayfly");
	bus_texts_add("mayfly@mayflyctl.service ExecStart /usr/bin/mayfly /usr/bin/mayfly --root / "
	              "--hits /nowhere/hits");
	return 0;
}

#define STATUS(...) RUN(command_status, "status", __VA_ARGS__)

/* Runs status of a site that is good, which shows this. */
static void shows(const char *expected)
{
	assert_int_equal(RUN(command_status, "status"), 0);
	expect_in(run_out, expected);
}

/* --- Tests. --- */

static void test_good_site(void **state)
{
	(void)state;
	assert_int_equal(RUN(command_status, "status"), 0);
	assert_string_equal(run_out,
	                    "Socket         active: listening on 192.0.2.7:80, [::]:80 (enabled)\n"
	                    "Connections    0 open, of 1024 at most; 0 accepted, 0 refused\n"
	                    "               no limit per address\n"
	                    "Root directory /: user mayfly can enter it\n"
	                    "Counter file   /nowhere/hits: created with the first hit\n"
	                    "Journal        Too many open files\n");
	assert_int_equal(STATUS("--json"), 0);
	expect_in(run_out, "\"slice\":null");
	expect_in(run_out, "\"service\":null");
	expect_in(run_out, "\"error\":\"Too many open files\"");
}

static void test_state_has_a_colour_on_a_terminal(void **state)
{
	(void)state;
	machine.is_terminal = true;
	shows("Socket         \033[32mactive\033[0m: ");
	bus_texts_add("mayfly.socket ActiveState failed");
	bus_texts_add("mayfly.socket UnitFileState ?");
	assert_int_equal(RUN(command_status, "status"), 1);
	expect_in(run_out,
	          "Socket         \033[31mfailed\033[0m: no client is served; result:  ()\n");
}

static void test_sixteen_addresses_are_shown(void **state)
{
	char list[512] = "mayfly.socket Listen ";
	(void)state;
	for (int i = 1; i <= 17; i++) {
		size_t length = strlen(list);
		(void)snprintf(list + length, sizeof list - length, "Stream [::]:%d ", i);
	}
	bus_texts_add("%s", list);
	shows(", [::]:16 (enabled)\n");
}

static void test_client_with_most_connections(void **state)
{
	(void)state;
	bus_texts_add("mayfly@mayflyctl.service Connections a@192.0.2.1 a@192.0.2.2 a@192.0.2.3 "
	              "other a@192.0.2.2 a@192.0.2.3");
	shows("               2 open from 192.0.2.2, no limit per address\n");
	assert_int_equal(STATUS("--json"), 0);
	expect_in(run_out, "\"address\":\"192.0.2.2\"");
}

static void test_limits_of_the_slice(void **state)
{
	(void)state;
	bus_texts_add("mayfly.slice MemoryCurrent 1024");
	bus_texts_add("mayfly.slice MemoryMax 536870912");
	bus_texts_add("mayfly.slice TasksCurrent 18446744073709551615");
	bus_texts_add("mayfly.slice TasksMax 18446744073709551615");
	shows("Memory         1.0 KiB, of 512.0 MiB at most\nTasks          none yet, without a "
	      "limit\n");
	assert_int_equal(STATUS("--json"), 0);
	expect_in(run_out, "\"MemoryMax\":536870912");
	expect_in(run_out, "\"TasksMax\":null");
}

static void test_busy_site(void **state)
{
	(void)state;
	use_busy_site();
	bus_texts_add("mayfly-busy.service ActiveState inactive");
	shows("Connections    0 open; mayfly-busy.service starts with the next one\n");
	expect_in(run_out, "Counter file   none: nothing is counted\n");
	bus_texts_add("mayfly-busy.service ActiveState active");
	bus_texts_add("mayfly-busy.service StatusText 3 open, of 1024 at most");
	shows("Connections    3 open, of 1024 at most (mayfly-busy.service is active)\n");
	assert_int_equal(STATUS("--json"), 0);
	expect_in(run_out, "\"StatusText\":\"3 open, of 1024 at most\"");
	expect_in(run_out, "\"hits\":null");
}

static void test_certificates(void **state)
{
	static const char UNKNOWN[] = "openssl could not be run, or did not end";
	(void)state;
	bus_texts_add("mayfly-https.socket ActiveState active");
	shows("HTTPS          active: certificate until 2027-02-27 for a.example\n"
	      "               b.example: certificate until 2027-02-27 for b.example\n");
	assert_string_equal(run_err, "");
	machine.openssl_statuses[1] = 1;
	shows(
	    "               b.example: run \"mayflyctl check\": there is no usable certificate\n");
	assert_string_equal(run_err, "");
	machine.user = 400;
	shows("               b.example: run this as root to see the certificate\n");
	machine.openssl_statuses[1] = -1;
	shows("               b.example: the certificate cannot be read: openssl could not be run");
	expect_in(run_err, UNKNOWN);
	machine.openssl_statuses[0] = -1;
	shows("HTTPS          active: the certificate cannot be read: openssl could not be run");
	expect_in(run_err, UNKNOWN);
	assert_int_equal(STATUS("--json"), 0);
	expect_in(run_out, "\"expires\":null");
	machine.openssl_statuses[1] = 0;
	assert_int_equal(RUN(command_status, "status"), 0);
	expect_in(run_err, UNKNOWN);
}

static void test_sites(void **state)
{
	(void)state;
	assert_int_equal(STATUS("--site", "shop"), 1);
	expect_in(run_err, "no site shop");
	bus_texts_reset();
	assert_int_equal(RUN(command_status, "status"), 1);
	expect_in(run_err, "mayfly.socket is not installed\n");
}

static void test_each_failing_query_is_an_error(void **state)
{
	(void)state;
	use_busy_site();
	bus_texts_add("mayfly.slice MemoryMax 1");
	for (bus_texts.failing_query = 1; RUN(command_status, "status") != 0;
	     bus_texts.failing_query++)
		expect_in(run_err, "no answer\n");
	assert_true(bus_texts.failing_query > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_good_site, reset_machine),
	    cmocka_unit_test_setup(test_state_has_a_colour_on_a_terminal, reset_machine),
	    cmocka_unit_test_setup(test_sixteen_addresses_are_shown, reset_machine),
	    cmocka_unit_test_setup(test_client_with_most_connections, reset_machine),
	    cmocka_unit_test_setup(test_limits_of_the_slice, reset_machine),
	    cmocka_unit_test_setup(test_busy_site, reset_machine),
	    cmocka_unit_test_setup(test_certificates, reset_machine),
	    cmocka_unit_test_setup(test_sites, reset_machine),
	    cmocka_unit_test_setup(test_each_failing_query_is_an_error, reset_machine),
	};
	if (setenv("TERM", "xterm", 1) != 0 || unsetenv("NO_COLOR") != 0 ||
	    setenv("TZ", "UTC", 1) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
