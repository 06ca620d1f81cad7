/* mayfly-accept: clients and their networks, the table of handlers, the command line, and calls that fail. */
#include "mayfly-accept/accept_options.h"
#include "mayfly-accept/acceptor.h"
#include "mayfly-accept/client.h"
#include "mayfly-accept/handler_table.h"
#include "mayfly-accept/spawner.h"
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct client client_of_in(const char *text)
{
	union socket_address address = {.in = {.sin_family = AF_INET, .sin_port = htons(51034)}};
	struct client client;
	assert_int_equal(inet_pton(AF_INET, text, &address.in.sin_addr), 1);
	client_read(&client, &address);
	return client;
}

static struct client client_of_in6(const char *text)
{
	union socket_address address = {
	    .in6 = {.sin6_family = AF_INET6, .sin6_port = htons(65535)}};
	struct client client;
	assert_int_equal(inet_pton(AF_INET6, text, &address.in6.sin6_addr), 1);
	client_read(&client, &address);
	return client;
}

static void test_address_and_port_are_printed(void **state)
{
	(void)state;
	struct client client = client_of_in("192.0.2.7");
	assert_string_equal(client.address, "192.0.2.7");
	assert_string_equal(client.port, "51034");
	client = client_of_in6("2001:DB8:0:0::7");
	assert_string_equal(client.address, "2001:db8::7");
	assert_string_equal(client.port, "65535");
	client = client_of_in6("1111:2222:3333:4444:5555:6666:7777:8888");
	assert_string_equal(client.address, "1111:2222:3333:4444:5555:6666:7777:8888");
	client = client_of_in6("::ffff:255.255.255.255");
	assert_string_equal(client.address, "255.255.255.255");
	assert_string_equal(client.port, "65535");
}

static void test_clients_of_an_ipv4_address_or_64_share_a_network(void **state)
{
	(void)state;
	assert_true(client_of_in("192.0.2.7").network == client_of_in("192.0.2.7").network);
	assert_true(client_of_in("192.0.2.7").network == client_of_in6("::ffff:192.0.2.7").network);
	assert_true(client_of_in("192.0.2.7").network != client_of_in("192.0.2.8").network);
	assert_true(client_of_in("192.0.2.7").network != client_of_in("193.0.2.7").network);
	assert_true(client_of_in6("2001:db8:1:2::1").network ==
	            client_of_in6("2001:db8:1:2:ffff:ffff:ffff:ffff").network);
	assert_true(client_of_in6("2001:db8:1:2::1").network !=
	            client_of_in6("2001:db8:1:3::1").network);
	assert_true(client_of_in6("2001:db8:1:2::1").network !=
	            client_of_in6("3001:db8:1:2::1").network);
	/* 32.1.13.184 has the first bytes of 2001:db8::/32. */
	assert_true(client_of_in("32.1.13.184").network != client_of_in6("2001:db8::1").network);
}

static void test_unix_client_has_no_address_and_its_own_network(void **state)
{
	(void)state;
	union socket_address address = {.any = {.sa_family = AF_UNIX, .sa_data = "/run/x"}};
	struct client client;
	client_read(&client, &address);
	assert_string_equal(client.address, "-");
	assert_string_equal(client.port, "-");
	assert_true(client.network != client_of_in("255.255.255.255").network);
	assert_true(client.network != client_of_in6("::1").network);
}

/* Adds a handler with this process id and network, started at this time in microseconds. */
static void add(struct handler_table *table, pid_t process, uint64_t network, int64_t started_us)
{
	handler_table_add(
	    table,
	    &(struct handler){.process = process, .network = network, .started_us = started_us});
}

static void test_handlers_are_counted_by_network(void **state)
{
	(void)state;
	static struct handler_table table;
	add(&table, 11, 1, 0);
	add(&table, 12, 2, 0);
	add(&table, 13, 1, 0);
	assert_int_equal(handler_table_count_network(&table, 1), 2);
	assert_int_equal(handler_table_count_network(&table, 2), 1);
	assert_int_equal(handler_table_count_network(&table, 3), 0);

	handler_table_remove(&table, handler_table_find(&table, 11));
	assert_int_equal(handler_table_find(&table, 11), table.count);
	assert_int_equal(table.count, 2);
	assert_int_equal(handler_table_count_network(&table, 1), 1);
	assert_int_equal(handler_table_count_network(&table, 2), 1);

	handler_table_remove(&table, handler_table_find(&table, 12));
	handler_table_remove(&table, handler_table_find(&table, 13));
	assert_int_equal(handler_table_count_network(&table, 1), 0);
	assert_int_equal(table.count, 0);
}

static void test_oldest_handler_is_the_one_started_first(void **state)
{
	(void)state;
	static struct handler_table table;
	assert_int_equal(handler_table_oldest(&table), 0);
	add(&table, 11, 1, 300);
	add(&table, 12, 1, 100);
	add(&table, 13, 1, 200);
	assert_int_equal(table.handlers[handler_table_oldest(&table)].process, 12);
	handler_table_remove(&table, 1);
	assert_int_equal(table.handlers[handler_table_oldest(&table)].process, 13);
}

static void test_full_table_can_be_emptied(void **state)
{
	(void)state;
	static struct handler_table table;
	for (pid_t process = 1; process <= HANDLER_TABLE_MAX; process++)
		add(&table, process, (uint64_t)process % 4, process);
	assert_int_equal(handler_table_count_network(&table, 0), HANDLER_TABLE_MAX / 4);
	for (pid_t process = HANDLER_TABLE_MAX; process >= 1; process -= 2)
		handler_table_remove(&table, handler_table_find(&table, process));
	for (pid_t process = 1; process <= HANDLER_TABLE_MAX; process += 2)
		handler_table_remove(&table, handler_table_find(&table, process));
	assert_int_equal(table.count, 0);
}

/* Starts a handler that cannot be executed, and returns why. */
static int failure_of_start(struct spawner *spawner, int connection, const char *address)
{
	struct client client = client_of_in(address);
	pid_t process = spawner_start(spawner, connection, &client);
	assert_int_not_equal(process, -1);
	assert_int_equal(waitpid(process, NULL, 0), process);
	memset(&client, 0, sizeof client);
	int error = spawner_failure(spawner, process, &client);
	assert_string_equal(client.address, address);
	assert_int_equal(spawner_failure(spawner, process, &client), 0);
	return error;
}

static void test_handler_needs_a_connection_and_a_program(void **state)
{
	(void)state;
	static struct spawner spawner;
	assert_true(spawner_open(&spawner, (char *[]){"/nowhere/mayfly", NULL}));
	assert_int_equal(failure_of_start(&spawner, STDERR_FILENO, "192.0.2.7"), ENOENT);
	assert_int_equal(failure_of_start(&spawner, -1, "192.0.2.8"), EBADF);
	free(spawner.environments);
}

/* As many as can fail at once are reported; none is lost when there is no room for another. */
static void test_failures_are_kept_until_they_are_asked_for(void **state)
{
	(void)state;
	static struct spawner spawner;
	struct client client = client_of_in("192.0.2.7");
	pid_t processes[LAUNCHES_MAX];
	assert_true(spawner_open(&spawner, (char *[]){"/nowhere/mayfly", NULL}));
	for (size_t i = 0; i < LAUNCHES_MAX; i++) {
		processes[i] = spawner_start(&spawner, STDERR_FILENO, &client);
		assert_int_not_equal(processes[i], -1);
	}
	for (size_t i = 0; i < LAUNCHES_MAX; i++)
		assert_int_equal(waitpid(processes[i], NULL, 0), processes[i]);
	assert_int_equal(spawner_start(&spawner, STDERR_FILENO, &client), -1);
	assert_int_equal(errno, EAGAIN);
	for (size_t i = 0; i < LAUNCHES_MAX; i++)
		assert_int_equal(spawner_failure(&spawner, processes[i], &client), ENOENT);
	assert_int_equal(failure_of_start(&spawner, STDERR_FILENO, "192.0.2.9"), ENOENT);
	free(spawner.environments);
}

/* More than can be launched at once: each gets its own program, arguments and environment. */
static void test_many_handlers_start(void **state)
{
	(void)state;
	enum { HANDLERS = 200 };
	static struct spawner spawner;
	static pid_t processes[HANDLERS];
	char *command[] = {"/bin/sh", "-c", "exit $((REMOTE_PORT % 100))", NULL};
	assert_true(spawner_open(&spawner, command));
	for (int i = 0; i < HANDLERS; i++) {
		struct client client = client_of_in("192.0.2.7");
		(void)snprintf(client.port, sizeof client.port, "%d", 1000 + i);
		processes[i] = spawner_start(&spawner, STDERR_FILENO, &client);
		assert_int_not_equal(processes[i], -1);
	}
	for (int i = 0; i < HANDLERS; i++) {
		struct client client;
		int status;
		assert_int_equal(waitpid(processes[i], &status, 0), processes[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), i % 100);
		assert_int_equal(spawner_failure(&spawner, processes[i], &client), 0);
	}
	free(spawner.environments);
}

/* Parses a command line of one option and a handler. Returns its error, or an empty string. */
static const char *error_of(char *option)
{
	static char array[256];
	char *arguments[] = {"mayfly-accept", option, "/sbin/mayfly", NULL};
	struct accept_options options;
	memset(array, 0, sizeof array);
	struct buffer error = {array, sizeof array - 1, 0, false};
	optind = 0; /* restarts getopt_long(3) */
	bool parsed = accept_options_parse(3, arguments, &options, &error);
	assert_true(parsed == (array[0] == '\0'));
	return array;
}

static void test_number_out_of_range_is_an_error(void **state)
{
	(void)state;
	static const struct {
		char *option;
		const char *error;
	} CASES[] = {
	    {"--idle-exit=0", "--idle-exit: 0 is not in 1-31536000"},
	    {"--idle-exit=31536001", "--idle-exit: 31536001 is not in 1-31536000"},
	    {"--idle-exit=99999999999999999999",
	     "--idle-exit: 99999999999999999999 is not in 1-31536000"},
	    {"--handler-lifetime=", "--handler-lifetime:  is not in 1-31536000"},
	    {"--max-connections=16385", "--max-connections: 16385 is not in 1-16384"},
	    {"--max-per-source=1e3", "--max-per-source: 1e3 is not in 1-16384"},
	    {"--max-per-source=-1", "--max-per-source: -1 is not in 1-16384"},
	};
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		assert_string_equal(error_of(CASES[i].option), CASES[i].error);
}

static void test_options_are_set(void **state)
{
	(void)state;
	char *arguments[] = {"mayfly-accept",
	                     "--idle-exit",
	                     "31536000",
	                     "--handler-lifetime=1",
	                     "--max-connections",
	                     "16384",
	                     "--max-per-source",
	                     "0012",
	                     "--",
	                     "/sbin/mayfly",
	                     "--root",
	                     "/",
	                     NULL};
	struct accept_options options;
	struct buffer error = {NULL, 0, 0, false};
	optind = 0;
	assert_true(accept_options_parse(12, arguments, &options, &error));
	assert_int_equal(options.action, ACCEPT_SERVE);
	assert_int_equal(options.idle_exit, 31536000);
	assert_int_equal(options.handler_lifetime, 1);
	assert_int_equal(options.max_connections, 16384);
	assert_int_equal(options.max_per_source, 12);
	assert_ptr_equal(options.command, arguments + 9);
}

/* The calls that fail, or have no effect; and how many there were. */
static struct {
	bool accept4, calloc, kill, signalfd;
	unsigned accepts, kills, signalfds;
} broken;

/* The program's, in place of the C library's. */
int accept4(int listener, __SOCKADDR_ARG address, socklen_t *restrict size, int flags)
{
	broken.accepts++;
	errno = EMFILE;
	return broken.accept4
	           ? -1
	           : (int)syscall(SYS_accept4, listener, address.__sockaddr__, size, flags);
}

void *calloc(size_t count, size_t size)
{
	void *block = broken.calloc ? NULL : aligned_alloc(16, (count * size + 15) / 16 * 16);
	return block != NULL ? memset(block, 0, count * size) : NULL;
}

static int send_signal(pid_t process, int signal)
{
	return (int)syscall(SYS_kill, process, signal);
}

int kill(pid_t process, int signal)
{
	broken.kills++;
	return broken.kill ? 0 : send_signal(process, signal);
}

int signalfd(int file, const sigset_t *signals, int flags)
{
	broken.signalfds++;
	return broken.signalfd ? -1 : (int)syscall(SYS_signalfd4, file, signals, _NSIG / 8, flags);
}

static struct acceptor acceptor;
static int clients[2];

static int reset_acceptor(void **state)
{
	static char *command[] = {"/bin/sleep", "60", NULL};
	(void)state;
	(void)alarm(60); /* ends the program if a test hangs */
	memset(&broken, 0, sizeof broken);
	free(acceptor.spawner.environments);
	memset(&acceptor, 0, sizeof acceptor);
	acceptor.options = (struct accept_options){.idle_exit = 60,
	                                           .handler_lifetime = 60,
	                                           .max_connections = 4,
	                                           .max_per_source = 4,
	                                           .command = command};
	return 0;
}

/* Makes a descriptor a listening socket at which a client has connected. Returns the client. */
static int connect_to(int listener)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "test_accept-%d-%d",
	               (int)getpid(), listener);
	int created = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(created, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(created, 4), 0);
	assert_int_equal(dup2(created, listener), listener);
	if (created != listener)
		close(created);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
	return client;
}

/* Passes listening sockets to the acceptor, as systemd does, at each of which a client has connected. */
static void pass_sockets(int count)
{
	char number[24];
	for (int i = 0; i < count; i++) /* so that no client gets the number of a listener */
		assert_int_equal(dup2(STDERR_FILENO, SD_LISTEN_FDS_START + i),
		                 SD_LISTEN_FDS_START + i);
	for (int i = 0; i < count; i++)
		clients[i] = connect_to(SD_LISTEN_FDS_START + i);
	(void)snprintf(number, sizeof number, "%d", (int)getpid());
	assert_int_equal(setenv("LISTEN_PID", number, 1), 0);
	(void)snprintf(number, sizeof number, "%d", count);
	assert_int_equal(setenv("LISTEN_FDS", number, 1), 0);
	assert_int_equal(unsetenv("LISTEN_FDNAMES"), 0);
}

static void close_sockets(int count)
{
	for (int i = 0; i < count; i++) {
		close(clients[i]);
		close(SD_LISTEN_FDS_START + i);
	}
}

/* Runs the acceptor without a handler until it ends; it must refuse no client. */
static void run_unavailable(void)
{
	pass_sockets(1);
	acceptor_run_unavailable(&acceptor, "options-invalid");
	assert_int_equal(acceptor.state, ACCEPTOR_ACCEPTS);
	assert_int_equal(acceptor.refused, 0);
	close_sockets(1);
}

static void test_acceptor_needs_memory_for_the_environment(void **state)
{
	(void)state;
	pass_sockets(1);
	broken.calloc = true;
	assert_string_equal(acceptor_open(&acceptor), "cannot copy the environment");
	broken.calloc = false;
	close_sockets(1);
}

static void test_unavailable_acceptor_ends_if_it_can_accept_nothing(void **state)
{
	(void)state;
	broken.accept4 = true;
	run_unavailable();
	assert_int_equal(broken.accepts, 1);
}

static void test_unavailable_acceptor_ends_if_it_can_see_no_signal(void **state)
{
	(void)state;
	broken.signalfd = true;
	run_unavailable();
	assert_int_equal(broken.signalfds, 1);
	assert_int_equal(broken.accepts, 0);
}

/* A process that sends SIGTERM to this one after five seconds, and then SIGHUP. */
static void signal_later(void)
{
	pid_t parent = getpid();
	pid_t process = fork();
	assert_int_not_equal(process, -1);
	if (process > 0)
		return;
	(void)usleep(5000000);
	(void)send_signal(parent, SIGTERM);
	(void)usleep(300000);
	(void)send_signal(parent, SIGHUP);
	_exit(0);
}

/* Such a handler waits for a disk, for example. */
static void test_handler_that_does_not_die_is_killed_once_and_awaited_for_a_second(void **state)
{
	char process[24];
	(void)state;
	(void)snprintf(process, sizeof process, "%d", (int)getpid());
	assert_int_equal(setenv("WATCHDOG_PID", process, 1), 0);
	assert_int_equal(setenv("WATCHDOG_USEC", "200000", 1), 0); /* looks every 100 ms */
	pass_sockets(1);
	broken.kill = true;
	acceptor.options.handler_lifetime = 1;
	assert_null(acceptor_open(&acceptor));
	signal_later();
	time_t begun = time(NULL);
	acceptor_run(&acceptor);
	assert_in_range(time(NULL) - begun, 2, 30);
	assert_int_equal(acceptor.state, ACCEPTOR_STOPS);
	assert_int_equal(acceptor.accepted, 1);
	assert_int_equal(broken.kills, 2); /* at the end of its lifetime, and for SIGTERM */
	assert_int_equal(acceptor.record->own.count, 1);
	(void)send_signal(acceptor.record->own.handlers[0].process, SIGKILL);
	close_sockets(1);
}

/* Runs the acceptor with this handler, and a client at each of so many sockets, until no handler runs. */
static void run_until_idle(int sockets, char **command)
{
	pass_sockets(sockets);
	acceptor.options.command = command;
	acceptor.options.idle_exit = 1;
	assert_null(acceptor_open(&acceptor));
	acceptor_run(&acceptor);
	close_sockets(sockets);
}

/* Fills the last place while clients of another socket wait: they wait too, and get the next place. */
static void test_clients_of_each_socket_wait_for_a_free_place(void **state)
{
	static char *command[] = {"/bin/sleep", "0.3", NULL};
	(void)state;
	acceptor.options.max_connections = 1;
	run_until_idle(2, command);
	assert_int_equal(acceptor.accepted, 2);
	assert_int_equal(acceptor.refused, 0);
}

static void test_client_whose_handler_cannot_start_counts_as_refused(void **state)
{
	static char *command[] = {"/nowhere/handler", NULL};
	(void)state;
	run_until_idle(1, command);
	assert_int_equal(acceptor.accepted, 0);
	assert_int_equal(acceptor.refused, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_address_and_port_are_printed),
	    cmocka_unit_test(test_clients_of_an_ipv4_address_or_64_share_a_network),
	    cmocka_unit_test(test_unix_client_has_no_address_and_its_own_network),
	    cmocka_unit_test(test_handlers_are_counted_by_network),
	    cmocka_unit_test(test_oldest_handler_is_the_one_started_first),
	    cmocka_unit_test(test_full_table_can_be_emptied),
	    cmocka_unit_test(test_handler_needs_a_connection_and_a_program),
	    cmocka_unit_test(test_failures_are_kept_until_they_are_asked_for),
	    cmocka_unit_test(test_many_handlers_start),
	    cmocka_unit_test(test_number_out_of_range_is_an_error),
	    cmocka_unit_test(test_options_are_set),
	    cmocka_unit_test_setup(test_acceptor_needs_memory_for_the_environment, reset_acceptor),
	    cmocka_unit_test_setup(test_unavailable_acceptor_ends_if_it_can_accept_nothing,
	                           reset_acceptor),
	    cmocka_unit_test_setup(test_unavailable_acceptor_ends_if_it_can_see_no_signal,
	                           reset_acceptor),
	    cmocka_unit_test_setup(
	        test_handler_that_does_not_die_is_killed_once_and_awaited_for_a_second,
	        reset_acceptor),
	    cmocka_unit_test_setup(test_clients_of_each_socket_wait_for_a_free_place,
	                           reset_acceptor),
	    cmocka_unit_test_setup(test_client_whose_handler_cannot_start_counts_as_refused,
	                           reset_acceptor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
