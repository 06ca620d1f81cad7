/* The coding that a client gets for its Accept-Encoding and the available codings. */
#include "heap_copy.h"
#include "http/encoding.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	GZIP = 1u << CODING_GZIP,
	ZSTD = 1u << CODING_ZSTD,
	BR = 1u << CODING_BR,
	ALL = GZIP | ZSTD | BR,
};

/* The values are heap copies, so that AddressSanitizer notices a byte read beyond one. */
static enum coding choose(const char *const *values, size_t count, unsigned available)
{
	struct view copies[3];
	struct request request = {.method = METHOD_GET, .field_count = count + 1};
	request.fields[0] = (struct field){VIEW("Accept"), VIEW("br")};
	for (size_t i = 0; i < count; i++) {
		copies[i] = heap_copy(view_of(values[i]));
		request.fields[i + 1] = (struct field){VIEW("Accept-Encoding"), copies[i]};
	}
	enum coding chosen = coding_choose(&request, available);
	for (size_t i = 0; i < count; i++)
		heap_free(copies[i]);
	return chosen;
}

struct coding_case {
	const char *value;
	unsigned available;
	enum coding expected;
};

static void expect_cases(const struct coding_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum coding found = choose(&cases[i].value, 1, cases[i].available);
		if (found != cases[i].expected)
			fail_msg("row %zu, \"%s\": %d, not %d", i, cases[i].value, (int)found,
			         (int)cases[i].expected);
	}
}

#define EXPECT(cases) expect_cases((cases), sizeof(cases) / sizeof(cases)[0])

static void test_only_listed_coding_is_chosen(void **state)
{
	static const struct coding_case CASES[] = {
	    {"", ALL, CODING_IDENTITY},
	    {"gzip", ALL, CODING_GZIP},
	    {"zstd", ALL, CODING_ZSTD},
	    {"br", ALL, CODING_BR},
	    {"x-gzip", ALL, CODING_GZIP},
	    {"GZip", ALL, CODING_GZIP},
	    {"X-GZIP", ALL, CODING_GZIP},
	    {"BR", ALL, CODING_BR},
	    {"deflate", ALL, CODING_IDENTITY},
	    {"compress, deflate", ALL, CODING_IDENTITY},
	    {"identity", ALL, CODING_IDENTITY},
	    {"gzipped, brr, zst, b, zstandard", ALL, CODING_IDENTITY},
	};
	(void)state;
	assert_int_equal(choose(NULL, 0, ALL), CODING_IDENTITY);
	EXPECT(CASES);
}

static void test_only_available_coding_is_chosen(void **state)
{
	static const struct coding_case CASES[] = {
	    {"gzip, zstd, br", 0, CODING_IDENTITY},
	    {"gzip, zstd, br", GZIP, CODING_GZIP},
	    {"gzip, zstd, br", ZSTD, CODING_ZSTD},
	    {"gzip, zstd, br", BR, CODING_BR},
	    {"gzip", ZSTD | BR, CODING_IDENTITY},
	    {"br;q=1, gzip;q=0.1", GZIP, CODING_GZIP},
	    {"*", 0, CODING_IDENTITY},
	    {"*;q=0.5, identity;q=0.1", 0, CODING_IDENTITY},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_server_preference_among_equal_weights(void **state)
{
	static const struct coding_case CASES[] = {
	    {"gzip, deflate, br, zstd", ALL, CODING_BR},
	    {"br, zstd, gzip", ALL, CODING_BR},
	    {"gzip, zstd", ALL, CODING_ZSTD},
	    {"gzip, br, zstd", GZIP | ZSTD, CODING_ZSTD},
	    {"gzip;q=0.5, br;q=0.5", ALL, CODING_BR},
	    {"gzip, identity", ALL, CODING_GZIP},
	    {"identity;q=0.5, gzip;q=0.5", ALL, CODING_GZIP},
	    {"*", ALL, CODING_BR},
	    {"*", GZIP, CODING_GZIP},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_highest_weight_is_chosen(void **state)
{
	static const struct coding_case CASES[] = {
	    {"gzip;q=1.0, br;q=0.5", ALL, CODING_GZIP},
	    {"gzip;q=0.501, br;q=0.5", ALL, CODING_GZIP},
	    {"gzip;q=0.51, br;q=0.509", ALL, CODING_GZIP},
	    {"gzip;q=0.5, br;q=0.501", ALL, CODING_BR},
	    {"br;q=0.001", ALL, CODING_BR},
	    {"br;q=0.01, gzip;q=0.1", ALL, CODING_GZIP},
	    {"br;q=0.001, gzip;q=0.01", ALL, CODING_GZIP},
	    {"br;q=0.999, gzip;q=1.000", ALL, CODING_GZIP},
	    {"br;q=0.999, gzip;q=1.", ALL, CODING_GZIP},
	    {"br;q=0.999, gzip;q=1", ALL, CODING_GZIP},
	    {"br;q=0.999, gzip", ALL, CODING_GZIP},
	    {"br;Q=0.5, gzip;Q=0.6", ALL, CODING_GZIP},
	    {"br ; q=0.5,gzip\t;\tq=0.6", ALL, CODING_GZIP},
	    {"identity, br;q=0.9", ALL, CODING_IDENTITY},
	    {"br;q=0.9, identity;q=0.91", ALL, CODING_IDENTITY},
	    {"identity;q=0.5, br;q=0.2, gzip;q=0.7", ALL, CODING_GZIP},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_weight_zero_excludes_coding(void **state)
{
	static const struct coding_case CASES[] = {
	    {"br;q=0", ALL, CODING_IDENTITY},
	    {"br;q=0.", ALL, CODING_IDENTITY},
	    {"br;q=0.000", ALL, CODING_IDENTITY},
	    {"br;q=0, gzip", ALL, CODING_GZIP},
	    {"x-gzip;q=0", ALL, CODING_IDENTITY},
	    {"*;q=0", ALL, CODING_IDENTITY},
	    {"*;q=0, gzip;q=0.1", ALL, CODING_GZIP},
	    {"*, br;q=0", ALL, CODING_ZSTD},
	    {"br;q=0, *", ALL, CODING_ZSTD},
	    {"identity;q=0, gzip", ALL, CODING_GZIP},
	    {"identity;q=0, *", ALL, CODING_BR},
	    /* No coding is acceptable: identity is sent. */
	    {"identity;q=0", ALL, CODING_IDENTITY},
	    {"identity;q=0, gzip;q=0", ALL, CODING_IDENTITY},
	    {"identity;q=0, gzip", BR, CODING_IDENTITY},
	};
	(void)state;
	EXPECT(CASES);
}

/* "*" stands for every coding that is not listed, including identity. */
static void test_star_stands_for_unlisted_codings(void **state)
{
	static const struct coding_case CASES[] = {
	    {"*;q=0.5", ALL, CODING_BR},
	    {"gzip;q=0.6, *;q=0.5", ALL, CODING_GZIP},
	    {"gzip;q=0.4, *;q=0.5", ALL, CODING_BR},
	    {"gzip;q=0.4, *;q=0.5", GZIP, CODING_IDENTITY},
	    {"gzip;q=0.5, *;q=0.5", GZIP, CODING_GZIP},
	    {"**", ALL, CODING_IDENTITY},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_malformed_member_is_ignored(void **state)
{
	static const struct coding_case CASES[] = {
	    {",,gzip,,", ALL, CODING_GZIP},       {", ,", ALL, CODING_IDENTITY},
	    {";", ALL, CODING_IDENTITY},          {";q=1", ALL, CODING_IDENTITY},
	    {"br;", ALL, CODING_IDENTITY},        {"br;q", ALL, CODING_IDENTITY},
	    {"br;q=", ALL, CODING_IDENTITY},      {"br;q=.", ALL, CODING_IDENTITY},
	    {"br;q=.5", ALL, CODING_IDENTITY},    {"br;q=x", ALL, CODING_IDENTITY},
	    {"br;q=2", ALL, CODING_IDENTITY},     {"br;q=1.001", ALL, CODING_IDENTITY},
	    {"br;q=1.1", ALL, CODING_IDENTITY},   {"br;q=0.1234", ALL, CODING_IDENTITY},
	    {"br;q=0.1x", ALL, CODING_IDENTITY},  {"br;q=0.1 x", ALL, CODING_IDENTITY},
	    {"br;q=01", ALL, CODING_IDENTITY},    {"br;q=10", ALL, CODING_IDENTITY},
	    {"br;q=1x", ALL, CODING_IDENTITY},    {"br;q=0,5", ALL, CODING_IDENTITY},
	    {"br;q=-1", ALL, CODING_IDENTITY},    {"br;q=+1", ALL, CODING_IDENTITY},
	    {"br;q=0:5", ALL, CODING_IDENTITY},   {"br;q=0./", ALL, CODING_IDENTITY},
	    {"br;q =1", ALL, CODING_IDENTITY},    {"br;q= 1", ALL, CODING_IDENTITY},
	    {"br;q:1", ALL, CODING_IDENTITY},     {"br;p=1", ALL, CODING_IDENTITY},
	    {"br;q=1;q=1", ALL, CODING_IDENTITY}, {"br;level=5;q=1", ALL, CODING_IDENTITY},
	    {"br gzip", ALL, CODING_IDENTITY},    {"br;q=9, gzip", ALL, CODING_GZIP},
	    {"\"br\", gzip", ALL, CODING_GZIP},
	};
	(void)state;
	EXPECT(CASES);
}

static void test_several_fields_are_one_list(void **state)
{
	static const char *const APART[] = {"gzip", "deflate", "br;q=0.5"};
	static const char *const LATER[] = {"br;q=0", "br"};
	static const char *const REFUSED[] = {"br, x-gzip", "br;q=0, gzip;q=0"};
	(void)state;
	assert_int_equal(choose(APART, 3, ALL), CODING_GZIP);
	assert_int_equal(choose(APART, 3, BR), CODING_BR);
	assert_int_equal(choose(LATER, 2, ALL), CODING_BR);
	assert_int_equal(choose(REFUSED, 2, ALL), CODING_IDENTITY);
}

static void test_coding_has_name_and_file_suffix(void **state)
{
	(void)state;
	assert_true(view_equal(coding_name(CODING_IDENTITY), VIEW("")));
	assert_true(view_equal(coding_name(CODING_GZIP), VIEW("gzip")));
	assert_true(view_equal(coding_name(CODING_ZSTD), VIEW("zstd")));
	assert_true(view_equal(coding_name(CODING_BR), VIEW("br")));
	assert_true(view_equal(coding_suffix(CODING_IDENTITY), VIEW("")));
	assert_true(view_equal(coding_suffix(CODING_GZIP), VIEW(".gz")));
	assert_true(view_equal(coding_suffix(CODING_ZSTD), VIEW(".zst")));
	assert_true(view_equal(coding_suffix(CODING_BR), VIEW(".br")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_listed_coding_is_chosen),
	    cmocka_unit_test(test_only_available_coding_is_chosen),
	    cmocka_unit_test(test_server_preference_among_equal_weights),
	    cmocka_unit_test(test_highest_weight_is_chosen),
	    cmocka_unit_test(test_weight_zero_excludes_coding),
	    cmocka_unit_test(test_star_stands_for_unlisted_codings),
	    cmocka_unit_test(test_malformed_member_is_ignored),
	    cmocka_unit_test(test_several_fields_are_one_list),
	    cmocka_unit_test(test_coding_has_name_and_file_suffix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
