/* The PROXY header: valid and invalid headers, their client, and headers truncated anywhere. */
#include "base/buffer.h"
#include "proxy/header.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct header_case {
	struct view received;
	enum proxy_outcome result;
	size_t rest;        /* bytes after the header */
	const char *client; /* NULL: none */
	uint16_t port;
};

/* A view as a constant initializer, which VIEW is not. */
#define BYTES(literal)                                                                             \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4_PAIR "\xc0\0\x02\x07\xc0\0\x02\x01\xc7\x5a\0\x50"
#define V6_CLIENT "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
#define V6_MAPPED "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x07"
#define V6_SERVER "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define PORTS "\xc7\x5a\0\x50"
#define FORTY "0123456789012345678901234567890123456789"

static const struct header_case CASES[] = {
    /* Version 1. */
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\r\n"), PROXY_READ, 0, "192.0.2.7", 51034},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\r\nGET / HTTP/1.1\r\n"), PROXY_READ, 16,
     "192.0.2.7", 51034},
    {BYTES("PROXY TCP4 255.255.255.255 0.0.0.0 0 65535\r\n"), PROXY_READ, 0, "255.255.255.255", 0},
    {BYTES("PROXY TCP6 2001:db8::7 2001:db8::1 65535 80\r\n"), PROXY_READ, 0, "2001:db8::7", 65535},
    {BYTES("PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.1 1 2\r\n"), PROXY_READ, 0, "192.0.2.7", 1},
    {BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0 "
           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
     PROXY_READ, 0, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0", 65535},
    {BYTES("PROXY UNKNOWN\r\n"), PROXY_READ, 0, NULL, 0},
    {BYTES("PROXY UNKNOWN ffff::1 what ever 1 2 3\r\nGET"), PROXY_READ, 3, NULL, 0},
    {BYTES("PROXY UNKNOWN " FORTY FORTY "01234567890\r\n"), PROXY_READ, 0, NULL, 0},
    {BYTES("PROXY UNKNOWN " FORTY FORTY "012345678901\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 51034 80 \r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 51034\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4  192.0.2.7 192.0.2.1 51034 80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 051034 80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 1 00\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 01 80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 65536 80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 51034 -80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 51034 x\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2 192.0.2.1 51034 80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.256 192.0.2.1 51034 80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 example.org 51034 80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 2001:db8::7 2001:db8::1 51034 80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP6 192.0.2.7 192.0.2.1 51034 80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7\0 192.0.2.1 51034 80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY UDP4 192.0.2.7 192.0.2.1 51034 80\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY UNKNOWNS\r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY \r\n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY \n"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 51034 80"), PROXY_INCOMPLETE, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\r"), PROXY_INCOMPLETE, 0, NULL, 0},

    /* Version 2. */
    {BYTES(SIGNATURE "\x21\x11\0\x0c" V4_PAIR), PROXY_READ, 0, "192.0.2.7", 51034},
    {BYTES(SIGNATURE "\x21\x11\0\x0c" V4_PAIR "GET"), PROXY_READ, 3, "192.0.2.7", 51034},
    {BYTES(SIGNATURE "\x21\x11\0\x13" V4_PAIR "\x04\0\x04zero"), PROXY_READ, 0, "192.0.2.7", 51034},
    {BYTES(SIGNATURE "\x21\x21\0\x24" V6_CLIENT V6_SERVER PORTS), PROXY_READ, 0, "2001:db8::7",
     51034},
    {BYTES(SIGNATURE "\x21\x21\0\x24" V6_MAPPED V6_SERVER PORTS), PROXY_READ, 0, "192.0.2.7",
     51034},
    {BYTES(SIGNATURE "\x20\0\0\0"), PROXY_READ, 0, NULL, 0},
    {BYTES(SIGNATURE "\x20\x11\0\x0c" V4_PAIR "GET"), PROXY_READ, 3, NULL, 0},
    {BYTES(SIGNATURE "\x20\x77\0\x03"
                     "abc"),
     PROXY_READ, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\0\0\0"), PROXY_READ, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\0\0\x05"
                     "abcdeGET"),
     PROXY_READ, 3, NULL, 0},
    {BYTES(SIGNATURE "\x21\x11\0\x0b" V4_PAIR), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x21\0\x0c" V4_PAIR), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES(SIGNATURE "\x22\x11\0\x0c" V4_PAIR), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES(SIGNATURE "\x11\x11\0\x0c" V4_PAIR), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES(SIGNATURE "\x31\x11\0\x0c" V4_PAIR), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x12\0\x0c" V4_PAIR), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x10\0\x0c" V4_PAIR), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x31\0\x0c" V4_PAIR), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x41\0\x0c" V4_PAIR), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x11\x1f\xf1"), PROXY_MALFORMED, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x11\x1f\xf0"), PROXY_INCOMPLETE, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x11\0\x0d" V4_PAIR), PROXY_INCOMPLETE, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x11\0"), PROXY_INCOMPLETE, 0, NULL, 0},
    {BYTES(SIGNATURE), PROXY_INCOMPLETE, 0, NULL, 0},

    /* Neither. */
    {BYTES(""), PROXY_INCOMPLETE, 0, NULL, 0},
    {BYTES("P"), PROXY_INCOMPLETE, 0, NULL, 0},
    {BYTES("\r\n"), PROXY_INCOMPLETE, 0, NULL, 0},
    {BYTES("GET / HTTP/1.1\r\n"), PROXY_MISSING, 0, NULL, 0},
    {BYTES("PROPFIND / HTTP/1.1\r\n"), PROXY_MISSING, 0, NULL, 0},
    {BYTES("proxy TCP4 192.0.2.7 192.0.2.1 51034 80\r\n"), PROXY_MISSING, 0, NULL, 0},
    {BYTES("PROXY\tTCP4"), PROXY_MISSING, 0, NULL, 0},
    {BYTES("\r\n\r\nGET / HTTP/1.1\r\n"), PROXY_MISSING, 0, NULL, 0},
    {BYTES("\r\n\r\n\0\r\nQUIT\r"), PROXY_MISSING, 0, NULL, 0},
    {BYTES("\x16\x03\x01"), PROXY_MISSING, 0, NULL, 0},
};

enum { COUNT = sizeof CASES / sizeof CASES[0] };

static void expect_client(size_t row, const struct proxy_header *header)
{
	char shown[INET6_ADDRSTRLEN] = "";
	const struct header_case *expected = &CASES[row];
	if (header->has_client)
		inet_ntop(header->client.length == 4 ? AF_INET : AF_INET6, header->client.bytes,
		          shown, sizeof shown);
	if (header->has_client != (expected->client != NULL) ||
	    (expected->client != NULL && strcmp(shown, expected->client) != 0) ||
	    header->port != expected->port)
		fail_msg("case %zu: client is [%s] %u", row, shown, header->port);
}

static void test_header_yields_result_and_client(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct proxy_header header;
		enum proxy_outcome result = proxy_header_parse(CASES[i].received, &header);
		if (result != CASES[i].result)
			fail_msg("case %zu: result is %d", i, result);
		if (result != PROXY_READ)
			continue;
		assert_int_equal(header.length, CASES[i].received.length - CASES[i].rest);
		expect_client(i, &header);
	}
}

/* Parses every prefix: the result is PROXY_INCOMPLETE until it is final, and then stays. */
static void test_prefix_is_incomplete_or_has_the_final_result(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		enum proxy_outcome result = PROXY_INCOMPLETE;
		for (size_t length = 0; length <= CASES[i].received.length; length++) {
			struct view cut = {CASES[i].received.data, length};
			struct proxy_header header;
			enum proxy_outcome now = proxy_header_parse(cut, &header);
			if (result != PROXY_INCOMPLETE && now != result)
				fail_msg("case %zu: %d, and %d at byte %zu", i, result, now,
				         length);
			if (now == PROXY_READ && header.length > length)
				fail_msg("case %zu: read beyond byte %zu", i, length);
			result = now;
		}
		assert_int_equal(result, CASES[i].result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_header_yields_result_and_client),
	    cmocka_unit_test(test_prefix_is_incomplete_or_has_the_final_result),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
