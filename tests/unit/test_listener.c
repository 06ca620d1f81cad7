/* Listeners, and the process that has the socket of a port: also where the kernel shows less than usual. */
#include "mayflyctl/listener.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	const char *table;              /* the kernel's table of sockets; NULL: the real one */
	bool has_no_table, has_no_name; /* the files are missing */
	bool has_empty_name;
	bool hides_processes, hides_descriptors; /* the directories cannot be opened */
	bool has_no_socket;
	int bind_error;
} machine;

static int reset_machine(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	return 0;
}

static FILE *file_of(const char *text)
{
	FILE *file = tmpfile();
	assert_non_null(file);
	(void)fputs(text, file);
	rewind(file);
	return file;
}

/* The program's, in place of the C library's. */
FILE *fopen(const char *restrict name, const char *restrict mode)
{
	bool is_table = strncmp(name, "/proc/net/tcp", strlen("/proc/net/tcp")) == 0;
	assert_string_equal(mode, "re");
	if (is_table ? machine.has_no_table : machine.has_no_name)
		return NULL;
	if (is_table && machine.table != NULL)
		return file_of(machine.table);
	if (!is_table && machine.has_empty_name)
		return file_of("");
	int file = open(name, O_RDONLY | O_CLOEXEC);
	return file >= 0 ? fdopen(file, "r") : NULL;
}

DIR *opendir(const char *name)
{
	bool is_list = strcmp(name, "/proc") == 0;
	if (is_list ? machine.hides_processes : machine.hides_descriptors)
		return NULL;
	return fdopendir(open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

int socket(int domain, int type, int protocol)
{
	return machine.has_no_socket ? -1 : (int)syscall(SYS_socket, domain, type, protocol);
}

int bind(int file, __CONST_SOCKADDR_ARG address, socklen_t size)
{
	errno = machine.bind_error;
	return machine.bind_error != 0 ? -1
	                               : (int)syscall(SYS_bind, file, address.__sockaddr__, size);
}

static void expect_split(const char *text, const char *expected_host, const char *expected_port)
{
	char host[LISTENER_HOST_SIZE];
	const char *port;
	assert_true(listener_split(text, host, &port));
	assert_string_equal(host, expected_host);
	assert_string_equal(port, expected_port);
}

static void test_listeners_of_tcp_have_a_host_and_a_port(void **state)
{
	static const char *const OTHERS[] = {"/run/a:80", "@a:80", "8080", ""};
	char host[LISTENER_HOST_SIZE], name[LISTENER_HOST_SIZE + 8];
	const char *port;
	(void)state;
	expect_split("192.0.2.7:80", "192.0.2.7", "80");
	expect_split("[::]:8080", "::", "8080");
	expect_split(":80", "", "80");
	for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
		assert_false(listener_split(OTHERS[i], host, &port));
	memset(name, 'a', sizeof name);
	memcpy(name + LISTENER_HOST_SIZE, ":80", sizeof ":80");
	assert_false(listener_split(name, host, &port));
	memcpy(name + LISTENER_HOST_SIZE - 1, ":80", sizeof ":80");
	assert_true(listener_split(name, host, &port));
}

static void test_only_a_missing_address_is_missing(void **state)
{
	(void)state;
	assert_true(listener_has_address("127.0.0.1:80"));
	assert_true(listener_has_address("/run/mayfly"));
	assert_true(listener_has_address("a.test:80"));
	machine.bind_error = EADDRNOTAVAIL;
	assert_false(listener_has_address("127.0.0.1:80"));
	machine.bind_error = EADDRINUSE;
	assert_true(listener_has_address("127.0.0.1:80"));
	machine.has_no_socket = true;
	assert_true(listener_has_address("127.0.0.1:80"));
}

/* Listens on a free port, in this process. */
static unsigned listen_here(int *listener)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	*listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(*listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(*listener, 1), 0);
	assert_int_equal(getsockname(*listener, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.sin_port);
}

static void test_process_that_listens_is_found(void **state)
{
	struct listener found;
	int listener;
	(void)state;
	unsigned port = listen_here(&listener);
	assert_true(listener_find(port, &found));
	assert_int_equal(found.process, getpid());
	assert_string_equal(found.program, "test_listener");
	machine.has_empty_name = true;
	assert_true(listener_find(port, &found));
	assert_string_equal(found.program, "another program");
	machine.has_no_name = true;
	assert_true(listener_find(port, &found));
	assert_int_equal(found.process, getpid());
	assert_string_equal(found.program, "another program");
	machine.hides_descriptors = true;
	assert_true(listener_find(port, &found));
	assert_int_equal(found.process, 0);
	machine.hides_processes = true;
	assert_true(listener_find(port, &found));
	assert_int_equal(found.process, 0);
	machine.has_no_table = true;
	assert_false(listener_find(port, &found));
	close(listener);
	(void)reset_machine(state);
	assert_false(listener_find(port, &found));
}

static void test_lines_that_are_no_listener_of_the_port_are_ignored(void **state)
{
	static const char *const TABLES[] = {
	    "",
	    "x\n",
	    "0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0\n",
	    "0: 0100007F 00000000:0000 0A 0:0 0:0 0 0 0 99999999 1\n",
	    "0: 0100007F:1F91 00000000:0000 0A 0:0 0:0 0 0 0 99999999 1\n",
	    "0: 0100007F:1F90 00000000:0000 01 0:0 0:0 0 0 0 99999999 1\n",
	};
	struct listener found;
	(void)state;
	for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++) {
		machine.table = TABLES[i];
		assert_false(listener_find(8080, &found));
	}
	machine.table = "0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0 99999999 1\n";
	assert_true(listener_find(8080, &found));
	assert_int_equal(found.process, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_listeners_of_tcp_have_a_host_and_a_port, reset_machine),
	    cmocka_unit_test_setup(test_only_a_missing_address_is_missing, reset_machine),
	    cmocka_unit_test_setup(test_process_that_listens_is_found, reset_machine),
	    cmocka_unit_test_setup(test_lines_that_are_no_listener_of_the_port_are_ignored,
	                           reset_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
