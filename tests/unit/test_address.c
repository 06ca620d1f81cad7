/* Addresses as the log has them, cut to their network, and in the names of instances. */
#include "mayflyctl/address.h"
#include "mayflyctl/source.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect_normal(const char *text, const char *expected)
{
	char normal[ADDRESS_SIZE] = "";
	assert_true(address_normalize(text, normal));
	assert_string_equal(normal, expected);
}

static void test_normal(void **state)
{
	(void)state;
	expect_normal("192.0.2.7", "192.0.2.7");
	expect_normal("2001:DB8:0:0::7", "2001:db8::7");
	expect_normal("::ffff:192.0.2.7", "192.0.2.7");
	expect_normal("::1", "::1");
	expect_normal("1111:2222:3333:4444:5555:6666:7777:8888",
	              "1111:2222:3333:4444:5555:6666:7777:8888");
}

static void test_no_address(void **state)
{
	(void)state;
	static const char *const TEXTS[] = {"",
	                                    "-",
	                                    "localhost",
	                                    "192.0.2",
	                                    "192.0.2.256",
	                                    "192.0.2.7 ",
	                                    "192.0.2.0/24",
	                                    "fe80::1%eth0",
	                                    "1::2::3"};
	for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
		char normal[ADDRESS_SIZE], network[ADDRESS_SIZE];
		if (address_normalize(TEXTS[i], normal))
			fail_msg("\"%s\" is taken for %s", TEXTS[i], normal);
		address_anonymize(TEXTS[i], network);
		assert_string_equal(network, "-");
	}
}

static void expect_network(const char *text, const char *expected)
{
	char network[ADDRESS_SIZE];
	address_anonymize(text, network);
	assert_string_equal(network, expected);
}

static void test_networks(void **state)
{
	(void)state;
	expect_network("192.0.2.7", "192.0.2.0");
	expect_network("255.255.255.255", "255.255.255.0");
	expect_network("::ffff:192.0.2.7", "192.0.2.0");
	expect_network("2001:db8:1:2:3:4:5:6", "2001:db8:1::");
	expect_network("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff::");
	expect_network("::1", "::");
}

static void expect_source(const char *name, const char *expected)
{
	char address[ADDRESS_SIZE];
	if (!source_of_instance(name, address))
		fail_msg("no address is found in %s", name);
	assert_string_equal(address, expected);
}

static void test_sources(void **state)
{
	(void)state;
	expect_source("mayfly@7-127.0.0.1:8080-192.0.2.7:51034.service", "192.0.2.7");
	expect_source("mayfly@7-2001:db8::1:8080-2001:db8::7:51034.service", "2001:db8::7");
	expect_source("mayfly@7-[::1]:8080-[2001:db8::7]:51034.service", "2001:db8::7");
	/* systemd 256 and newer: behind the number, the socket's cookie */
	expect_source("mayfly@7-4711-127.0.0.1:8080-192.0.2.7:51034.service", "192.0.2.7");
}

static void test_no_source(void **state)
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
	char address[ADDRESS_SIZE];
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (source_of_instance(NAMES[i], address))
			fail_msg("%s is found in \"%s\"", address, NAMES[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_normal),    cmocka_unit_test(test_no_address),
	    cmocka_unit_test(test_networks),  cmocka_unit_test(test_sources),
	    cmocka_unit_test(test_no_source),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
