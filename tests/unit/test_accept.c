/* mayfly-accept: by what its clients are counted, and the table of handlers. */
#include "mayfly-accept/handlers.h"
#include "mayfly-accept/source.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct source of_in(const char *text)
{
	union address address = {.in = {.sin_family = AF_INET, .sin_port = htons(51034)}};
	struct source source;
	assert_int_equal(inet_pton(AF_INET, text, &address.in.sin_addr), 1);
	source_read(&source, &address);
	return source;
}

static struct source of_in6(const char *text)
{
	union address address = {.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(65535)}};
	struct source source;
	assert_int_equal(inet_pton(AF_INET6, text, &address.in6.sin6_addr), 1);
	source_read(&source, &address);
	return source;
}

static void test_words(void **state)
{
	(void)state;
	struct source source = of_in("192.0.2.7");
	assert_string_equal(source.address, "192.0.2.7");
	assert_string_equal(source.port, "51034");
	source = of_in6("2001:DB8:0:0::7");
	assert_string_equal(source.address, "2001:db8::7");
	assert_string_equal(source.port, "65535");
	source = of_in6("1111:2222:3333:4444:5555:6666:7777:8888");
	assert_string_equal(source.address, "1111:2222:3333:4444:5555:6666:7777:8888");
	source = of_in6("::ffff:255.255.255.255");
	assert_string_equal(source.address, "255.255.255.255");
	assert_string_equal(source.port, "65535");
}

static void test_networks(void **state)
{
	(void)state;
	assert_true(of_in("192.0.2.7").network == of_in("192.0.2.7").network);
	assert_true(of_in("192.0.2.7").network == of_in6("::ffff:192.0.2.7").network);
	assert_true(of_in("192.0.2.7").network != of_in("192.0.2.8").network);
	assert_true(of_in("192.0.2.7").network != of_in("193.0.2.7").network);
	assert_true(of_in6("2001:db8:1:2::1").network ==
	            of_in6("2001:db8:1:2:ffff:ffff:ffff:ffff").network);
	assert_true(of_in6("2001:db8:1:2::1").network != of_in6("2001:db8:1:3::1").network);
	assert_true(of_in6("2001:db8:1:2::1").network != of_in6("3001:db8:1:2::1").network);
	/* 32.1.13.184 has the bytes that 2001:db8::/32 begins with. */
	assert_true(of_in("32.1.13.184").network != of_in6("2001:db8::1").network);
}

static void test_no_address(void **state)
{
	(void)state;
	union address address = {.any = {.sa_family = AF_UNIX, .sa_data = "/run/x"}};
	struct source source;
	source_read(&source, &address);
	assert_string_equal(source.address, "-");
	assert_string_equal(source.port, "-");
	assert_true(source.network != of_in("255.255.255.255").network);
	assert_true(source.network != of_in6("::1").network);
}

static void test_handlers(void **state)
{
	(void)state;
	static struct handlers handlers;
	handlers_add(&handlers, 11, 1);
	handlers_add(&handlers, 12, 2);
	handlers_add(&handlers, 13, 1);
	assert_int_equal(handlers_of(&handlers, 1), 2);
	assert_int_equal(handlers_of(&handlers, 2), 1);
	assert_int_equal(handlers_of(&handlers, 3), 0);

	assert_true(handlers_remove(&handlers, 11));
	assert_false(handlers_remove(&handlers, 11));
	assert_int_equal(handlers.count, 2);
	assert_int_equal(handlers_of(&handlers, 1), 1);
	assert_int_equal(handlers_of(&handlers, 2), 1);

	assert_true(handlers_remove(&handlers, 12));
	assert_true(handlers_remove(&handlers, 13));
	assert_int_equal(handlers_of(&handlers, 1), 0);
	assert_int_equal(handlers.count, 0);
}

static void test_full(void **state)
{
	(void)state;
	static struct handlers handlers;
	for (pid_t process = 1; process <= HANDLERS_MAX; process++)
		handlers_add(&handlers, process, (uint64_t)process % 3);
	assert_int_equal(handlers_of(&handlers, 0), HANDLERS_MAX / 3);
	for (pid_t process = HANDLERS_MAX; process >= 1; process -= 2)
		assert_true(handlers_remove(&handlers, process));
	for (pid_t process = 1; process <= HANDLERS_MAX; process += 2)
		assert_true(handlers_remove(&handlers, process));
	assert_int_equal(handlers.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),      cmocka_unit_test(test_networks),
	    cmocka_unit_test(test_no_address), cmocka_unit_test(test_handlers),
	    cmocka_unit_test(test_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
