/* The natural order of names: each pair of a sorted list, in both orders. */
#include "base/natural.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const SORTED[] = {
    "",
    " ",
    "!",
    "0",
    "00",
    "001",
    "01",
    "1",
    "1 a",
    "1.2",
    "1.10",
    "2",
    "9",
    "10",
    "18446744073709551616",
    "99999999999999999999999999999999999999",
    "A0",
    "a00",
    "A1",
    "a1",
    "a1b",
    "a01c",
    "a2",
    "a10",
    "File",
    "file",
    "FILE2",
    "file2",
    "file2.txt",
    "file2b",
    "file10",
    "file010x",
    "z",
    "\x7f",
    "\xc3\xa9",
    "\xff",
};

enum { COUNT = sizeof SORTED / sizeof SORTED[0] };

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

static void test_every_pair_is_in_natural_order(void **state)
{
	(void)state;
	for (int i = 0; i < COUNT; i++)
		for (int j = 0; j < COUNT; j++) {
			int found = natural_compare(view_of(SORTED[i]), view_of(SORTED[j]));
			if (sign(found) != sign(i - j))
				fail_msg("\"%s\" and \"%s\": %d", SORTED[i], SORTED[j], found);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_pair_is_in_natural_order)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
