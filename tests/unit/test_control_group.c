/*
 * mayfly-accept: the processes of its control group. What systemd and the kernel say about it is under the test's
 * control.
 */
#include "mayfly-accept/control_group.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LISTS_MAX = 2, PROCESSES_MAX = 3 };

static struct {
	const char *group; /* NULL: unknown */
	const char *lists
	    [LISTS_MAX]; /* content of the files that are opened, in order; NULL: there is none */
	char names[LISTS_MAX][100]; /* that were opened */
	size_t opened;
} calls;

/* In place of libsystemd's. */
int sd_pid_get_cgroup(pid_t process, char **group);
int sd_pid_get_cgroup(pid_t process, char **group)
{
	assert_int_equal(process, 0);
	if (calls.group == NULL)
		return -ENODATA;
	*group = strdup(calls.group);
	return 0;
}

/* In place of the C library's. */
FILE *fopen(const char *name, const char *mode)
{
	assert_string_equal(mode, "re");
	assert_in_range(calls.opened, 0, LISTS_MAX - 1);
	(void)snprintf(calls.names[calls.opened], sizeof calls.names[0], "%s", name);
	char *list = (char *)(uintptr_t)calls.lists[calls.opened++];
	return list != NULL ? fmemopen(list, strlen(list), "r") : NULL;
}

/* As if started by systemd itself. */
static int reset(void **state)
{
	char process[24];
	(void)state;
	memset(&calls, 0, sizeof calls);
	(void)snprintf(process, sizeof process, "%d", (int)getpid());
	return setenv("SYSTEMD_EXEC_PID", process, 1);
}

static void expect_processes(size_t count, const pid_t *expected)
{
	pid_t processes[PROCESSES_MAX] = {0};
	assert_int_equal(control_group_list(processes, PROCESSES_MAX), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(processes[i], expected[i]);
}

static void test_processes_of_the_unified_hierarchy_are_listed(void **state)
{
	(void)state;
	calls.group = "/a/b";
	calls.lists[0] = "7\n4194304\n";
	expect_processes(2, (pid_t[]){7, 4194304});
	assert_string_equal(calls.names[0], "/sys/fs/cgroup/a/b/cgroup.procs");
	assert_int_equal(calls.opened, 1);
}

static void test_version_1_has_a_hierarchy_of_systemd(void **state)
{
	(void)state;
	calls.group = "/a/b";
	calls.lists[1] = "7\n";
	expect_processes(1, (pid_t[]){7});
	assert_string_equal(calls.names[1], "/sys/fs/cgroup/systemd/a/b/cgroup.procs");
}

static void test_list_ends_with_the_room_for_it(void **state)
{
	(void)state;
	calls.group = "/a";
	calls.lists[0] = "1\n2\n3\n4\n";
	expect_processes(PROCESSES_MAX, (pid_t[]){1, 2, 3});
}

static void test_list_that_cannot_be_read_is_empty(void **state)
{
	static char longest[5000];
	(void)state;
	calls.group = "/a";
	expect_processes(0, NULL);
	assert_int_equal(calls.opened, 2);
	calls.group = NULL;
	expect_processes(0, NULL);
	memset(longest, 'a', sizeof longest - 1);
	calls.group = longest;
	expect_processes(0, NULL);
	assert_int_equal(calls.opened, 2);
}

/* The group of another process's service may hold anything. */
static void test_group_counts_only_if_systemd_started_this_process(void **state)
{
	(void)state;
	calls.group = "/a";
	calls.lists[0] = "7\n";
	assert_int_equal(setenv("SYSTEMD_EXEC_PID", "1", 1), 0);
	expect_processes(0, NULL);
	assert_int_equal(unsetenv("SYSTEMD_EXEC_PID"), 0);
	expect_processes(0, NULL);
	assert_int_equal(calls.opened, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_processes_of_the_unified_hierarchy_are_listed, reset),
	    cmocka_unit_test_setup(test_version_1_has_a_hierarchy_of_systemd, reset),
	    cmocka_unit_test_setup(test_list_ends_with_the_room_for_it, reset),
	    cmocka_unit_test_setup(test_list_that_cannot_be_read_is_empty, reset),
	    cmocka_unit_test_setup(test_group_counts_only_if_systemd_started_this_process, reset),
	};
	return cmocka_run_group_tests_name("control_group", tests, NULL, NULL);
}
