/* Which Host is one, and which folder it names. */
#include "http/host.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct host_case {
	const char *host;
	bool valid;
	const char *folder; /* NULL: no folder can be called so */
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
    {"[]", false, NULL},
    {"[::1", false, NULL},
    {"[::1]x", false, NULL},
    {"[a/b]", false, NULL},
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

static void test_validity(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		if (host_is_valid(view_of(CASES[i].host)) != CASES[i].valid)
			fail_msg("\"%s\" should be %s", CASES[i].host,
			         CASES[i].valid ? "valid" : "refused");
}

static void test_folder(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		char buffer[300];
		struct text folder = TEXT(buffer);
		bool named = host_folder(view_of(CASES[i].host), &folder);
		const char *expected = CASES[i].folder;
		if (named != (expected != NULL))
			fail_msg("\"%s\" %s a folder", CASES[i].host,
			         named ? "names" : "does not name");
		if (named && !view_equal(text_view(&folder), view_of(expected)))
			fail_msg("\"%s\" names the folder \"%.*s\"", CASES[i].host,
			         (int)folder.length, buffer);
	}
}

/* No byte that could lead elsewhere gets into a folder's name, whatever stands in the field. */
static void test_folder_is_one_plain_name(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		char host[] = {(char)byte, (char)byte, 'x', '\0'};
		char buffer[16];
		struct text folder = TEXT(buffer);
		if (!host_folder(view_of(host), &folder))
			continue;
		assert_null(memchr(buffer, '/', folder.length));
		assert_null(memchr(buffer, '\0', folder.length));
		assert_int_not_equal(buffer[0], '.');
	}
}

static void test_folder_that_does_not_fit(void **state)
{
	(void)state;
	char buffer[4];
	struct text folder = TEXT(buffer);
	assert_false(host_folder(VIEW("abcde"), &folder));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_validity),
	    cmocka_unit_test(test_folder),
	    cmocka_unit_test(test_folder_is_one_plain_name),
	    cmocka_unit_test(test_folder_that_does_not_fit),
	};
	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
