/* mayflyctl check: whether clients reach a site, and what it responds. */
#include "check_machine.h"

#define LISTEN "mayfly.socket Listen "

static void test_addresses_of_sockets(void **state)
{
	(void)state;
	bus_texts_add(LISTEN "Stream 127.0.0.1:80 Stream [::1]:80 Datagram 192.0.2.7:53");
	finds_nothing();
	bus_texts_add(LISTEN "Stream 127.0.0.1:80 Stream [::1]:80 Stream 127.0.0.1:name");
	finds("mayfly.socket listens on loopback addresses only: other machines cannot connect\n");
	bus_texts_add(LISTEN "Stream [2001:db8::7]:80 Stream [::]:80");
	finds_nothing();
	bus_texts_add("mayfly.socket BindIPv6Only ipv6-only");
	finds("mayfly.socket listens for IPv6 only: clients with IPv4 cannot connect\n    set "
	      "BindIPv6Only=both in the section [Socket]:\n");
	bus_texts_add("mayfly.socket BindIPv6Only both");
	finds_nothing();
	bus_texts_add("mayfly.socket BindIPv6Only default");
	machine.redirected = "bindv6only";
	finds_nothing();
	make_file("redirected", "0\n");
	finds_nothing();
	make_file("redirected", "1\n");
	finds("mayfly.socket listens for IPv6 only");
	machine.faults[0] = (struct fault){.call = "open", .file = "bindv6only", .error = EMFILE};
	assert_int_equal(RUN(command_check, "check"), 3);
	expect_in(run_out, "bindv6only: Too many open files\n");
	remove_file("redirected");
}

static void test_socket_with_many_ports(void **state)
{
	char list[512] = LISTEN;
	(void)state;
	for (int i = 0; i < 17; i++)
		(void)strcat(list, "Stream 192.0.2.7:80 ");
	bus_texts_add("%s", list);
	finds_nothing();
}

static void test_clients_that_systemd_keeps_out(void **state)
{
	(void)state;
	bus_texts_add("mayfly.socket IPAddressDeny 8 16");
	finds_nothing();
	bus_texts_add("mayfly.socket IPAddressDeny 8 0");
	finds("mayfly.socket: IPAddressDeny= keeps all clients out\n    set IPAddressDeny= in the "
	      "section [Socket] to nothing:\n");
	bus_texts_add("mayfly.socket IPAddressAllow 8");
	finds("mayfly.socket lets only the clients of its IPAddressAllow= connect\n");
	bus_texts_add("mayfly.socket IPAddressAllow 8 0");
	finds_nothing();
}

static void test_responses_to_requests(void **state)
{
	static const char *const BAD[] = {"SSH-2.0-OpenSSH", "HTTP/1.1 abc OK", "HTTP/1.1", ""};
	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
		machine.response = BAD[i];
		assert_int_equal(RUN(command_check, "check"), 2);
		expect_in(run_out,
		          "mayfly.socket: a request to 192.0.2.7:80 gets no HTTP response\n    see "
		          "the last errors of the units:\n    journalctl -b ");
	}
	machine.response = "HTTP/1.1 503 No";
	finds("mayfly.socket: a request to 192.0.2.7:80 gets status 503\n");
}

static void test_requests_that_fail(void **state)
{
	static const struct {
		const char *call;
		int error;
		const char *problem;
	} CASES[] = {
	    {"connect", ECONNREFUSED, "fails: Connection refused\n    systemctl restart mayfly"},
	    {"connect", EINPROGRESS, "gets no response within 10 seconds\n    see "},
	    {"connect", ENETUNREACH, "fails: Network is unreachable\n    see "},
	    {"send", EAGAIN, "gets no response within 10 seconds\n    see "},
	    {"send", ENOBUFS, "fails: No buffer space available\n    see "},
	    {"recv", EAGAIN, "gets no response within 10 seconds\n    see "},
	    {"recv", ECONNRESET, "fails: Connection reset by peer\n    see "},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		char expected[160];
		(void)snprintf(expected, sizeof expected,
		               "mayfly.socket: a request to 192.0.2.7:80 %s", CASES[i].problem);
		machine.faults[0] = (struct fault){CASES[i].call, NULL, CASES[i].error, 0, false};
		if (strcmp(CASES[i].call, "connect") == 0)
			machine.faults[0].file = "tcp";
		assert_int_equal(RUN(command_check, "check"), 2);
		expect_in(run_out, expected);
	}
	/* The server has responded before it read the request. */
	machine.faults[0] = (struct fault){.call = "send", .error = EPIPE};
	finds_nothing();
	machine.faults[0].error = ECONNRESET;
	finds_nothing();
	machine.faults[1] = (struct fault){.call = "recv", .error = EPIPE};
	finds("fails: Broken pipe\n");
}

static void test_requests_to_unix_sockets(void **state)
{
	char name[150];
	(void)state;
	bus_texts_add(LISTEN "Stream /run/mayfly Stream @mayfly");
	finds_nothing();
	machine.faults[0] = (struct fault){.call = "connect", .file = "/run/may", .error = ENOENT};
	finds("a request to /run/mayfly fails: No such file or directory\n    systemctl restart ");
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	bus_texts_add(LISTEN "Stream /%s", name);
	finds(" fails: File name too long\n");
}

static void test_site_behind_a_front_end(void **state)
{
	(void)state;
	bus_texts_add(EXEC "--root %s --proxy-protocol", root);
	finds_nothing();
	machine.response = "";
	finds("mayfly.socket answers only its front end (--proxy-from): send a request through "
	      "that\n");
	machine.response = "HTTP/1.1 500 No";
	finds("gets status 500\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_addresses_of_sockets, reset_machine),
	    cmocka_unit_test_setup(test_socket_with_many_ports, reset_machine),
	    cmocka_unit_test_setup(test_clients_that_systemd_keeps_out, reset_machine),
	    cmocka_unit_test_setup(test_responses_to_requests, reset_machine),
	    cmocka_unit_test_setup(test_requests_that_fail, reset_machine),
	    cmocka_unit_test_setup(test_requests_to_unix_sockets, reset_machine),
	    cmocka_unit_test_setup(test_site_behind_a_front_end, reset_machine),
	};
	return cmocka_run_group_tests(tests, make_directories, remove_directories);
}
