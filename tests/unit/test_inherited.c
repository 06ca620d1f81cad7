/*
 * mayfly-accept: the record of handlers that outlives a restart, and the inherited handlers in it.
 */
#include "mayfly-accept/handler_record.h"
#include "mayfly-accept/inherited.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CHILDREN = 6 };

static pid_t children[CHILDREN];

/* The errno of pidfd_open(2); 0: the system decides. */
static int pidfd_error;

/* In place of the C library's. */
int pidfd_open(pid_t process, unsigned flags)
{
	if (pidfd_error == 0)
		return (int)syscall(SYS_pidfd_open, process, flags);
	errno = pidfd_error;
	return -1;
}

/* Starts a process that runs until it is killed, in place of a handler. */
static pid_t start_child(void)
{
	pid_t child = fork();
	if (child == 0)
		for (;;)
			(void)pause();
	assert_true(child > 0);
	return child;
}

/* Whether the child still runs. A child that was killed remains a zombie. */
static bool runs(pid_t child)
{
	siginfo_t info = {0};
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	assert_true(info.si_pid == 0 || info.si_status == SIGKILL);
	return info.si_pid == 0;
}

/* Waits until the child has exited, at most ten seconds. */
static void await_end(pid_t child)
{
	for (int i = 0; i < 10000 && runs(child); i++)
		(void)usleep(1000);
	assert_false(runs(child));
}

/*
 * Makes a record in which the first `older` children are inherited, youngest first, and
 * the others own.
 */
static struct handler_record *make_record(size_t older)
{
	struct handler_record *record = handler_record_open(-1);
	assert_non_null(record);
	for (size_t i = 0; i < CHILDREN; i++) {
		struct handler handler = {.process = children[i],
		                          .started_us = i < older ? 100 - (int64_t)i : 200};
		handler_table_add(i < older ? &record->inherited : &record->own, &handler);
	}
	return record;
}

/* A test is killed after a minute. */
static int start_children(void **state)
{
	(void)state;
	alarm(60);
	for (size_t i = 0; i < CHILDREN; i++)
		children[i] = start_child();
	return 0;
}

static int end_children(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHILDREN; i++) {
		(void)kill(children[i], SIGKILL);
		(void)waitpid(children[i], NULL, 0);
	}
	return 0;
}

static void test_all_handlers_are_adopted_if_there_is_room(void **state)
{
	(void)state;
	static struct inherited inherited;
	struct handler_record *record = make_record(2);
	assert_int_equal(inherited_adopt(&inherited, record, CHILDREN), 0);
	assert_int_equal(record->own.count, 0);
	assert_int_equal(record->inherited.count, CHILDREN);
	inherited_reap(&inherited);
	assert_int_equal(record->inherited.count, CHILDREN);
	for (size_t i = 0; i < CHILDREN; i++)
		assert_true(runs(children[i]));
}

static void test_oldest_handlers_are_killed_if_there_are_too_many(void **state)
{
	(void)state;
	static struct inherited inherited;
	struct handler_record *record = make_record(3);
	assert_int_equal(inherited_adopt(&inherited, record, 4), 2);
	assert_int_equal(record->inherited.count, 4);
	await_end(children[1]);
	await_end(children[2]);
	assert_true(runs(children[0]));
	for (size_t i = 3; i < CHILDREN; i++)
		assert_true(runs(children[i]));
	/* Those that took the places of killed ones are watched. */
	inherited_reap(&inherited);
	assert_int_equal(record->inherited.count, 4);
	(void)kill(children[3], SIGKILL);
	await_end(children[3]);
	inherited_reap(&inherited);
	assert_int_equal(record->inherited.count, 3);
	assert_int_equal(handler_table_find(&record->inherited, children[3]), 3);
}

static void test_handlers_of_the_replaced_process_are_not_killed(void **state)
{
	(void)state;
	static struct inherited inherited;
	struct handler_record *record = make_record(2);
	assert_int_equal(inherited_adopt(&inherited, record, 1), 2);
	assert_int_equal(record->inherited.count, CHILDREN - 2);
	await_end(children[0]);
	await_end(children[1]);
	for (size_t i = 2; i < CHILDREN; i++)
		assert_true(runs(children[i]));
}

static void test_exited_handlers_are_removed(void **state)
{
	(void)state;
	static struct inherited inherited;
	struct handler_record *record = make_record(1);
	(void)kill(children[0], SIGKILL);
	(void)waitpid(children[0], NULL, 0);
	assert_int_equal(inherited_adopt(&inherited, record, CHILDREN), 0);
	assert_int_equal(record->inherited.count, CHILDREN - 1);
	inherited_kill(&inherited, handler_table_find(&record->inherited, children[3]));
	inherited_kill(&inherited, handler_table_find(&record->inherited, children[4]));
	await_end(children[3]);
	await_end(children[4]);
	inherited_reap(&inherited);
	assert_int_equal(record->inherited.count, CHILDREN - 3);
	assert_int_equal(handler_table_find(&record->inherited, children[3]), CHILDREN - 3);
	/* The table and the watched descriptors still match. */
	inherited_kill(&inherited, handler_table_find(&record->inherited, children[5]));
	await_end(children[5]);
	assert_true(runs(children[1]) && runs(children[2]));
	for (size_t i = 2; i > 0; i--) {
		inherited_reap(&inherited);
		assert_int_equal(record->inherited.count, i);
		inherited_kill(&inherited, handler_table_find(&record->inherited, children[i]));
		await_end(children[i]);
	}
	inherited_reap(&inherited);
	assert_int_equal(record->inherited.count, 0);
}

enum { DESCRIPTORS_MAX = 64 };

/* Uses up the descriptors of this process. Returns how many it has opened; they are in `opened`. */
static size_t use_up_descriptors(int opened[DESCRIPTORS_MAX])
{
	struct rlimit few = {DESCRIPTORS_MAX, DESCRIPTORS_MAX};
	size_t count = 0;
	int next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	while ((next = dup(STDERR_FILENO)) >= 0)
		opened[count++] = next;
	return count;
}

static void test_handlers_that_cannot_be_watched_are_not_forgotten(void **state)
{
	(void)state;
	static struct inherited inherited;
	struct handler_record *record = make_record(2);
	int opened[DESCRIPTORS_MAX];
	size_t count = use_up_descriptors(opened);
	assert_int_equal(inherited_adopt(&inherited, record, CHILDREN), 0);
	assert_int_equal(record->inherited.count, CHILDREN);
	assert_false(inherited_kill(&inherited, 0));
	inherited_kill_all(&inherited);
	for (size_t i = 0; i < CHILDREN; i++)
		assert_false(record->inherited.handlers[i].killed);
	inherited_reap(&inherited);
	assert_int_equal(record->inherited.count, CHILDREN);
	while (count > 0)
		(void)close(opened[--count]);
	inherited_reap(&inherited);
	assert_true(inherited_kill(&inherited, 0));
	await_end(children[0]);
	inherited_reap(&inherited);
	assert_int_equal(record->inherited.count, CHILDREN - 1);
	inherited_kill_all(&inherited);
	for (size_t i = 1; i < CHILDREN; i++)
		await_end(children[i]);
	inherited_reap(&inherited);
	assert_int_equal(record->inherited.count, 0);
}

static void test_exits_are_noticed_although_fewer_descriptors_are_allowed(void **state)
{
	(void)state;
	static struct inherited inherited;
	struct rlimit limit, few;
	struct handler_record *record = make_record(2);
	assert_int_equal(inherited_adopt(&inherited, record, CHILDREN), 0);
	(void)kill(children[3], SIGKILL);
	await_end(children[3]);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){CHILDREN / 2, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	inherited_reap(&inherited);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(record->inherited.count, CHILDREN - 1);
}

static void test_handlers_are_not_forgotten_while_the_system_is_short(void **state)
{
	static const int ERRORS[] = {EMFILE, ENFILE, ENOMEM};
	(void)state;
	static struct inherited inherited;
	struct handler_record *record = make_record(2);
	for (size_t i = 0; i < sizeof ERRORS / sizeof ERRORS[0]; i++) {
		pidfd_error = ERRORS[i];
		assert_int_equal(inherited_adopt(&inherited, record, CHILDREN), 0);
		assert_int_equal(record->inherited.count, CHILDREN);
	}
	pidfd_error = ESRCH; /* it has exited */
	inherited_kill(&inherited, 0);
	assert_false(record->inherited.handlers[0].killed);
	inherited_reap(&inherited);
	assert_int_equal(record->inherited.count, 0);
	pidfd_error = 0;
}

static void test_unknown_handlers_have_a_limit(void **state)
{
	(void)state;
	struct handler_record *record = handler_record_open(-1);
	for (size_t i = 0; i < HANDLERS_MAX - 1; i++)
		handler_table_add(&record->inherited, &(struct handler){.process = 7});
	inherited_add_unknown(record, 8, 300);
	assert_int_equal(record->inherited.count, HANDLERS_MAX);
	inherited_add_unknown(record, 9, 300);
	assert_int_equal(record->inherited.count, HANDLERS_MAX);
}

static void test_unknown_handler_is_added_once(void **state)
{
	(void)state;
	static struct inherited inherited;
	struct handler_record *record = make_record(1);
	pid_t unknown = start_child();
	for (size_t i = 0; i < CHILDREN; i++)
		inherited_add_unknown(record, children[i], 300);
	inherited_add_unknown(record, unknown, 300);
	assert_int_equal(inherited_adopt(&inherited, record, CHILDREN), 1);
	assert_int_equal(record->inherited.count, CHILDREN);
	await_end(children[0]); /* the oldest */
	size_t index = handler_table_find(&record->inherited, unknown);
	assert_int_equal(record->inherited.handlers[index].started_us, 300);
	inherited_kill(&inherited, index);
	await_end(unknown);
	assert_int_equal(waitpid(unknown, NULL, 0), unknown);
}

/* Makes a memory file of this size, as systemd would pass one. */
static int make_file(off_t size)
{
	int file = memfd_create("test", MFD_CLOEXEC);
	assert_int_equal(ftruncate(file, size), 0);
	return file;
}

/* Makes a memory file with an empty record. */
static int make_record_file(void)
{
	uint64_t layout = HANDLER_RECORD_LAYOUT;
	int file = make_file(sizeof(struct handler_record));
	assert_int_equal(pwrite(file, &layout, sizeof layout, 0), sizeof layout);
	return file;
}

static void test_record_outlives_its_mapping(void **state)
{
	(void)state;
	int file = make_record_file();
	struct handler_record *record = handler_record_open(file);
	handler_table_add(&record->own, &(struct handler){.process = 7});
	assert_int_equal(munmap(record, sizeof *record), 0);
	record = handler_record_open(file);
	assert_int_equal(record->own.count, 1);
	assert_int_equal(record->own.handlers[0].process, 7);
}

static void test_invalid_record_is_replaced(void **state)
{
	(void)state;
	struct handler_record *record = handler_record_open(make_file(4096));
	assert_non_null(record);
	assert_int_equal(record->own.count + record->inherited.count, 0);

	int file = make_record_file();
	handler_record_open(file)->inherited.count = HANDLERS_MAX + 1;
	assert_int_equal(handler_record_open(file)->inherited.count, 0);

	file = make_record_file();
	record = handler_record_open(file);
	record->own.count = 1;
	record->layout++;
	assert_int_equal(handler_record_open(file)->own.count, 0);
	file = make_record_file();
	handler_record_open(file)->own.count = HANDLERS_MAX + 1;
	assert_int_equal(handler_record_open(file)->own.count, 0);
	assert_non_null(handler_record_open(STDIN_FILENO));
}

static void test_process_of_another_namespace_is_not_adopted(void **state)
{
	(void)state;
	static struct inherited inherited;
	struct handler_record *record = handler_record_open(-1);
	inherited_add_unknown(record, 0, 7);
	assert_int_equal(record->inherited.count, 1);
	assert_int_equal(inherited_adopt(&inherited, record, CHILDREN), 0);
	assert_int_equal(record->inherited.count, 0);
}

static void test_record_that_cannot_be_read_is_replaced(void **state)
{
	(void)state;
	char name[64];
	int file = make_record_file();
	handler_record_open(file)->own.count = 1;
	assert_int_equal(handler_record_open(file)->own.count, 1);
	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", file);
	int read_only = open(name, O_RDONLY | O_CLOEXEC);
	assert_int_equal(handler_record_open(read_only)->own.count, 0);
	assert_int_equal(close(read_only), 0);
	assert_int_equal(handler_record_open(read_only)->own.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_all_handlers_are_adopted_if_there_is_room,
	                                    start_children, end_children),
	    cmocka_unit_test_setup_teardown(test_oldest_handlers_are_killed_if_there_are_too_many,
	                                    start_children, end_children),
	    cmocka_unit_test_setup_teardown(test_handlers_of_the_replaced_process_are_not_killed,
	                                    start_children, end_children),
	    cmocka_unit_test_setup_teardown(test_exited_handlers_are_removed, start_children,
	                                    end_children),
	    cmocka_unit_test_setup_teardown(test_handlers_that_cannot_be_watched_are_not_forgotten,
	                                    start_children, end_children),
	    cmocka_unit_test_setup_teardown(test_unknown_handler_is_added_once, start_children,
	                                    end_children),
	    cmocka_unit_test_setup_teardown(
	        test_exits_are_noticed_although_fewer_descriptors_are_allowed, start_children,
	        end_children),
	    cmocka_unit_test_setup_teardown(
	        test_handlers_are_not_forgotten_while_the_system_is_short, start_children,
	        end_children),
	    cmocka_unit_test(test_unknown_handlers_have_a_limit),
	    cmocka_unit_test(test_process_of_another_namespace_is_not_adopted),
	    cmocka_unit_test(test_record_that_cannot_be_read_is_replaced),
	    cmocka_unit_test(test_record_outlives_its_mapping),
	    cmocka_unit_test(test_invalid_record_is_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
