/* The client's address in the name of the instance that systemd starts for its connection; and which errors of systemd mean
 * that information is missing. */
#include "mayflyctl/bus.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_address(const char *name, const char *expected)
{
	char address[IP_ADDRESS_SIZE];
	if (!bus_instance_address(name, address))
		fail_msg("no address in %s", name);
	assert_string_equal(address, expected);
}

static void test_address_is_read_from_an_instance_name(void **state)
{
	(void)state;
	expect_address("mayfly@7-127.0.0.1:8080-192.0.2.7:51034.service", "192.0.2.7");
	expect_address("mayfly@7-2001:db8::1:8080-2001:db8::7:51034.service", "2001:db8::7");
	expect_address("mayfly@7-[::1]:8080-[2001:db8::7]:51034.service", "2001:db8::7");
	/* systemd 256 and later: the socket's cookie follows the number */
	expect_address("mayfly@7-4711-127.0.0.1:8080-192.0.2.7:51034.service", "192.0.2.7");
}

static void test_other_name_has_no_address(void **state)
{
	(void)state;
	static const char *const NAMES[] = {
	    "mayfly@1.service",
	    "mayfly@a-b.service",
	    "mayfly@7-4711-0.service",
	    "",
	    "-",
	    ":",
	    ":-",
	    "-:",
	    "-[:",
	    "mayfly@7-127.0.0.1:8080-"
	    "1111111111111111111111111111111111111111111111111111111111111111:1.service"};
	char address[IP_ADDRESS_SIZE];
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (bus_instance_address(NAMES[i], address))
			fail_msg("address %s in \"%s\"", address, NAMES[i]);
}

/* A process in the place of systemd: answers each call with an error of this name, or ends at the first if it is NULL. */
static void answer_calls(int connection, const char *error)
{
	sd_bus *bus;
	sd_bus_message *call;
	bool works = sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, connection, connection) >= 0 &&
	             sd_bus_set_server(bus, 1,
	                               SD_ID128_MAKE(01, 02, 03, 04, 05, 06, 07, 08, 09, 0a, 0b, 0c,
	                                             0d, 0e, 0f, 10)) >= 0 &&
	             sd_bus_set_anonymous(bus, 1) >= 0 && sd_bus_start(bus) >= 0;
	while (works) {
		int step = sd_bus_process(bus, &call);
		works = step > 0 || (step == 0 && sd_bus_wait(bus, UINT64_MAX) >= 0);
		if (step > 0 && call != NULL)
			works = error != NULL && sd_bus_reply_method_errorf(call, error, "no") >= 0;
	}
	_exit(0);
}

/* Asks for a unit and for the version in a new process. Returns 0 if no information is missing, 1 if some is. */
static int ask(const char *error)
{
	int status;
	if (fork() == 0) {
		int pair[2];
		sd_bus *bus;
		struct bus_unit unit;
		bool works = socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
		if (fork() == 0) {
			(void)close(pair[0]);
			answer_calls(pair[1], error);
		}
		(void)close(pair[1]);
		(void)alarm(10);
		works = works && sd_bus_new(&bus) >= 0 &&
		        sd_bus_set_fd(bus, pair[0], pair[0]) >= 0 && sd_bus_start(bus) >= 0 &&
		        bus_find_missing() == NULL && bus_find(bus, "mayfly.socket", &unit) < 0 &&
		        bus_systemd_version(bus) == 0;
		const char *missing = bus_find_missing();
		if (missing != NULL &&
		    strcmp(missing, "systemd did not answer: information is missing") != 0)
			works = false;
		_exit(works ? missing != NULL : 2);
	}
	assert_true(wait(&status) > 0);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_error_of_systemd_itself_is_an_answer(void **state)
{
	(void)state;
	assert_int_equal(ask(SD_BUS_ERROR_UNKNOWN_PROPERTY), 0);
	assert_int_equal(ask(SD_BUS_ERROR_UNKNOWN_INTERFACE), 0);
	assert_int_equal(ask(SD_BUS_ERROR_UNKNOWN_METHOD), 0);
	assert_int_equal(ask(SD_BUS_ERROR_UNKNOWN_OBJECT), 0);
	assert_int_equal(ask(SD_BUS_ERROR_INVALID_ARGS), 0);
	assert_int_equal(ask("org.freedesktop.systemd1.NoSuchUnit"), 0);
}

static void test_other_error_means_that_information_is_missing(void **state)
{
	(void)state;
	assert_int_equal(ask(SD_BUS_ERROR_ACCESS_DENIED), 1);
	assert_int_equal(ask(SD_BUS_ERROR_NO_REPLY), 1);
	assert_int_equal(ask("org.freedesktop.systemd10.NoSuchUnit"), 1);
	assert_int_equal(ask(NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_address_is_read_from_an_instance_name),
	    cmocka_unit_test(test_other_name_has_no_address),
	    cmocka_unit_test(test_error_of_systemd_itself_is_an_answer),
	    cmocka_unit_test(test_other_error_means_that_information_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
