/* Addresses as text, networks, and which addresses a network contains. */
#include "base/ip_address.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *network;
	const char *inside[3], *outside[4];
} NETWORKS[] = {
    {"192.0.2.7", {"192.0.2.7", "::ffff:192.0.2.7"}, {"192.0.2.6", "::c000:207", "::1"}},
    {"192.0.2.0/24", {"192.0.2.0", "192.0.2.255"}, {"192.0.3.0", "192.0.1.255"}},
    {"192.0.2.0/25", {"192.0.2.127"}, {"192.0.2.128"}},
    {"10.0.0.0/8", {"10.255.255.255"}, {"11.0.0.0", "9.255.255.255"}},
    {"192.0.2.6/31", {"192.0.2.6", "192.0.2.7"}, {"192.0.2.5", "192.0.2.8"}},
    {"0.0.0.0/0", {"203.0.113.9", "::ffff:1.2.3.4"}, {"::1", "::"}},
    {"::1", {"::1"}, {"::2", "127.0.0.1"}},
    {"2001:db8::/32", {"2001:db8::", "2001:db8:ffff::1"}, {"2001:db9::", "2001:db7:ffff::"}},
    {"2001:db8::/33", {"2001:db8:7fff::"}, {"2001:db8:8000::"}},
    {"2001:db8::8/127", {"2001:db8::9"}, {"2001:db8::a", "2001:db8::7"}},
    {"::/0", {"::1", "ffff::"}, {"192.0.2.7", "::ffff:192.0.2.7"}},
    {"::ffff:192.0.2.0/120", {"192.0.2.9", "::ffff:192.0.2.9"}, {"192.0.3.0", "::192.0.2.9"}},
    {"::ffff:0:0/96", {"192.0.2.9"}, {"::1"}},
};

static struct ip_address address_of(const char *text)
{
	struct ip_address address;
	if (!ip_address_parse(view_of(text), &address))
		fail_msg("%s should be an address", text);
	return address;
}

static void expect(const char *network_text, const char *address_text, bool expected)
{
	struct ip_network network;
	struct ip_address address = address_of(address_text);
	if (!ip_network_parse(view_of(network_text), &network))
		fail_msg("%s should be a network", network_text);
	if (ip_network_has(&network, &address) != expected)
		fail_msg("%s should be %s %s", address_text, expected ? "in" : "outside",
		         network_text);
}

static void test_network_contains_its_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof NETWORKS / sizeof NETWORKS[0]; i++) {
		for (size_t j = 0; j < 3 && NETWORKS[i].inside[j] != NULL; j++)
			expect(NETWORKS[i].network, NETWORKS[i].inside[j], true);
		for (size_t j = 0; j < 4 && NETWORKS[i].outside[j] != NULL; j++)
			expect(NETWORKS[i].network, NETWORKS[i].outside[j], false);
	}
}

static void test_invalid_network_is_refused(void **state)
{
	static const char *const WRONG[] = {
	    "",
	    "/",
	    "/24",
	    "localhost",
	    "192.0.2",
	    "192.0.2.0.1",
	    "192.0.2.0/",
	    "192.0.2.0/33",
	    "192.0.2.0/-1",
	    "192.0.2.0/+1",
	    "192.0.2.0/ 24",
	    "192.0.2.0/24 ",
	    "192.0.2.0/24/24",
	    "192.0.2.0/255.255.255.0",
	    "192.0.2.0/0024",
	    "192.0.2.7/24",
	    "192.0.2.1/31",
	    "2001:db8::/129",
	    "2001:db8::1/64",
	    "2001:db8::%eth0",
	    "[2001:db8::]/32",
	    "::ffff:192.0.2.7/24",
	    "::ffff:0:0/95",
	    "256.0.2.0/24",
	    "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2550",
	};
	struct ip_network network;
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		if (ip_network_parse(view_of(WRONG[i]), &network))
			fail_msg("\"%s\" should not be a network", WRONG[i]);
	assert_false(ip_network_parse(VIEW("192.0.2.0\0/24"), &network));
}

static void expect_text(const char *text, unsigned prefix, const char *expected)
{
	struct ip_address address = address_of(text);
	char shown[IP_ADDRESS_SIZE];
	address = ip_address_mask(&address, prefix);
	ip_address_format(&address, shown);
	assert_string_equal(shown, expected);
}

static void test_address_is_formatted(void **state)
{
	(void)state;
	expect_text("192.0.2.7", 32, "192.0.2.7");
	expect_text("::ffff:192.0.2.7", 32, "192.0.2.7");
	expect_text("2001:DB8:0:0::7", 128, "2001:db8::7");
	expect_text("1111:2222:3333:4444:5555:6666:7777:8888", 128,
	            "1111:2222:3333:4444:5555:6666:7777:8888");
}

static void test_invalid_address_is_refused(void **state)
{
	static const char *const TEXTS[] = {"",
	                                    "-",
	                                    "localhost",
	                                    "192.0.2",
	                                    "192.0.2.256",
	                                    "192.0.2.7 ",
	                                    "192.0.2.0/24",
	                                    "fe80::1%eth0",
	                                    "1::2::3"};
	struct ip_address address;
	(void)state;
	for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
		if (ip_address_parse(view_of(TEXTS[i]), &address))
			fail_msg("\"%s\" should not be an address", TEXTS[i]);
}

static void test_address_is_masked_to_a_prefix(void **state)
{
	(void)state;
	expect_text("255.255.255.255", 24, "255.255.255.0");
	expect_text("255.255.255.255", 25, "255.255.255.128");
	expect_text("255.255.255.255", 0, "0.0.0.0");
	expect_text("2001:db8:1:2:3:4:5:6", 48, "2001:db8:1::");
	expect_text("ffff:ffff:ffff::", 41, "ffff:ffff:ff80::");
	expect_text("::1", 48, "::");
	expect_text("::1", 128, "::1");
	expect_text("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 48, "ffff:ffff:ffff::");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_network_contains_its_addresses),
	    cmocka_unit_test(test_invalid_network_is_refused),
	    cmocka_unit_test(test_address_is_formatted),
	    cmocka_unit_test(test_invalid_address_is_refused),
	    cmocka_unit_test(test_address_is_masked_to_a_prefix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
