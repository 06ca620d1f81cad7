/* mayflyctl sites: the list of sites, and how sites are added and removed. */
#include "sites_machine.h"

/* --- sites --- */

static unsigned count_lines(void)
{
	unsigned lines = 0;
	for (const char *c = run_out; *c != '\0'; c++)
		lines += *c == '\n';
	return lines;
}

static void test_sites_that_count_nothing_or_nothing_yet(void **state)
{
	(void)state;
	add_blog();
	fake_set("mayfly-site-bare.socket", "b Accept 1");
	fake_set("mayfly-site-bare@mayflyctl.service", "C ExecStart /usr/bin/mayfly");
	fake_set("mayfly-site-lost.socket", "b Accept 1");
	EXPECT_OUT("bare\t-\t\t-\troot\t-\n"
	           "blog\tactive\t[::]:8081, 127.0.0.1:8081\t/srv/blog\tmayfly-blog\t0\n"
	           "lost\t-\t\t-\t-\t?\n",
	           "sites", "--format", "tsv");
}

static void test_machine_without_sites(void **state)
{
	(void)state;
	memset(&fake_systemd, 0, sizeof fake_systemd);
	EXPECT_ERR(1, "mayfly.socket is not installed", "sites");
	EXPECT_ERR(1, "mayfly.socket is not installed", "status");
}

static void test_sockets_that_are_no_sites(void **state)
{
	(void)state;
	fake_set("mayfly-gone.socket", "s LoadState not-found");
	fake_set("mayfly-other.socket", "b Accept 1");
	fake_set("mayfly-other@mayflyctl.service", "C ExecStart /usr/bin/python3");
	fake_set("mayfly-site-blog@.socket", "b Accept 1");
	fake_set("mayflyother.socket", "b Accept 1");
	EXPECT_OUT("mayfly\tactive\t", "sites", "--format", "tsv");
	assert_int_equal(count_lines(), 2);
}

static void test_number_of_sites_is_limited(void **state)
{
	static char names[300][32];
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(names[i], sizeof names[i], "mayfly-site-a%zu.socket", i);
		(void)fake_unit(names[i]);
	}
	EXPECT_OUT("mayfly\tactive\t", "sites", "--format", "tsv");
	assert_int_equal(count_lines(), 1 + 256);
}

/* --- sites add --- */

static char root[TEXT_MAX];

/* Runs sites add for the site "new", with its directory at `root`, and with this option if it is not NULL. */
static int add(const char *listen, const char *option)
{
	(void)snprintf(root, sizeof root, "%s/root", counter_directory);
	return RUN_COMMAND("sites", "add", "new", "--listen", listen, "--root", root, option);
}

#define EXPECT_ADDED(listen) expect(0, run_out, "Site new serves ", add(listen, NULL))
#define EXPECT_REFUSED(status, part, listen) expect(status, run_err, part, add(listen, NULL))

static void expect_no_files(void)
{
	assert_int_equal(RUN_COMMAND("sites", "remove", "new"), 1);
	expect_in(run_err, "no site new");
}

static void test_site_without_its_arguments_is_refused(void **state)
{
	static char longest[PATH_MAX + 1];
	(void)state;
	memset(longest, 'a', PATH_MAX);
	longest[0] = '/';
	EXPECT_ERR(EXIT_USAGE, "requires --listen and --root", "sites", "add", "new", "--root",
	           "/srv");
	EXPECT_ERR(EXIT_USAGE, "requires --listen and --root", "sites", "add", "new", "--listen",
	           "8081");
	EXPECT_ERR(1, "--root: File name too long", "sites", "add", "new", "--listen", "8081",
	           "--root", longest);
	EXPECT_ERR(1, "--root: /: a directory of the system", "sites", "add", "new", "--listen",
	           "8081", "--root", "//");
}

static void test_only_root_changes_units(void **state)
{
	(void)state;
	machine.user = MAIN_USER;
	EXPECT_REFUSED(1, "only root can change units", "8081");
	EXPECT_ERR(1, "only root can change units", "sites", "remove", "new");
	machine.user = 0;
	let_fail("flock", 0, EWOULDBLOCK);
	EXPECT_REFUSED(1, "another mayflyctl adds or removes a site", "8081");
	expect_no_files();
}

static void test_port_must_be_one(void **state)
{
	static const char *const WRONG[] = {"/run/mayfly:80", "[127.0.0.1]:8081", "::1:8081",
	                                    "localhost:8081", "127.0.0.1:0",      "0"};
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		EXPECT_REFUSED(EXIT_USAGE, "is not a port such as 8081 or an address", WRONG[i]);
	expect_no_files();
}

static void test_port_of_another_socket_is_refused(void **state)
{
	(void)state;
	add_blog();
	fake_set("mayfly-gone.socket", "s LoadState not-found");
	fake_set("mayfly-site-off.socket", "L Listen 127.0.0.1:8082");
	fake_set("mayfly-site-unix.socket", "s UnitFileState enabled");
	fake_set("mayfly-site-unix.socket", "L Listen /run/mayfly 127.0.0.1:8083 [::]:9000");
	fake_set("mayfly-site-vague.socket", "s ActiveState active");
	EXPECT_REFUSED(1, "mayfly-site-blog.socket has port 8081", "8081");
	EXPECT_REFUSED(1, "mayfly-site-unix.socket has port 8083", "8083");
	expect_no_files();
	machine.new_user = NEW_USER;
	EXPECT_ADDED("8082"); /* of a socket that is neither enabled nor active */
}

static void test_port_is_tried(void **state)
{
	(void)state;
	let_fail("bind", 0, EADDRINUSE);
	EXPECT_REFUSED(1, "port 47 is taken", "47");
	let_fail("bind", 0, EADDRNOTAVAIL);
	EXPECT_REFUSED(1, "cannot listen on [2001:db8::1]:8081: Cannot assign requested address",
	               "[2001:db8::1]:8081");
	let_fail("socket", 0, EAFNOSUPPORT);
	EXPECT_REFUSED(1, "cannot listen on [::1]:8081: Address family not supported",
	               "[::1]:8081");
	expect_no_files();
	let_fail("bind", 0, EACCES);
	expect(0, run_out, "run systemctl enable", add("81", "--dry-run"));
	machine.new_user = NEW_USER;
	let_fail("socket", 0, EAFNOSUPPORT);
	EXPECT_ADDED("8081"); /* by IPv4 alone */
}

static void test_user_of_another_owner_is_refused(void **state)
{
	char name[TEXT_MAX];
	(void)state;
	(void)snprintf(name, sizeof name, "%s/var/lib/mayfly-new", counter_directory);
	assert_int_equal(syscall(SYS_mkdirat, AT_FDCWD, name, 0755), 0);
	EXPECT_REFUSED(1, "/var/lib/mayfly-new exists and belongs to another user", "8081");
	machine.new_user = NEW_USER; /* the owner is the user of this test */
	EXPECT_REFUSED(1, "/var/lib/mayfly-new exists and belongs to another user", "8081");
	let_fail("lstat", 0, EIO);
	EXPECT_REFUSED(1, "/var/lib/mayfly-new: Input/output error", "8081");
	let_fail("getpwnam", 0, EIO);
	EXPECT_REFUSED(1, "user mayfly-new: Input/output error", "8081");
	assert_int_equal(syscall(SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR), 0);
	machine.new_user = 1000;
	EXPECT_REFUSED(1, "user mayfly-new is not a system user", "8081");
	expect_no_files();
}

static void test_handler_must_be_known(void **state)
{
	(void)state;
	fake_set("mayfly@mayflyctl.service", "C ExecStart /usr/bin/python3");
	EXPECT_REFUSED(1, "mayfly@.service does not name the handler", "8081");
	fake_set("mayfly@mayflyctl.service", "s LoadState not-found");
	EXPECT_REFUSED(1, "mayfly@.service does not name the handler", "8081");
	expect_no_files();
}

static void test_units_made_by_hand_are_refused(void **state)
{
	(void)state;
	fake_set("mayfly-site-new.socket", "L Listen 8081");
	EXPECT_REFUSED(1, "mayfly-site-new.socket exists already; choose another name", "8082");
	expect_no_files();
}

/* Writes a text to the socket unit of the new site. */
static void write_socket(const char *text, size_t length)
{
	int file = open("/etc/systemd/system/mayfly-site-new.socket",
	                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(write(file, text, length), length);
	(void)close(file);
}

static void test_files_changed_by_hand_are_kept(void **state)
{
	static char large[16384];
	(void)state;
	machine.new_user = NEW_USER;
	EXPECT_ADDED("8081");
	EXPECT_REFUSED(1, "site new exists with other settings", "8082");
	write_socket("# mine\n", 7);
	EXPECT_REFUSED(1, "mayfly-site-new.socket was changed by hand", "8081");
	EXPECT_ERR(1, "mayfly-site-new.socket was changed since", "sites", "remove", "new");
	EXPECT_OUT("remove /etc/systemd/system/mayfly-site-new.socket", "sites", "remove", "new",
	           "--changed");
	memset(large, '#', sizeof large);
	write_socket(large, sizeof large);
	EXPECT_REFUSED(1, "\"mayflyctl sites add\" has not written it; choose another name",
	               "8081");
	EXPECT_ERR(1, "has not written /etc/systemd/system/mayfly-site-new.socket", "sites",
	           "remove", "new", "--changed");
}

static void test_site_is_added_again(void **state)
{
	(void)state;
	machine.new_user = NEW_USER;
	EXPECT_ADDED("8081");
	(void)fake_unit("mayfly-site-new.socket"); /* its state is not known */
	EXPECT_ADDED("8081");
	fake_set("mayfly-site-new.socket", "s ActiveState active");
	fake_set("mayfly-site-new.socket", "s UnitFileState disabled");
	EXPECT_ADDED("8081");
	expect_in(run_out, "run systemctl enable --now mayfly-site-new.socket");
	fake_set("mayfly-site-new.socket", "s UnitFileState enabled");
	expect(0, run_out, "Site new is there already; nothing to do.\n", add("8081", NULL));
}

static void test_new_user_that_cannot_enter_is_reported(void **state)
{
	(void)state;
	EXPECT_ADDED("8081");
	expect_in(run_err, "cannot act as user mayfly-new: there is no such user");
	let_fail("getpwnam", 2, EIO);
	EXPECT_ADDED("8081");
	expect_in(run_err, "cannot act as user mayfly-new: Input/output error");
	machine.new_user = NEW_USER;
	let_fail("faccessat", 0, EACCES);
	EXPECT_ADDED("8081");
	expect_in(run_err, "mayfly-new cannot enter ");
	expect_in(run_err, "Permission denied; run \"mayflyctl check --site new\"");
	EXPECT_ADDED("8081");
	assert_string_equal(run_err, "");
}

/* --- sites remove --- */

static void test_removal_ends_at_the_first_failure(void **state)
{
	(void)state;
	machine.new_user = NEW_USER;
	EXPECT_ADDED("8081");
	machine.program_status = 1;
	EXPECT_ERR(1, "systemctl failed; correct the cause", "sites", "remove", "new");
	assert_null(strstr(run_out, "remove /"));
	machine.program_status = 0;
	for (unsigned done = 0; done < 8; done++) {
		let_fail("unlinkat", done, EIO);
		EXPECT_ERR(1, ": Input/output error", "sites", "remove", "new");
		EXPECT_ADDED("8081");
	}
	let_fail("rmdir", 0, EIO);
	EXPECT_ERR(1, "@.service.d: Input/output error", "sites", "remove", "new");
	EXPECT_ADDED("8081");
	/* lock, then the states of all files, of the socket, of the socket before it is removed */
	let_fail("open", 1 + 4 + 1 + 1, EIO);
	EXPECT_ERR(1, ": Input/output error", "sites", "remove", "new");
	EXPECT_OUT("remove /", "sites", "remove", "new");
	expect_no_files();
	EXPECT_ERR(EXIT_USAGE, "no site that \"mayflyctl sites add\" has added", "sites", "remove",
	           "N");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_MACHINE(test_sites_that_count_nothing_or_nothing_yet),
	    ON_MACHINE(test_machine_without_sites),
	    ON_MACHINE(test_sockets_that_are_no_sites),
	    ON_MACHINE(test_number_of_sites_is_limited),
	    ON_MACHINE(test_site_without_its_arguments_is_refused),
	    ON_MACHINE(test_only_root_changes_units),
	    ON_MACHINE(test_port_must_be_one),
	    ON_MACHINE(test_port_of_another_socket_is_refused),
	    ON_MACHINE(test_port_is_tried),
	    ON_MACHINE(test_user_of_another_owner_is_refused),
	    ON_MACHINE(test_handler_must_be_known),
	    ON_MACHINE(test_units_made_by_hand_are_refused),
	    ON_MACHINE(test_files_changed_by_hand_are_kept),
	    ON_MACHINE(test_site_is_added_again),
	    ON_MACHINE(test_new_user_that_cannot_enter_is_reported),
	    ON_MACHINE(test_removal_ends_at_the_first_failure),
	};
	return cmocka_run_group_tests(tests, prepare, NULL);
}
