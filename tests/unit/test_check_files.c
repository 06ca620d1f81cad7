/* mayflyctl check: what the handler's user may read and write: the root directory, the files in it, the counter file. */
#include "check_machine.h"

/* --- The handler's user. --- */

static void test_user_without_rights(void **state)
{
	static const char RUN_AS_ROOT[] =
	    "Run this as root to check what the handler's user may read and write.\n";
	(void)state;
	machine.user = 400;
	assert_int_equal(RUN(command_check, "check"), 0);
	expect_not_in(run_out, RUN_AS_ROOT);
	machine.user = 1000;
	add_blog();
	assert_int_equal(RUN(command_check, "check"), 0);
	expect_in(run_out, RUN_AS_ROOT);
	assert_int_equal(RUN(command_check, "check", "--site", "blog"), 0);
	expect_in(run_out, RUN_AS_ROOT);
	assert_int_equal(RUN(command_check, "check", "--quiet"), 0);
	assert_string_equal(run_out, "");
	assert_int_equal(RUN(command_check, "check", "--json"), 0);
	expect_not_in(run_out, RUN_AS_ROOT);
	machine.missing_user = "mayfly";
	finds("there is no user mayfly");
	expect_in(run_out, RUN_AS_ROOT);
	machine.missing_user = NULL;
	machine.user = 400;
	add_site("mayfly-site-wiki", "mayfly-site-wiki@mayflyctl.service", "mayfly");
	assert_int_equal(RUN(command_check, "check"), 0);
	expect_in(run_out, RUN_AS_ROOT);
	machine.user = 0;
	machine.missing_user = "mayfly-blog";
	bus_texts_add("mayfly-site-wiki@mayflyctl.service ExecStart /usr/bin/mayfly "
	              "/usr/bin/mayfly");
	assert_int_equal(RUN(command_check, "check"), 2);
	assert_string_equal(run_out,
	                    "there is no user mayfly-blog\n    useradd --system mayfly-blog\n");
}

static void test_user_that_this_process_cannot_become(void **state)
{
	(void)state;
	machine.faults[0] = (struct fault){.call = "initgroups", .error = EPERM};
	finds("the root directory is not checked: cannot act as user mayfly: Operation not "
	      "permitted\n");
	expect_in(run_out, "the counter file is not checked: cannot act as user mayfly");
	machine.faults[0] = (struct fault){.call = "seteuid", .error = EAGAIN, .file = "mayfly"};
	finds("the root directory is not checked: cannot act as user mayfly: Resource "
	      "temporarily unavailable\n");
	machine.faults[0].call = "getpwnam";
	machine.faults[0].error = EIO;
	finds("cannot find user mayfly: Input/output error\n");
	/* The root directory and the counter file are checked, the files and the rules are not. */
	machine.faults[0] =
	    (struct fault){.call = "seteuid", .error = EAGAIN, .file = "mayfly", .skipped = 2};
	finds("a part of the root directory is not checked: cannot act as user mayfly");
	expect_in(run_out, "/_redirects is not checked: cannot act as user mayfly");
	expect_in(run_out, "/_headers is not checked: cannot act as user mayfly");
}

static void test_rights_of_root_that_do_not_come_back(void **state)
{
	(void)state;
	machine.faults[0] = (struct fault){.call = "seteuid", .error = EPERM, .file = "root"};
	assert_int_equal(RUN(command_check, "check"), 3);
	expect_in(run_err, "cannot act as root again: Operation not permitted");
}

/* --- The root directory, and the files in it. --- */

static void test_directory_that_cannot_be_entered(void **state)
{
	(void)state;
	machine.faults[0] =
	    (struct fault){.call = "faccessat", .file = ".", .error = EACCES, .is_last = true};
	machine.faults[1] = (struct fault){.call = "faccessat", .error = EIO, .is_last = true};
	machine.faults[2] = (struct fault){.call = "faccessat", .error = EACCES, .is_last = true};
	machine.faults[3] = (struct fault){.call = "stat", .error = EIO};
	assert_int_equal(RUN(command_check, "check"), 2);
	expect_in(run_out, "user mayfly cannot enter /tmp, on the path of the root directory /tmp");
	expect_in(run_out, "    chmod o+x /tmp\n");
	machine.faults[0] = (struct fault){.call = "open", .file = root, .error = EMFILE};
	finds("the root directory /tmp/");
	expect_in(run_out, "/root is not checked: Too many open files\n");
	bus_texts_add(EXEC "--root /proc/version");
	finds("the root directory /proc/version: Not a directory\n    create it, or set another "
	      "--root\n");
}

static void test_files_that_the_system_does_not_open(void **state)
{
	static const unsigned short UNREAD[] = {FTS_NS, FTS_DNR, FTS_ERR};
	(void)state;
	make_file("root/a.html", "a");
	machine.faults[0] = (struct fault){.call = "faccessat", .file = "a.html", .error = EIO};
	finds("/a.html: not checked: the system failed to open it\n    check again\n");
	machine.faults[0].error = EACCES;
	finds("/a.html: the handler cannot read it (403)\n    let the handler's user read it:\n");
	expect_in(run_out, "    setpriv --reuid=70007 --regid=70007 --clear-groups chmod o+r /tmp");
	machine.owner = 0;
	finds("/a.html: the handler cannot read it (403)\n");
	expect_in(run_out, "    chmod o+r /tmp");
	machine.mode = S_IWOTH;
	finds("/a.html: the handler cannot read it (403)\n    let the handler's user read it\n");
	for (size_t i = 0; i < sizeof UNREAD / sizeof UNREAD[0]; i++) {
		machine.unread = UNREAD[i];
		machine.faults[0] =
		    (struct fault){.call = "fts_read", .file = "a.html", .error = EIO};
		finds("/a.html is not checked: Input/output error\n");
	}
	machine.faults[0].error = EACCES;
	finds_nothing();
	/* After the root directory was opened. */
	machine.faults[0] =
	    (struct fault){.call = "faccessat", .file = ".", .error = EACCES, .skipped = 1};
	machine.mode = 0;
	finds(": the handler cannot read it (403)\n    let the handler's user read it:\n    chmod "
	      "o+rx /tmp");
	remove_file("root/a.html");
}

static void test_links_that_cannot_be_followed(void **state)
{
	(void)state;
	make_file("root/a.html", "a");
	make_link("a.html", "root/link");
	finds_nothing();
	machine.faults[0] = (struct fault){.call = "openat2", .file = "link", .error = EIO};
	finds("/link: not checked: the system failed to open it\n");
	machine.faults[0].error = ELOOP;
	finds("/link: a link that leads nowhere (404)\n");
	machine.faults[0].error = ENOTDIR;
	finds_nothing();
	machine.faults[0] = (struct fault){.call = "fstat", .error = EIO};
	finds("/link: not checked: the system failed to open it\n");
	remove_file("root/link");
	remove_file("root/a.html");
}

static void test_links_that_lead_to_a_directory_around_them(void **state)
{
	(void)state;
	make_link(".", "root/link");
	finds("/link: a link to a directory that contains it, so that files have endless names\n");
	machine.is_mounted = true; /* then only the numbers of the files are equal */
	finds_nothing();
	remove_file("root/link");
}

static void test_hidden_directory_of_well_known_names_is_checked(void **state)
{
	(void)state;
	make_directory("root/.well-known");
	machine.faults[0] =
	    (struct fault){.call = "faccessat", .file = ".well-known", .error = EACCES};
	finds("/.well-known: the handler cannot read it (403)\n");
	remove_file("root/.well-known");
}

static void test_files_of_hosts(void **state)
{
	(void)state;
	bus_texts_add(EXEC "--vhosts --root %s", root);
	make_file("root/_headers", "/*\n");
	machine.faults[0] =
	    (struct fault){.call = "faccessat", .file = "_headers", .error = EACCES};
	finds("/_headers: the handler cannot read it (403)\n");
	machine.faults[0] = (struct fault){.call = "opendir", .file = "/root", .error = EMFILE};
	finds("the rules of hosts are not checked: /tmp/");
	machine.faults[0] = (struct fault){.call = "readdir", .error = EIO};
	finds("not all rules of hosts are checked: Input/output error\n");
	remove_file("root/_headers");
}

static void test_rules_that_the_system_does_not_read(void **state)
{
	(void)state;
	make_file("root/_redirects", "/a\n");
	finds("/_redirects: line 1 ");
	machine.faults[0] = (struct fault){.call = "openat2", .file = "_redirects", .error = EIO};
	finds("/_redirects is not checked: Input/output error\n");
	machine.faults[0] = (struct fault){.call = "fstat", .error = EIO};
	finds("/_redirects is not checked: Input/output error\n");
	machine.faults[0] = (struct fault){.call = "read", .error = EIO};
	finds("/_redirects is not checked: Input/output error\n");
	machine.faults[0].call = NULL;
	remove_file("root/_redirects");
	make_directory("root/_redirects");
	finds_nothing();
	remove_file("root/_redirects");
}

/* --- The counter file. --- */

static void test_counter_files_that_cannot_be_used(void **state)
{
	(void)state;
	make_file("hits", "foreign");
	finds("/hits: not a counter file, or one of another version\n");
	machine.faults[0] = (struct fault){.call = "fstatvfs", .error = EIO};
	finds("the space for the counter file /tmp/");
	expect_in(run_out, "/hits is not checked: Input/output error\n");
	machine.faults[0] = (struct fault){.call = "fstat", .error = EIO};
	finds("/hits is not checked: Input/output error\n");
	remove_file("hits");
	machine.faults[0] = (struct fault){.call = "open", .file = "/hits", .error = EACCES};
	finds("user mayfly cannot write the counter file /tmp/");
	expect_in(run_out, "    chown -h mayfly /tmp/");
	machine.faults[0].error = EISDIR;
	finds("/hits: Is a directory\n    set another file by --hits\n");
}

static void test_faults_of_the_counter_file_are_counted(void **state)
{
	(void)state;
	FILE *file = fopen(path_of("hits"), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(COUNTER_HEADER, 1, COUNTER_HEADER_SIZE, file), COUNTER_HEADER_SIZE);
	for (long head = COUNTER_TABLE; head < COUNTER_TABLE + 16; head += 8) {
		assert_int_equal(fseek(file, head, SEEK_SET), 0);
		assert_int_equal(fputc(6, file), 6);
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(truncate(path_of("hits"), COUNTER_RECORDS), 0);
	finds("/hits has 2 faults\n    mayflyctl hits verify --repair --hits /tmp/");
	machine.faults[0] = (struct fault){.call = "flock", .error = EINTR};
	finds("/hits: locked by another program for 5 seconds\n    find the program that has "
	      "locked it:\n    lslocks\n");
	machine.faults[0].error = ENOLCK;
	finds("/hits is not checked: No locks available\n");
	remove_file("hits");
}

static void test_counter_files_in_the_current_directory_or_the_top_one(void **state)
{
	(void)state;
	machine.faults[0] = (struct fault){.call = "faccessat", .file = "/", .error = EACCES};
	bus_texts_add(EXEC "--root %s --hits no-such-hits", root);
	finds_nothing();
	bus_texts_add(EXEC "--root %s --hits /no-such-hits", root);
	finds("user mayfly cannot create the counter file in /: Permission denied\n    set --hits "
	      "to a file in a directory of its own; if this is one:\n    chown -h mayfly /\n");
	machine.faults[0].call = NULL;
	bus_texts_add("mayfly@mayflyctl.service ProtectSystem strict");
	finds("mayfly@.service: ProtectSystem= makes the counter file /no-such-hits read-only: no "
	      "hit is counted\n    set ReadWritePaths=/ in the section [Service]:\n");
	bus_texts_add(EXEC "--root %s --hits no-such-hits", root);
	finds_nothing();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_user_without_rights, reset_machine),
	    cmocka_unit_test_setup(test_user_that_this_process_cannot_become, reset_machine),
	    cmocka_unit_test_setup(test_rights_of_root_that_do_not_come_back, reset_machine),
	    cmocka_unit_test_setup(test_directory_that_cannot_be_entered, reset_machine),
	    cmocka_unit_test_setup(test_files_that_the_system_does_not_open, reset_machine),
	    cmocka_unit_test_setup(test_links_that_cannot_be_followed, reset_machine),
	    cmocka_unit_test_setup(test_links_that_lead_to_a_directory_around_them, reset_machine),
	    cmocka_unit_test_setup(test_hidden_directory_of_well_known_names_is_checked,
	                           reset_machine),
	    cmocka_unit_test_setup(test_files_of_hosts, reset_machine),
	    cmocka_unit_test_setup(test_rules_that_the_system_does_not_read, reset_machine),
	    cmocka_unit_test_setup(test_counter_files_that_cannot_be_used, reset_machine),
	    cmocka_unit_test_setup(test_faults_of_the_counter_file_are_counted, reset_machine),
	    cmocka_unit_test_setup(test_counter_files_in_the_current_directory_or_the_top_one,
	                           reset_machine),
	};
	return cmocka_run_group_tests(tests, make_directories, remove_directories);
}
