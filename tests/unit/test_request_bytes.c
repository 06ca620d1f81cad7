/*
 * Request headers as an attacker sends them: every byte in every kind of position, every split into
 * reads, truncated anywhere, and damaged anywhere.
 */
#include "bytes.h"
#include "request_heads.h"

static const char TOKEN_BYTES[] = "!#$%&'*+-.^_`|~0123456789"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool is_control(int byte)
{
	return (byte >= 0 && byte < ' ') || byte == 0x7f;
}

/* Expects the result for a header with each byte in one position. */
static void expect_for_every_byte(const char *before, const char *after,
                                  struct refusal expected(int byte))
{
	for (int byte = 0; byte < 256; byte++) {
		char buffer[100];
		struct buffer text = BUFFER(buffer);
		buffer_add_string(&text, before);
		buffer_add(&text, (struct view){(char[]){(char)byte}, 1});
		buffer_add_string(&text, after);
		expect(buffer_view(&text), expected(byte));
	}
}

static struct refusal of_method(int byte)
{
	if (byte == '\n')
		return refuse(400, "target-missing");
	if (byte == ' ')
		return refuse(400, "version-malformed");
	return byte_is_among(byte, TOKEN_BYTES) ? refuse(501, "method-unknown")
	                                        : refuse(400, "method-malformed");
}

static struct refusal of_target(int byte)
{
	if (byte == '\n' || byte == ' ')
		return refuse(400, "version-malformed");
	return is_control(byte) ? refuse(400, "target-control-byte") : ACCEPTED;
}

static struct refusal of_major_version(int byte)
{
	if (!byte_is_among(byte, "0123456789"))
		return refuse(400, "version-malformed");
	return byte == '1' ? ACCEPTED : refuse(505, "version-unsupported");
}

static struct refusal of_minor_version(int byte)
{
	return byte_is_among(byte, "0123456789") ? ACCEPTED : refuse(400, "version-malformed");
}

static struct refusal of_version_slash(int byte)
{
	return byte == '/' ? ACCEPTED : refuse(400, "version-malformed");
}

static struct refusal of_version_dot(int byte)
{
	return byte == '.' ? ACCEPTED : refuse(400, "version-malformed");
}

static struct refusal of_field_name(int byte)
{
	if (byte == '\n')
		return refuse(400, "field-without-colon");
	return byte == ':' || byte_is_among(byte, TOKEN_BYTES)
	           ? ACCEPTED
	           : refuse(400, "field-name-malformed");
}

/* An LF in this position ends the header. */
static struct refusal of_line_start(int byte)
{
	if (byte == ' ' || byte == '\t')
		return refuse(400, "field-folded");
	return byte == '\n' || byte_is_among(byte, TOKEN_BYTES)
	           ? ACCEPTED
	           : refuse(400, "field-name-malformed");
}

static struct refusal of_field_value(int byte)
{
	if (byte == '\n')
		return refuse(400, "field-without-colon");
	return is_control(byte) && byte != '\t' ? refuse(400, "field-control-byte") : ACCEPTED;
}

static struct refusal of_host(int byte)
{
	static const char IN_NAME[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789-._~!$&'()*+,;=";
	struct refusal refusal = of_field_value(byte);
	if (refusal.status != 0 || byte_is_among(byte, IN_NAME))
		return refusal;
	return refuse(400, "host-malformed");
}

/* Reads the start of a header in pieces; returns the reason for which it is refused, or "". */
static const char *reason_of_start(struct view start, size_t piece)
{
	for (size_t seen = 0; seen < start.length;) {
		size_t come = start.length - seen > piece ? seen + piece : start.length;
		struct view received = heap_copy((struct view){start.data, come});
		struct refusal refusal = request_check_start(received, seen);
		heap_free(received);
		if (refusal.status != 0)
			return refusal.reason;
		seen = come;
	}
	return "";
}

static void test_clients_of_other_protocols_are_refused_at_once(void **state)
{
	const struct {
		const char *name;
		struct view start;
		const char *reason;
	} CASES[] = {
	    {"TLS ClientHello", VIEW("\x16\x03\x01\x02\x00\x01\x00\x01\xfc"), "method-malformed"},
	    {"SSL 2 ClientHello", VIEW("\x80\x2e\x01\x00\x02"), "method-malformed"},
	    {"SSH", VIEW("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), "version-malformed"},
	    {"SSH without a comment", VIEW("SSH-2.0-Go\r\n"), "target-missing"},
	    {"SOCKS 4", VIEW("\x04\x01\x00\x50\xc0\x00\x02\x07\x00"), "method-malformed"},
	    {"SOCKS 5", VIEW("\x05\x01\x00"), "method-malformed"},
	    {"RDP", VIEW("\x03\x00\x00\x13\x0e\xe0"), "method-malformed"},
	    {"SMB", VIEW("\x00\x00\x00\x54\xffSMBr"), "method-malformed"},
	    {"PostgreSQL", VIEW("\x00\x00\x00\x08\x04\xd2\x16\x2f"), "method-malformed"},
	    {"MQTT", VIEW("\x10\x0c\x00\x04MQTT"), "method-malformed"},
	    {"AMQP", VIEW("AMQP\x00\x00\x09\x01"), "method-malformed"},
	    {"X11", VIEW("l\x00\x0b\x00\x00\x00"), "method-malformed"},
	    {"XMPP", VIEW("<?xml version='1.0'?>"), "method-malformed"},
	    {"JSON-RPC", VIEW("{\"id\":1,\"method\":\"login\"}"), "method-malformed"},
	    {"telnet", VIEW("\xff\xfd\x03\xff\xfb\x18"), "method-malformed"},
	    {"git", VIEW("003agit-upload-pack /a.git\0host=a\0"), "target-control-byte"},
	    {"PROXY 1", VIEW("PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\r\n"), "version-malformed"},
	    {"PROXY 2", VIEW("\x00\r\nQUIT\n\x21\x11"), "method-malformed"},
	    {"HTTP/2", VIEW("PRI * HTTP/2.0\r\n"), "version-unsupported"},
	    {"RTSP", VIEW("OPTIONS rtsp://a/ RTSP/1.0\r\n"), "version-malformed"},
	    {"SIP", VIEW("OPTIONS sip:nm SIP/2.0\r\n"), "version-malformed"},
	    {"SMTP", VIEW("EHLO a\r\n"), "version-malformed"},
	    {"a person", VIEW("HELP\r\n"), "target-missing"},
	    {"HTTP/0.9", VIEW("GET /\r\n"), "version-malformed"},
	    {"a CR within the line", VIEW("GET /\rx"), "target-control-byte"},
	    {"a white first byte", VIEW(" GET"), "method-malformed"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		for (size_t piece = 1; piece <= CASES[i].start.length; piece++) {
			const char *reason = reason_of_start(CASES[i].start, piece);
			if (strcmp(reason, CASES[i].reason) != 0)
				fail_msg("%s in pieces of %zu: \"%s\"", CASES[i].name, piece,
				         reason);
		}
}

/* Nor are faults that are found only at the end of the header: of the method or the Host. */
static void test_the_start_of_a_request_is_not_refused(void **state)
{
	static const char *const STARTS[] = {
	    "G",
	    "GET",
	    "GET ",
	    "GET /a",
	    "GET / HTTP/1.1",
	    "\r",
	    "GET /\r",
	    "GET / HTTP/1.1\r",
	    "!x",
	    "GET / HTTP/1.1\r\n",
	    "GET / HTTP/1.1\nHost",
	    "BREW /pot HTTP/1.1\r\nA: b\r\n",
	    "GET / HTTP/1.0\r\n\x16\x03",
	    "GET /caf\xc3\xa9 HTTP/1.1\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof STARTS / sizeof STARTS[0]; i++)
		for (size_t piece = 1; piece <= strlen(STARTS[i]); piece++)
			if (reason_of_start(view_of(STARTS[i]), piece)[0] != '\0')
				fail_msg("%s in pieces of %zu is refused", STARTS[i], piece);
	assert_true(request_check_start(VIEW(""), 0).status == 0);
}

/* Otherwise the work would grow with the square of the bytes if a client sends them one at a time. */
static void test_bytes_of_the_start_are_checked_once(void **state)
{
	(void)state;
	assert_int_equal(request_check_start(VIEW("GET / HTTP/9.9\r\nA"), 15).status, 505);
	assert_int_equal(request_check_start(VIEW("GET / HTTP/9.9\r\nA"), 16).status, 0);
	assert_int_equal(request_check_start(VIEW("G\x01T /"), 2).status, 400);
	assert_int_equal(request_check_start(VIEW("G\x01T /"), 3).status, 0);
}

static void test_every_byte_is_accepted_or_refused_in_each_kind_of_position(void **state)
{
	(void)state;
	expect_for_every_byte("A", "C / HTTP/1.1\r\nHost: a\r\n\r\n", of_method);
	expect_for_every_byte("GET /a", "c HTTP/1.1\r\nHost: a\r\n\r\n", of_target);
	expect_for_every_byte("GET / HTTP/", ".1\r\nHost: a\r\n\r\n", of_major_version);
	expect_for_every_byte("GET / HTTP/1.", "\r\nHost: a\r\n\r\n", of_minor_version);
	expect_for_every_byte("GET / HTTP", "1.1\r\nHost: a\r\n\r\n", of_version_slash);
	expect_for_every_byte("GET / HTTP/1", "1\r\nHost: a\r\n\r\n", of_version_dot);
	expect_for_every_byte("GET / HTTP/1.1\r\nHost: a\r\nX", "Y: v\r\n\r\n", of_field_name);
	expect_for_every_byte("GET / HTTP/1.1\r\nHost: a\r\n", "X: v\r\n\r\n", of_line_start);
	expect_for_every_byte("GET / HTTP/1.1\r\nHost: a\r\nX: a", "c\r\n\r\n", of_field_value);
	expect_for_every_byte("GET / HTTP/1.1\r\nHost: a", "c\r\n\r\n", of_host);
}

/* Length of the header by RFC 9112 2.2: up to the first two consecutive line ends. */
static size_t model_head_length(struct view received)
{
	for (size_t end = 2; end <= received.length; end++) {
		const char *last = received.data + end;
		if (memcmp(last - 2, "\n\n", 2) == 0)
			return end;
		if (end > 2 && memcmp(last - 3, "\n\r\n", 3) == 0)
			return end;
	}
	return 0;
}

/* Number of leading bytes that are empty lines. */
static size_t model_empty_lines(struct view received)
{
	size_t lines = 0;
	for (size_t i = 0; i < received.length; i++)
		if (received.data[i] == '\n')
			lines = i + 1;
		else if (received.data[i] != '\r' || (i > 0 && received.data[i - 1] == '\r'))
			break;
	return lines;
}

/*
 * Any split into reads is a sequence of calls with (received, seen), of which no earlier one found
 * the end. So these pairs cover every split; as in the handler, empty lines are left out.
 */
static void expect_same_for_every_split(struct view whole)
{
	for (size_t length = 0; length <= whole.length; length++) {
		struct view received = heap_copy((struct view){whole.data, length});
		size_t skip = request_leading_empty_lines(received);
		assert_int_equal(skip, model_empty_lines(received));
		struct view rest = view_from(received, skip);
		size_t expected = model_head_length(rest);
		for (size_t seen = 0; seen < length || seen == 0; seen++) {
			struct view earlier = {whole.data, seen};
			size_t earlier_skip = model_empty_lines(earlier);
			if (model_head_length(view_from(earlier, earlier_skip)) > 0)
				break;
			size_t found = request_head_length(rest, seen > skip ? seen - skip : 0);
			if (found != expected)
				fail_msg("%zu of \"%.*s\" seen: %zu, not %zu", seen, (int)length,
				         whole.data, found, expected);
		}
		heap_free(received);
	}
}

static void test_end_of_short_header_is_found_for_every_split(void **state)
{
	enum { LENGTH = 8, COUNT = 6561 /* 3^8 */ };
	(void)state;
	for (int number = 0; number < COUNT; number++) {
		char bytes[LENGTH];
		for (int i = 0, rest = number; i < LENGTH; i++, rest /= 3)
			bytes[i] = "\r\na"[rest % 3];
		expect_same_for_every_split((struct view){bytes, LENGTH});
	}
}

static void test_end_of_header_is_found_for_every_split(void **state)
{
	static const struct {
		const char *bytes;
		size_t skip, length;
	} CASES[] = {
	    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, 27},
	    {"GET / HTTP/1.1\nHost: a\n\n", 0, 24},
	    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 0, 26},
	    {"GET / HTTP/1.1\nHost: a\r\n\n", 0, 25},
	    {"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n", 0, 27},
	    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\n", 0, 27},
	    {"\r\n\r\n\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 7, 27},
	    {"\r\r\nGET / HTTP/1.1\r\n\r\n", 0, 21},
	    {"GET / HTTP/1.0\r\n\r\r\n\r\n", 0, 21},
	    {"GET / HTTP/1.0\r\r\n\rX\r\n\n", 0, 22},
	    {"GET / HTTP/1.0\r\n \r\n\t\r\n", 0, 0},
	    {"GET / HTTP/1.0\r\r\r\r", 0, 0},
	    {"\r\n\n\r\n\r", 5, 0},
	    {"\n", 1, 0},
	    {"\r", 0, 0},
	    {"", 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct view whole = view_of(CASES[i].bytes);
		struct view rest = view_from(whole, CASES[i].skip);
		assert_int_equal(request_leading_empty_lines(whole), CASES[i].skip);
		assert_int_equal(request_head_length(rest, 0), CASES[i].length);
		expect_same_for_every_split(whole);
	}
}

static const char GOOD[] = "HEAD /a?b HTTP/1.1\r\nHost: a.b:80\r\nX-Y: c d\r\nConnection: close\r\n"
                           "Accept: */*\r\nContent-Length: 12, 12\r\n\r\n";

/* As the handler parses it for its log if the client stops in the middle. */
static void test_truncated_header_has_method_and_target_if_complete(void **state)
{
	(void)state;
	for (size_t length = 0; length < sizeof GOOD; length++) {
		struct parsed parsed;
		parse(&parsed, (struct view){GOOD, length});
		bool has_method = length >= strlen("HEAD"),
		     has_target = length >= strlen("HEAD /a?b");
		assert_int_equal(parsed.request.method, has_method ? METHOD_HEAD : METHOD_UNKNOWN);
		if (has_target)
			assert_true(view_equal(parsed.request.target, VIEW("/a?b")));
		if (length < strlen("HEAD /a?b HTTP/1.1"))
			assert_int_equal(parsed.refusal.status, 400);
		release(&parsed);
	}
}

static size_t count_of(const struct request *request, struct view name)
{
	size_t count = 0;
	for (size_t i = 0; i < request->field_count; i++)
		count += view_equal_nocase(request->fields[i].name, name);
	return count;
}

static bool is_token(struct view view)
{
	for (size_t i = 0; i < view.length; i++)
		if (!byte_is_among(view.data[i], TOKEN_BYTES))
			return false;
	return view.length > 0;
}

/* Whether there is a control byte other than a tab. */
static bool has_control(struct view view)
{
	for (size_t i = 0; i < view.length; i++)
		if (is_control((unsigned char)view.data[i]) && view.data[i] != '\t')
			return true;
	return false;
}

/* Expects the properties of every accepted request. */
static void expect_valid(const struct request *request)
{
	assert_true(is_token(request->method_name));
	assert_true(request->target.length > 0 && !has_control(request->target));
	assert_null(memchr(request->target.data, ' ', request->target.length));
	assert_null(memchr(request->target.data, '\t', request->target.length));
	for (size_t i = 0; i < request->field_count; i++) {
		struct view value = request->fields[i].value;
		assert_true(is_token(request->fields[i].name));
		assert_false(has_control(value));
		assert_int_equal(view_trim(value).length, value.length);
	}
	size_t hosts = count_of(request, VIEW("Host"));
	assert_true(hosts == 1 || (hosts == 0 && request->minor_version == 0));
	size_t lengths = count_of(request, VIEW("Content-Length"));
	size_t codings = count_of(request, VIEW("Transfer-Encoding"));
	assert_int_equal(request->body_chunked, codings == 1);
	assert_true(codings == 0 || (codings == 1 && lengths == 0));
	assert_true(request->body_length <= INT64_MAX);
	assert_true(lengths > 0 || request->body_length == 0);
}

static uint64_t random_state;

/* Makes a header of valid lines in any order, some repeated, with a few bytes replaced. */
static size_t make_damaged_header(char *buffer, size_t capacity)
{
	static const char *const LINES[] = {
	    "Host: a\r\n",
	    "Host: [::1]:80\r\n",
	    "X: a\r\n",
	    "\xc3\xa9: a\r\n",
	    "Content-Length: 7\r\n",
	    "Content-Length: 7,7\r\n",
	    " folded\r\n",
	    "Accept:\t*/*\t\r\n",
	    "Connection: close\n",
	    "Transfer-Encoding: chunked\r\n",
	};
	static const char HOSTILE[] = "\r\n\t :,\0\x7f\xff/x0";
	struct buffer text = {buffer, capacity, 0, false};
	buffer_add_string(&text, random_below(&random_state, 2) ? "GET /a HTTP/1.1\r\n"
	                                                        : "POST * HTTP/1.0\n");
	for (size_t lines = random_below(&random_state, 6); lines > 0; lines--)
		buffer_add_string(
		    &text, LINES[random_below(&random_state, sizeof LINES / sizeof LINES[0])]);
	buffer_add_string(&text, "Host: b\r\n\r\n");
	assert_false(text.truncated);
	for (size_t damaged = random_below(&random_state, 4); damaged > 0; damaged--)
		buffer[random_below(&random_state, text.length)] =
		    HOSTILE[random_below(&random_state, sizeof HOSTILE - 1)];
	return text.length;
}

static void test_damaged_header_is_refused_or_valid(void **state)
{
	int accepted = 0, refused = 0;
	(void)state;
	random_state = 20261123;
	for (int round = 0; round < 50000; round++) {
		char buffer[300];
		struct parsed parsed;
		parse(&parsed, (struct view){buffer, make_damaged_header(buffer, sizeof buffer)});
		if (parsed.refusal.status == 0)
			expect_valid(&parsed.request);
		else
			assert_true(parsed.refusal.status >= 400 && parsed.refusal.reason != NULL);
		accepted += parsed.refusal.status == 0;
		refused += parsed.refusal.status != 0;
		release(&parsed);
	}
	/* The test is meaningful only if both cases are frequent. */
	assert_true(accepted > 5000 && refused > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clients_of_other_protocols_are_refused_at_once),
	    cmocka_unit_test(test_the_start_of_a_request_is_not_refused),
	    cmocka_unit_test(test_bytes_of_the_start_are_checked_once),
	    cmocka_unit_test(test_every_byte_is_accepted_or_refused_in_each_kind_of_position),
	    cmocka_unit_test(test_end_of_short_header_is_found_for_every_split),
	    cmocka_unit_test(test_end_of_header_is_found_for_every_split),
	    cmocka_unit_test(test_truncated_header_has_method_and_target_if_complete),
	    cmocka_unit_test(test_damaged_header_is_refused_or_valid),
	};
	return cmocka_run_group_tests_name("request_bytes", tests, NULL, NULL);
}
