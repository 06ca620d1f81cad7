/*
 * Running another program: what the child process does before it becomes the program, and what the parent process says if a
 * system call fails. fork(2) returns in this process as in the child, which ends by a jump.
 */
#include "mayflyctl/child.h"
#include "mayflyctl/program.h"
#include "mayflyctl/user.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CHILD = 77 };

static struct {
	const char *failing; /* the function that fails */
	pid_t forked;        /* what fork(2) returns; 0: this is the child */
	bool is_armed;       /* the functions here are those of a test */
	uid_t user;
	bool has_no_user;
	char calls[512];
	unsigned interruptions; /* how many calls of waitpid(2) will be interrupted */
	int status;             /* of the child, as waitpid(2) returns it */
	unsigned reads;         /* so many succeed: they read nothing */
	size_t wanted;          /* bytes by the last call of read(2) */
} machine;

static jmp_buf ended;

static int reset_machine(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	machine.is_armed = true;
	return 0;
}

static int disarm(void **state)
{
	(void)state;
	machine.is_armed = false;
	return 0;
}

/* Notes a call. Returns whether it fails. */
static bool fails(const char *function, long argument)
{
	size_t length = strlen(machine.calls);
	errno = EIO;
	(void)snprintf(machine.calls + length, sizeof machine.calls - length, "%s %ld\n", function,
	               argument);
	return machine.failing != NULL && strcmp(machine.failing, function) == 0;
}

/* The program's, in place of the C library's and of other parts of it. */
pid_t fork(void)
{
	if (!machine.is_armed)
		return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	errno = EAGAIN;
	return machine.forked;
}

_Noreturn void _exit(int status)
{
	if (machine.is_armed)
		longjmp(ended, 1000 + status);
	for (;;)
		(void)syscall(SYS_exit_group, status);
}

pid_t waitpid(pid_t child, int *status, int options)
{
	if (!machine.is_armed)
		return (pid_t)syscall(SYS_wait4, child, status, options, NULL);
	if (machine.interruptions > 0) {
		machine.interruptions--;
		errno = EINTR;
		return -1;
	}
	assert_int_equal(child, CHILD);
	*status = machine.status;
	return fails("waitpid", child) ? -1 : child;
}

ssize_t read(int file, void *bytes, size_t size)
{
	if (!machine.is_armed)
		return syscall(SYS_read, file, bytes, size);
	machine.wanted = size;
	errno = EIO;
	return machine.failing != NULL && strcmp(machine.failing, "read") == 0 &&
	               machine.reads-- == 0
	           ? -1
	           : 0;
}

int pipe2(int ends[2], int flags)
{
	return fails("pipe2", flags == O_CLOEXEC) ? -1 : (int)syscall(SYS_pipe2, ends, flags);
}

int dup2(int from, int to)
{
	if (!machine.is_armed)
		return (int)syscall(SYS_dup3, from, to, 0);
	return fails("dup2", to) ? -1 : to;
}

unsigned alarm(unsigned seconds)
{
	(void)fails("alarm", seconds);
	return 0;
}

uid_t getuid(void)
{
	return machine.user;
}

const struct passwd *user_find(const char *name)
{
	static const struct passwd user = {.pw_uid = 400, .pw_gid = 401};
	assert_string_equal(name, "mayfly");
	return machine.has_no_user ? NULL : &user;
}

int initgroups(const char *name, gid_t group)
{
	assert_string_equal(name, "mayfly");
	return fails("initgroups", group) ? -1 : 0;
}

int setgid(gid_t group)
{
	return fails("setgid", group) ? -1 : 0;
}

int setuid(uid_t user)
{
	return fails("setuid", user) ? -1 : 0;
}

/*
 * Runs a program, with a user or without. Returns its exit status; 1000 more if this process, as the child, has called
 * _exit.
 */
static int run(const struct unit_config *user, int output)
{
	static const char *const ARGUMENTS[] = {"/nowhere/program", NULL};
	char text[16] = "not empty";
	const struct program program = {ARGUMENTS, ARGUMENTS + 1, user, output};
	machine.calls[0] = '\0';
	int status = setjmp(ended);
	if (status == 0)
		status = program_run(&program, text, sizeof text);
	assert_string_equal(text, "");
	return status;
}

static const struct unit_config CONFIG = {.user = "mayfly"};

static void test_child_has_only_its_output(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, STDERR_FILENO), 1000 + PROGRAM_NOT_EXECUTED);
	assert_string_equal(machine.calls, "pipe2 1\ndup2 0\ndup2 1\ndup2 2\nalarm 30\n");
	assert_int_equal(run(NULL, STDOUT_FILENO), 1000 + PROGRAM_NOT_EXECUTED);
	assert_string_equal(machine.calls, "pipe2 1\ndup2 0\ndup2 2\ndup2 1\nalarm 30\n");
}

static void test_child_has_the_rights_of_the_user(void **state)
{
	(void)state;
	assert_int_equal(run(&CONFIG, STDERR_FILENO), 1000 + PROGRAM_NOT_EXECUTED);
	assert_string_equal(machine.calls, "pipe2 1\ndup2 0\ninitgroups 401\nsetgid 401\nsetuid "
	                                   "400\ndup2 1\ndup2 2\nalarm 30\n");
	machine.user = 1000;
	assert_int_equal(run(&CONFIG, STDERR_FILENO), 1000 + PROGRAM_NOT_EXECUTED);
	assert_string_equal(machine.calls, "pipe2 1\ndup2 0\ndup2 1\ndup2 2\nalarm 30\n");
}

static void test_child_without_these_rights_runs_nothing(void **state)
{
	static const char *const FAILING[] = {"dup2", "initgroups", "setgid", "setuid"};
	(void)state;
	for (size_t i = 0; i < sizeof FAILING / sizeof FAILING[0]; i++) {
		machine.failing = FAILING[i];
		assert_int_equal(run(&CONFIG, STDERR_FILENO), 1000 + PROGRAM_NOT_STARTED);
		assert_null(strstr(machine.calls, "alarm"));
	}
	machine.failing = NULL;
	machine.has_no_user = true;
	assert_int_equal(run(&CONFIG, STDERR_FILENO), 1000 + PROGRAM_NOT_STARTED);
	assert_null(strstr(machine.calls, "setuid"));
}

static int end_child(int error)
{
	int status = setjmp(ended);
	if (status == 0)
		program_not_executed(error);
	return status;
}

static void test_status_of_a_program_that_is_not_executed(void **state)
{
	static const struct {
		int error, status;
	} CASES[] = {{ENOENT, PROGRAM_NOT_EXECUTED},
	             {EACCES, PROGRAM_NOT_EXECUTED},
	             {ENOEXEC, PROGRAM_NOT_EXECUTED},
	             {ENOMEM, PROGRAM_NOT_STARTED}};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		assert_int_equal(end_child(CASES[i].error), 1000 + CASES[i].status);
}

static void test_status_of_a_child(void **state)
{
	(void)state;
	machine.forked = CHILD;
	machine.interruptions = 2;
	machine.status = 7 << 8;
	assert_int_equal(run(NULL, STDERR_FILENO), 7);
	assert_int_equal(machine.interruptions, 0);
	assert_int_equal(machine.wanted, 15); /* of 16 bytes: the last one is for NUL */
	machine.status = PROGRAM_NOT_STARTED << 8;
	assert_int_equal(run(NULL, STDERR_FILENO), -1);
	machine.status = SIGKILL;
	assert_int_equal(run(NULL, STDERR_FILENO), -1);
	machine.status = 0;
	assert_int_equal(run(NULL, STDERR_FILENO), 0);
	machine.failing = "waitpid";
	assert_int_equal(run(NULL, STDERR_FILENO), -1);
	machine.failing = "read";
	assert_int_equal(run(NULL, STDERR_FILENO), -1);
	machine.failing = "pipe2";
	assert_int_equal(run(NULL, STDERR_FILENO), -1);
	machine.failing = NULL;
	machine.forked = -1;
	assert_int_equal(run(NULL, STDERR_FILENO), -1);
}

static int run_child(void)
{
	static const char *const ARGUMENTS[] = {"/nowhere/program", NULL};
	char text[16], **environment = environ;
	machine.calls[0] = '\0';
	int status = setjmp(ended);
	environ = environment; /* the child has another */
	return status != 0 ? status : child_run(ARGUMENTS, "input", 5, text, sizeof text);
}

static void test_child_with_input(void **state)
{
	(void)state;
	assert_int_equal(run_child(), 1000 + PROGRAM_NOT_EXECUTED);
	assert_string_equal(machine.calls, "pipe2 1\npipe2 1\ndup2 0\ndup2 1\ndup2 2\nalarm 5\n");
	machine.forked = CHILD;
	assert_int_equal(run_child(), 0);
	machine.status = PROGRAM_NOT_STARTED << 8;
	assert_int_equal(run_child(), -1);
	machine.status = 0;
	machine.failing = "read";
	for (unsigned reads = 0; reads < 2; reads++) {
		machine.reads = reads;
		assert_int_equal(run_child(), -1);
	}
	machine.failing = NULL;
	machine.forked = -1;
	assert_int_equal(run_child(), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_child_has_only_its_output, reset_machine, disarm),
	    cmocka_unit_test_setup_teardown(test_child_has_the_rights_of_the_user, reset_machine,
	                                    disarm),
	    cmocka_unit_test_setup_teardown(test_child_without_these_rights_runs_nothing,
	                                    reset_machine, disarm),
	    cmocka_unit_test_setup_teardown(test_status_of_a_program_that_is_not_executed,
	                                    reset_machine, disarm),
	    cmocka_unit_test_setup_teardown(test_status_of_a_child, reset_machine, disarm),
	    cmocka_unit_test_setup_teardown(test_child_with_input, reset_machine, disarm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
