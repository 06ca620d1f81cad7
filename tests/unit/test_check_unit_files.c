/* mayflyctl check: the files of units. */
#include "check_machine.h"

static void test_lines_that_systemd_analyze_prints(void **state)
{
	(void)state;
	machine.analysis = "/etc/systemd/system/mayfly.socket:3: Unknown key\n"
	                   "/etc/systemd/system/mayfly.socket:4:no\n"
	                   "/etc/systemd/system/mayfly.socket:5 no\n"
	                   "/etc/systemd/system/mayfly.socket:no\n"
	                   "/etc/systemd/system/other.socket:7: Unknown key\n"
	                   "/no\nno\n\n";
	finds("/etc/systemd/system/mayfly.socket: line 3: Unknown key\n    correct or remove the "
	      "line; then:\n    systemctl daemon-reload\n");
	expect_not_in(run_out, "no\n");
	expect_not_in(run_out, "other");
	machine.analyze_status = PROGRAM_NOT_EXECUTED;
	machine.analysis = "";
	finds("The lines of unit files are not checked: there is no systemd-analyze\n");
	machine.analyze_status = -1;
	finds("the lines of unit files are not checked: systemd-analyze could not be run, or did "
	      "not end\n");
}

static void test_many_units_are_analyzed(void **state)
{
	(void)state;
	for (size_t i = bus_texts.count; i < BUS_LINES_MAX; i++)
		bus_texts_add("mayfly-%zu.service FragmentPath /etc", i);
	finds_nothing();
}

static void test_drop_ins_that_systemd_has_not_read(void **state)
{
	(void)state;
	char name[96];
	make_file("a.conf", "[Socket]\n");
	(void)snprintf(name, sizeof name, "%s/a.conf", directory);
	machine.drop_ins[0] = name;
	finds("files of mayfly.socket have changed since systemd read them\n    systemctl "
	      "daemon-reload\n");
	bus_texts_add("mayfly.socket DropInPaths /other %s", name);
	bus_texts_add("mayfly@mayflyctl.service DropInPaths %s", name);
	bus_texts_add("mayfly.slice DropInPaths %s", name);
	finds_nothing();
	machine.drop_ins[1] = "/nowhere";
	finds_nothing();
	bus_texts_add("mayfly.socket DropInPaths /other");
	finds("files of mayfly.socket have changed");
	machine.drop_ins[1] = NULL;
	bus_texts_add("mayfly.socket DropInPaths ?");
	machine.faults[0] = (struct fault){.call = "stat", .file = "a.conf", .error = EIO};
	assert_int_equal(RUN(command_check, "check"), 3);
	expect_in(run_out, "/a.conf: Input/output error\n");
	machine.faults[0].call = NULL;
	make_file("a.conf", "");
	finds_nothing();
	remove_file("a.conf");
	make_directory("a.conf");
	finds_nothing();
	bus_texts_add("mayfly.socket NeedDaemonReload 1");
	finds("files of mayfly.socket have changed");
	bus_texts_add("mayfly.socket ERROR -5");
	finds("mayfly.socket is not installed\n");
	expect_not_in(run_out, "have changed");
	remove_file("a.conf");
	machine.drop_ins[0] = NULL;
	machine.glob_error = GLOB_NOSPACE;
	assert_int_equal(RUN(command_check, "check"), 3);
	expect_in(run_out, "cannot read /etc/systemd/system: Cannot allocate memory\n");
	machine.glob_error = GLOB_ABORTED;
	finds("cannot read /etc/systemd/system: Input/output error\n");
	machine.glob_error = 0;
	bus_texts_add("mayfly.socket ERROR ?");
	bus_texts_add("mayfly.socket NeedDaemonReload 0");
	bus_texts_add("mayfly@mayflyctl.service NeedDaemonReload 1");
	finds("files of mayfly@.service have changed");
}

static void test_directories_of_drop_ins_without_a_unit(void **state)
{
	(void)state;
#define DIRECTORY "/etc/systemd/system/mayfly"
	static const char *const GOOD[] = {DIRECTORY ".socket.d", DIRECTORY "@.service.d",
	                                   DIRECTORY "-site-.socket.d", DIRECTORY "-@.service.d",
	                                   DIRECTORY ".d"};
	for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
		machine.drop_ins[0] = GOOD[i];
		finds_nothing();
	}
	machine.drop_ins[0] = DIRECTORY ".service.d";
	finds(DIRECTORY ".service.d has no effect: there is no unit mayfly.service\n");
	machine.drop_ins[0] = DIRECTORY "a@.service.d";
	finds(DIRECTORY "a@.service.d has no effect: there is no unit mayflya@.service\n");
	bus_texts_add("mayfly.service ERROR -5");
	machine.drop_ins[0] = DIRECTORY ".service.d";
	finds_nothing();
}

static void test_unit_files_come_before_other_problems(void **state)
{
	(void)state;
	machine.drop_ins[0] = DIRECTORY ".service.d";
	bus_texts_add("mayfly.socket NeedDaemonReload 1");
	bus_texts_add("mayfly@mayflyctl.service NoNewPrivileges 0");
	bus_texts_add("mayfly@mayflyctl.service CollectMode inactive");
	assert_int_equal(RUN(command_check, "check", "--quiet"), 1);
	assert_string_equal(run_out,
	                    "WARNING: files of mayfly.socket have changed since systemd read them\n"
	                    "WARNING: " DIRECTORY
	                    ".service.d has no effect: there is no unit mayfly.service\n"
	                    "WARNING: mayfly@.service: NoNewPrivileges= is off\n"
	                    "WARNING: mayfly@.service: CollectMode= keeps failed units, which "
	                    "count as connections\n");
}

static void test_parts_that_are_missing(void **state)
{
	(void)state;
	machine.handler_status = PROGRAM_NOT_EXECUTED;
	assert_int_equal(RUN(command_check, "check"), 2);
	expect_in(run_out, "user mayfly cannot execute /usr/bin/mayfly\n"
	                   "    install Mayfly again: \"make install\" in its source\n");
	machine.has_package = true;
	finds("user mayfly cannot execute /usr/bin/mayfly\n"
	      "    apt-get install --reinstall mayfly\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_lines_that_systemd_analyze_prints, reset_machine),
	    cmocka_unit_test_setup(test_many_units_are_analyzed, reset_machine),
	    cmocka_unit_test_setup(test_drop_ins_that_systemd_has_not_read, reset_machine),
	    cmocka_unit_test_setup(test_directories_of_drop_ins_without_a_unit, reset_machine),
	    cmocka_unit_test_setup(test_unit_files_come_before_other_problems, reset_machine),
	    cmocka_unit_test_setup(test_parts_that_are_missing, reset_machine),
	};
	return cmocka_run_group_tests(tests, make_directories, remove_directories);
}
