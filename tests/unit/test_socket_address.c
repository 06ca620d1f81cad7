/* Addresses of sockets of each family. */
#include "base/socket_address.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Expects an address, as text, and a port. */
static void expect_address(const union socket_address *socket, const char *text, uint16_t port)
{
	struct ip_address address;
	char read_text[IP_ADDRESS_SIZE];
	uint16_t read_port = 0;
	assert_true(socket_address_read(socket, &address, &read_port));
	ip_address_format(&address, read_text);
	assert_string_equal(read_text, text);
	assert_int_equal(read_port, port);
}

static void test_ipv4(void **state)
{
	union socket_address socket = {.in = {.sin_family = AF_INET, .sin_port = htons(8080)}};
	(void)state;
	assert_int_equal(inet_pton(AF_INET, "192.0.2.7", &socket.in.sin_addr), 1);
	expect_address(&socket, "192.0.2.7", 8080);
}

static void test_ipv6(void **state)
{
	union socket_address socket = {.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(1)}};
	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::7", &socket.in6.sin6_addr), 1);
	expect_address(&socket, "2001:db8::7", 1);
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.7", &socket.in6.sin6_addr), 1);
	expect_address(&socket, "192.0.2.7", 1);
}

static void test_other_families_have_no_address(void **state)
{
	struct ip_address address;
	uint16_t port;
	union socket_address socket = {.any = {.sa_family = AF_UNIX}};
	(void)state;
	assert_false(socket_address_read(&socket, &address, &port));
	socket.any.sa_family = AF_UNSPEC;
	assert_false(socket_address_read(&socket, &address, &port));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ipv4),
	    cmocka_unit_test(test_ipv6),
	    cmocka_unit_test(test_other_families_have_no_address),
	};
	return cmocka_run_group_tests_name("socket_address", tests, NULL, NULL);
}
