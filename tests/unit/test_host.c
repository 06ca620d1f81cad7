/* Which Host is valid, and which directory name it yields. */
#include "http/host.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct host_case {
	const char *host;
	bool valid;
	const char *directory; /* NULL: no directory can have this name */
};

static const struct host_case CASES[] = {
    {"", true, NULL},
    {"example.org", true, "example.org"},
    {"Example.ORG:8080", true, "example.org"},
    {"example.org.", true, "example.org"},
    {"example.org:", true, "example.org"},
    {":80", true, NULL},
    {"192.0.2.7", true, "192.0.2.7"},
    {"a_b-c~d!$&'()*+,;=", true, "a_b-c~d!$&'()*+,;="},
    {"[::1]", true, NULL},
    {"[2001:db8::7]:80", true, NULL},
    {"[v1.a:b]", true, NULL},
    {"[::1]:", true, NULL},
    {"[", false, NULL},
    {"[::1", false, NULL},
    {"[::1]x", false, NULL},
    {"[::1]]", false, NULL},
    {"[::1]:80a", false, NULL},
    {"x[::1]", false, "x"},
    {"::1", false, NULL},
    {".", true, NULL},
    {"..", true, NULL},
    {"...", true, NULL},
    {".hidden", true, NULL},
    {"a..b", true, "a..b"},
    {"a/b", false, "a"},
    {"a\\b", false, "a"},
    {"../etc", false, NULL},
    {"%2e%2e", true, NULL},
    {"a%2fb", true, NULL},
    {"a%2", false, "a"},
    {"a%zz", false, "a"},
    {"a b", false, "a"},
    {"user@example.org", false, "user"},
    {"example.org:80a", false, "example.org"},
    {"example.org:80:80", false, "example.org"},
    {"a\x80", false, "a"},
};

static void test_host_is_valid_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		if (host_is_valid(view_of(CASES[i].host)) != CASES[i].valid)
			fail_msg("\"%s\" should be %s", CASES[i].host,
			         CASES[i].valid ? "valid" : "refused");
}

/*
 * Valid content of the brackets (RFC 3986 3.2.2), with the notations of RFC 4291 2.2 and RFC 5952.
 */
static const char *const LITERALS[] = {
    "2001:db8:85a3:8d3:1319:8a2e:370:7348",
    "ABCD:EF01:2345:6789:abcd:ef01:2345:6789",
    "2001:DB8:0:0:8:800:200C:417A",
    "2001:0db8:0000:0000:0008:0800:200c:417a",
    "0:0:0:0:0:0:0:0",
    "0:0:0:0:0:0:0:1",
    "ff01::101",
    "2001:db8::8:800:200c:417a",
    "2001:db8:0:0:1::1",
    "2001:db8:aaaa:bbbb:cccc:dddd::1",
    "2001:db8::1:1:1:1:1",
    "fe80::1",
    "::",
    "::1",
    "1::",
    "1:2::",
    "::7:8",
    "1::8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1:2:3:4::6:7:8",
    "0:0:0:0:0:0:13.1.68.3",
    "0:0:0:0:0:FFFF:129.144.52.38",
    "1:2:3:4:5:6:255.255.255.255",
    "::13.1.68.3",
    "::ffff:192.0.2.7",
    "64:ff9b::0.0.0.0",
    "1:2:3:4:5::192.0.2.7",
    "v1.a",
    "V1.a",
    "vF.x",
    "v1f.fe80::a-._~!$&'()*+,;=:",
};

static const char *const INVALID_LITERALS[] = {
    "",
    ":",
    ":::",
    "::::",
    "1",
    "12345",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "1::2::3",
    "::1::",
    "1:::2",
    ":1",
    "1:",
    ":1::",
    "::1:",
    ":1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:",
    "1:2:3:4:5:6:7:",
    "12345::",
    "::12345",
    "::00001",
    "::g",
    "::-1",
    "::0x1",
    ":: 1",
    "a:b",
    "a.b",
    "example.org",
    "192.0.2.7",
    "1:2:3:4:5:6:7:192.0.2.7",
    "1:2:3:4:5:192.0.2.7",
    "1:2:3:4:5:6::192.0.2.7",
    "192.0.2.7::",
    "::192.0.2.7:1",
    "1:192.0.2.7::",
    "::192.0.2",
    "::192.0.2.7.1",
    "::192.0.2.",
    "::.0.2.7",
    "::192..2.7",
    "::192.0.2.256",
    "::192.0.2.1000",
    "::192.0.2.4294967297",
    "::192.0.2.07",
    "::192.0.2.00",
    "::192.0.2.a",
    "::192.0.2.7 ",
    "fe80::1%eth0",
    "fe80::1%25eth0",
    "fe80::1%",
    "::1/64",
    "[::1]",
    "v.a",
    ".a",
    "v1.",
    "v1",
    "v",
    "vg.a",
    "1.a",
    "v1a",
    "v1.a/b",
    "v1.a%20",
    "v1.[a",
    "w1.a",
};

static void expect_literals(const char *const literals[], size_t count, bool valid)
{
	for (size_t i = 0; i < count; i++) {
		char buffer[80];
		struct buffer host = BUFFER(buffer);
		buffer_add(&host, VIEW("["));
		buffer_add_string(&host, literals[i]);
		buffer_add(&host, VIEW("]"));
		if (host_is_valid(buffer_view(&host)) != valid)
			fail_msg("[%s] should be %s", literals[i], valid ? "valid" : "refused");
		buffer_add(&host, VIEW(":8080"));
		if (host_is_valid(buffer_view(&host)) != valid)
			fail_msg("[%s]:8080 should be %s", literals[i],
			         valid ? "valid" : "refused");
	}
}

static void test_literal_is_valid_or_refused(void **state)
{
	(void)state;
	expect_literals(LITERALS, sizeof LITERALS / sizeof LITERALS[0], true);
	expect_literals(INVALID_LITERALS, sizeof INVALID_LITERALS / sizeof INVALID_LITERALS[0],
	                false);
}

static void test_host_yields_directory_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		char buffer[300];
		struct buffer directory = BUFFER(buffer);
		bool named = host_add_directory(view_of(CASES[i].host), &directory);
		const char *expected = CASES[i].directory;
		if (named != (expected != NULL))
			fail_msg("\"%s\" %s a directory", CASES[i].host,
			         named ? "names" : "does not name");
		if (named && !view_equal(buffer_view(&directory), view_of(expected)))
			fail_msg("\"%s\" names the directory \"%.*s\"", CASES[i].host,
			         (int)directory.length, buffer);
	}
}

/* For any byte in the field, the name of the directory has no byte that could lead elsewhere. */
static void test_directory_name_has_no_slash_nul_or_leading_dot(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		char host[] = {(char)byte, (char)byte, 'x', '\0'};
		char buffer[16];
		struct buffer directory = BUFFER(buffer);
		if (!host_add_directory(view_of(host), &directory))
			continue;
		assert_null(memchr(buffer, '/', directory.length));
		assert_null(memchr(buffer, '\0', directory.length));
		assert_int_not_equal(buffer[0], '.');
	}
}

static void test_directory_name_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	char buffer[4];
	struct buffer directory = BUFFER(buffer);
	assert_false(host_add_directory(VIEW("abcde"), &directory));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_host_is_valid_or_refused),
	    cmocka_unit_test(test_literal_is_valid_or_refused),
	    cmocka_unit_test(test_host_yields_directory_name),
	    cmocka_unit_test(test_directory_name_has_no_slash_nul_or_leading_dot),
	    cmocka_unit_test(test_directory_name_that_does_not_fit_is_refused),
	};
	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
