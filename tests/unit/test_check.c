/* mayflyctl check: which sites, units and options it looks at, and how it prints what it finds. */
#include "check_machine.h"

/* --- The machine. --- */

static void test_good_machine(void **state)
{
	(void)state;
	finds_nothing();
	add_blog();
	finds_nothing();
	assert_int_equal(RUN(command_check, "check", "--site", "blog"), 0);
	assert_int_equal(RUN(command_check, "check", "--site", "shop"), 1);
	expect_in(run_err, "no site shop");
}

static void test_machine_without_a_bus(void **state)
{
	(void)state;
	bus_texts.error = ENOENT;
	assert_int_equal(RUN(command_check, "check"), 3);
	assert_string_equal(run_out,
	                    "there is no bus\n"
	                    "    without systemd, start handlers by inetd; see mayfly(8)\n");
}

/* --- The command line of the service. --- */

static void test_values_of_variables(void **state)
{
	(void)state;
	bus_texts_add("mayfly@mayflyctl.service Environment A_ROOT=/nowhere ROOT=%s ROOTS=/a",
	              root);
	bus_texts_add(EXEC "--root ${ROOT}");
	finds_nothing();
	bus_texts_add(EXEC "--root %s --log ${NOTHING}", root);
	finds_nothing();
	bus_texts_add(EXEC "--rootless --root ${A_ROOT}");
	finds("the root directory /nowhere: No such file or directory\n"
	      "    create it, or set another --root:\n    mkdir -p /nowhere\n");
	bus_texts_add(EXEC "--root=/nowhere/either $NOTHING");
	finds("the root directory /nowhere/either: No such file or directory");
}

static void test_command_line_with_other_dollar_signs_is_unclear(void **state)
{
	static const char *const WORDS[] = {"$$", "a$B", "$A$B"};
	(void)state;
	machine.handler_status = PROGRAM_NOT_EXECUTED;
	finds("user mayfly cannot execute /usr/bin/mayfly\n");
	for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
		bus_texts_add(EXEC "--root %s %s", root, WORDS[i]);
		finds_nothing();
	}
}

static void test_user_is_that_of_the_unit_or_of_a_program_before_the_handler(void **state)
{
	(void)state;
	machine.missing_user = "web";
	bus_texts_add("mayfly@mayflyctl.service ExecStart /usr/bin/tlswrapper /usr/bin/tlswrapper "
	              "-u web /usr/bin/mayfly --root %s",
	              root);
	bus_texts_add("mayfly@mayflyctl.service User ");
	finds("there is no user web\n    useradd --system web\n");
	bus_texts_add("mayfly@mayflyctl.service User ?");
	finds("there is no user web\n");
	bus_texts_add("mayfly@mayflyctl.service ExecStart /bin/other /bin/other -u web");
	machine.missing_user = "root";
	finds("there is no user root\n    useradd --system root\n");
	machine.missing_user = "mayfly";
	bus_texts_add("mayfly@mayflyctl.service User mayfly");
	finds("there is no user mayfly\n    systemd-sysusers mayfly.conf\n");
}

static void test_busy_site_is_checked_if_only_its_socket_is_enabled(void **state)
{
	(void)state;
	add_site("mayfly-busy", "mayfly-busy.service", "mayfly");
	bus_texts_add("mayfly-busy.socket Accept 0");
	bus_texts_add("mayfly-busy.socket ActiveState inactive");
	bus_texts_add("mayfly.socket ActiveState inactive");
	finds("mayfly.socket is inactive: no client is served\n"
	      "    systemctl enable --now mayfly.socket\n");
	bus_texts_add("mayfly.socket UnitFileState disabled");
	finds("mayfly-busy.socket is inactive: no client is served\n");
	bus_texts_add("mayfly-busy.socket UnitFileState disabled");
	finds("mayfly.socket is inactive: no client is served\n");
}

static void test_configuration_that_cannot_be_read(void **state)
{
	(void)state;
	add_blog();
	bus_texts_add("mayfly@mayflyctl.service ERROR -5");
	bus_texts_add("mayfly-site-blog@mayflyctl.service ERROR -5");
	assert_int_equal(RUN(command_check, "check"), 2);
	expect_in(run_out, "the configuration of mayfly.socket cannot be read: "
	                   "Input/output error\n    check again:\n    mayflyctl check\n");
	expect_in(run_out, "the configuration of mayfly-site-blog.socket cannot be read: ");
}

static void test_each_failing_query_is_reported(void **state)
{
	(void)state;
	add_blog();
	bus_texts_add("mayfly.socket IPAddressDeny 8 0");
	for (bus_texts.failing_query = 1; RUN(command_check, "check") != 1;
	     bus_texts.failing_query++) {
		assert_int_equal(RUN(command_check, "check"), 3);
		expect_in(run_out, "no answer\n    check again:\n    mayflyctl check\n");
	}
	assert_true(bus_texts.failing_query > 40);
}

static void test_names_of_sockets_that_are_no_sites(void **state)
{
	char name[300];
	(void)state;
	memset(name, 'a', sizeof name - 1);
	for (size_t length = sizeof name - 1; length > 200; length -= 50) {
		name[length] = '\0';
		bus_texts_add("mayfly-site-%s.socket FragmentPath /etc", name);
	}
	bus_texts_add("mayfly-site-b@.socket FragmentPath /etc");
	add_blog();
	bus_texts_add("mayfly-https-blog.socket FragmentPath /etc");
	finds_nothing();
	while (bus_texts.count < BUS_LINES_MAX)
		bus_texts_add("mayfly-site-a%zu.socket FragmentPath /etc", bus_texts.count);
	finds_nothing();
	assert_int_equal(RUN(command_check, "check", "--site", "a511"), 1);
	expect_in(run_err, "no site a511");
}

/* --- The handler's options, and the files of its variables. --- */

static void test_options_of_the_handler(void **state)
{
	(void)state;
	machine.handler_error = "mayfly: no\nmore";
	machine.handler_status = 100;
	assert_int_equal(RUN(command_check, "check"), 2);
	expect_in(run_out, "the handler rejects its command line: mayfly: no\n");
	machine.handler_status = 1;
	finds("the handler cannot serve: mayfly: no\n");
	machine.faults[0] = (struct fault){.call = "open", .file = "/hits", .error = EISDIR};
	finds("user mayfly cannot write the counter file");
	expect_not_in(run_out, "the handler cannot serve");
	machine.faults[0].call = NULL;
	bus_texts_add("mayfly@mayflyctl.service ExecStart /usr/bin/mayfly-accept "
	              "/usr/bin/mayfly-accept /usr/bin/mayfly --root %s",
	              root);
	finds("mayfly-accept cannot serve: mayfly: no\n");
	machine.handler_status = -1;
	finds("the options of mayfly-accept are not checked: it could not be run, or did not end "
	      "by itself\n");
}

static void test_logs_that_go_nowhere(void **state)
{
	(void)state;
	bus_texts_add(EXEC "--root %s --log stderr", root);
	finds_nothing();
	bus_texts_add("mayfly@mayflyctl.service StandardError null");
	finds("--log stderr: the unit has StandardError=null, so requests are not logged\n");
	bus_texts_add("mayfly@mayflyctl.service StandardError journal");
	bus_texts_add(EXEC "--root %s --log file:a", root);
	finds_nothing();
	bus_texts_add(EXEC "--root %s --log journal:a", root);
	finds_nothing();
	machine.faults[0] = (struct fault){
	    .call = "connect", .file = "/run/systemd/journal.a", .error = ECONNREFUSED};
	finds("--log journal:a: this journal namespace does not exist");
	machine.faults[0].error = ENOENT;
	finds("--log journal:a: this journal namespace does not exist");
	machine.faults[0].error = EMFILE;
	finds("the journal that handlers log to is not checked: Too many open files\n");
}

static void test_files_of_variables(void **state)
{
	(void)state;
	char name[96];
	(void)snprintf(name, sizeof name, "%s/variables", directory);
	bus_texts_add("mayfly@mayflyctl.service EnvironmentFiles %s 0", name);
	finds(
	    " is missing: systemd starts no handler\n    create it, or write EnvironmentFile=- in "
	    "the unit:\n    touch ");
	machine.faults[0] = (struct fault){.call = "access", .file = "variables", .error = EACCES};
	finds_nothing();
	machine.faults[0].call = NULL;
	make_file("variables", "MAYFLY_OPTION=a\n");
	finds(": no unit of Mayfly's uses MAYFLY_OPTION\n    write MAYFLY_OPTIONS\n");
	remove_file("variables");
	bus_texts_add("mayfly@mayflyctl.service EnvironmentFiles %s[a] 0", name);
	finds_nothing();
}

/* --- The running service. --- */

static void test_service_that_runs_with_other_options(void **state)
{
	(void)state;
	bus_texts_add("mayfly@mayflyctl.service MainPID %d", getpid());
	finds("mayfly@mayflyctl.service still runs with other options than it has now\n"
	      "    systemctl try-restart mayfly@mayflyctl.service\n");
	machine.faults[0] = (struct fault){.call = "fopen", .file = "/proc/", .error = EMFILE};
	assert_int_equal(RUN(command_check, "check"), 3);
	expect_in(run_out, "/cmdline: Too many open files\n");
	machine.faults[0] = (struct fault){.call = "ferror", .error = EIO};
	finds("/cmdline: Input/output error\n");
	machine.faults[0].error = ESRCH;
	finds("mayfly@mayflyctl.service still runs with other options than it has now\n");
	expect_not_in(run_out, "/cmdline");
	machine.faults[0].call = NULL;
	bus_texts_add("mayfly@mayflyctl.service MainPID 999999999");
	finds_nothing();
	machine.redirected = "/proc/999999999/cmdline";
	make_file("redirected", "");
	finds_nothing();
	remove_file("redirected");
}

static void test_services_of_timers(void **state)
{
	(void)state;
	bus_texts_add("mayfly-report.service ActiveState failed");
	finds("mayfly-report.service failed when it last ran: unknown\n    see why, correct that, "
	      "and start the service:\n");
	bus_texts_add("mayfly-report.service Result exit-code");
	finds("mayfly-report.service failed when it last ran: exit-code\n");
	bus_texts_add("mayfly-report.service ActiveState ?");
	finds_nothing();
	bus_texts_add("mayfly-report.service AssertTimestampMonotonic 1");
	finds_nothing();
	bus_texts_add("mayfly-report.timer ActiveState active");
	finds("mayfly-report.timer has no effect: an assertion of mayfly-report.service fails\n");
	bus_texts_add("mayfly-report.service AssertResult 1");
	finds_nothing();
}

/* --- Several sites. --- */

static void test_sockets_of_further_sites(void **state)
{
	(void)state;
	add_blog();
	bus_texts_add("mayfly-site-blog.socket ActiveState inactive");
	assert_int_equal(RUN(command_check, "check"), 2);
	expect_in(run_out,
	          "mayfly-site-blog.socket is inactive: no client is served\n    systemctl "
	          "restart mayfly-site-blog.socket\n");
	bus_texts_add("mayfly-site-blog.socket ActiveState ?");
	finds("mayfly-site-blog.socket is in an unknown state: no client is served\n");
	bus_texts_add("mayfly-site-blog.socket UnitFileState disabled");
	finds_nothing();
	assert_int_equal(RUN(command_check, "check", "--site", "blog"), 0);
	bus_texts_add("mayfly-site-blog.socket UnitFileState ?");
	finds_nothing();
	bus_texts_add("mayfly-site-blog.socket ActiveState active");
	bus_texts_add("mayfly-site-blog@mayflyctl.service ExecStart /usr/bin/mayfly "
	              "/usr/bin/mayfly --hits /tmp/hits");
	finds_nothing();
	bus_texts_add("mayfly-site-blog@mayflyctl.service ExecStart /bin/other /bin/other");
	finds_nothing();
}

static void test_problem_of_several_sites_is_printed_once(void **state)
{
	(void)state;
	add_blog();
	machine.handler_status = -1;
	assert_int_equal(RUN(command_check, "check"), 1);
	assert_string_equal(run_out,
	                    "the options of mayfly are not checked: it could not be run, or "
	                    "did not end by itself\n    check again:\n    mayflyctl check\n");
	assert_int_equal(RUN(command_check, "check", "-q"), 1);
	assert_string_equal(run_out, "WARNING: the options of mayfly are not checked: it could not "
	                             "be run, or did not end by itself\n");
	machine.handler_status = PROGRAM_NOT_EXECUTED;
	bus_texts_add("mayfly-site-blog@mayflyctl.service User mayfly");
	assert_int_equal(RUN(command_check, "check", "-q"), 2);
	assert_string_equal(run_out, "CRITICAL: user mayfly cannot execute /usr/bin/mayfly\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_good_machine, reset_machine),
	    cmocka_unit_test_setup(test_machine_without_a_bus, reset_machine),
	    cmocka_unit_test_setup(test_values_of_variables, reset_machine),
	    cmocka_unit_test_setup(test_command_line_with_other_dollar_signs_is_unclear,
	                           reset_machine),
	    cmocka_unit_test_setup(test_user_is_that_of_the_unit_or_of_a_program_before_the_handler,
	                           reset_machine),
	    cmocka_unit_test_setup(test_busy_site_is_checked_if_only_its_socket_is_enabled,
	                           reset_machine),
	    cmocka_unit_test_setup(test_configuration_that_cannot_be_read, reset_machine),
	    cmocka_unit_test_setup(test_each_failing_query_is_reported, reset_machine),
	    cmocka_unit_test_setup(test_names_of_sockets_that_are_no_sites, reset_machine),
	    cmocka_unit_test_setup(test_options_of_the_handler, reset_machine),
	    cmocka_unit_test_setup(test_logs_that_go_nowhere, reset_machine),
	    cmocka_unit_test_setup(test_files_of_variables, reset_machine),
	    cmocka_unit_test_setup(test_service_that_runs_with_other_options, reset_machine),
	    cmocka_unit_test_setup(test_services_of_timers, reset_machine),
	    cmocka_unit_test_setup(test_sockets_of_further_sites, reset_machine),
	    cmocka_unit_test_setup(test_problem_of_several_sites_is_printed_once, reset_machine),
	};
	return cmocka_run_group_tests(tests, make_directories, remove_directories);
}
