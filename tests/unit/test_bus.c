/* The client's address in the name of the instance that systemd starts for its connection. */
#include "mayflyctl/bus.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_address_is_read_from_an_instance_name),
	    cmocka_unit_test(test_other_name_has_no_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
