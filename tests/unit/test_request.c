/*
 * Request headers: which are accepted, which are refused with which reason, and the limits.
 * test_request_bytes.c tests truncated and damaged headers, and every split into reads.
 */
#include "request_heads.h"

/* Adds lines; the end of line i becomes CRLF if bit i of `crlf` is set. */
static void add_lines(struct buffer *text, struct view lines, unsigned crlf)
{
	for (size_t i = 0; i < lines.length; i++) {
		bool ends = lines.data[i] == '\n';
		buffer_add(text, ends && (crlf & 1) != 0 ? VIEW("\r") : VIEW(""));
		buffer_add(text, (struct view){lines.data + i, 1});
		crlf = ends ? crlf >> 1 : crlf;
	}
}

/* Expects this refusal for every mixture of line ends. */
static void expect_lines(struct view lines, struct refusal expected)
{
	static char buffer[20000];
	for (unsigned crlf = 0; crlf < 16; crlf++) {
		struct buffer text = BUFFER(buffer);
		add_lines(&text, lines, crlf | crlf << 4);
		assert_false(text.truncated);
		expect(buffer_view(&text), expected);
	}
}

struct request_case {
	int status; /* 0: accepted */
	const char *reason;
	const char *lines[32]; /* NULL at the end */
};

/* Expects the refusals for each of the lines, between `before` and `after`. */
static void expect_cases(const char *before, const struct request_case *cases, size_t count,
                         const char *after)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; cases[i].lines[j] != NULL; j++) {
			char buffer[1000];
			struct buffer text = BUFFER(buffer);
			buffer_add_string(&text, before);
			buffer_add_string(&text, cases[i].lines[j]);
			buffer_add_string(&text, after);
			assert_false(text.truncated);
			expect_lines(buffer_view(&text), refuse(cases[i].status, cases[i].reason));
		}
}

#define EXPECT(before, cases, after)                                                               \
	expect_cases((before), (cases), sizeof(cases) / sizeof(cases)[0], (after))

static void test_request_line_is_accepted_or_refused(void **state)
{
	static const struct request_case CASES[] = {
	    {0, NULL, {"GET / HTTP/1.1", "GET / HTTP/1.0", "GET / HTTP/1.9", "GET * HTTP/1.1"}},
	    {0, NULL, {"GET \"<>[]^`{|}\\#? HTTP/1.1", "OPTIONS * HTTP/1.1", "POST a:80 HTTP/1.1"}},
	    {400,
	     "method-malformed",
	     {"", " ", " GET / HTTP/1.1", "\tGET / HTTP/1.1", ": / HTTP/1.1"}},
	    {400,
	     "method-malformed",
	     {"GET\t/ HTTP/1.1", "G\"T / HTTP/1.1", "\r", "\rGET / HTTP/1.1"}},
	    {400,
	     "method-malformed",
	     {"G\xc3\x89T / HTTP/1.1", "\x16\x03\x01", "GET\r / HTTP/1.1"}},
	    {400, "target-missing", {"GET", "GET ", "GET  ", "GET  / HTTP/1.1", "x"}},
	    {400,
	     "target-control-byte",
	     {"GET /\r HTTP/1.1", "GET /\t HTTP/1.1", "GET \x7f HTTP/1.1"}},
	    {400, "target-control-byte", {"GET /\ra HTTP/1.1", "GET /\x1b[31m HTTP/1.1", "GET \v"}},
	    {400, "version-malformed", {"GET /", "GET / ", "GET /  HTTP/1.1", "GET / HTTP/1.1 "}},
	    {400,
	     "version-malformed",
	     {"GET / a HTTP/1.1", "GET / HTTP/1.1\r\r", "GET / http/1.1"}},
	    {400,
	     "version-malformed",
	     {"GET / HTTP/1", "GET / HTTP/1.", "GET / HTTP/.1", "GET / H"}},
	    {400, "version-malformed", {"GET / HTTP/1.10", "GET / HTTP/11.1", "GET / HTTP/1,1"}},
	    {400, "version-malformed", {"GET / HTTPS/1.1", "GET / HTTP/-1.1", "GET / HTTP/1.1x"}},
	    {505, "version-unsupported", {"GET / HTTP/0.9", "GET / HTTP/2.0", "PRI * HTTP/2.0"}},
	    {501, "method-unknown", {"get / HTTP/1.1", "Get / HTTP/1.0", "GETT / HTTP/1.1"}},
	    {501,
	     "method-unknown",
	     {"GE / HTTP/1.1", "G / HTTP/1.1", "PRI / HTTP/1.1", "! / HTTP/1.1"}},
	};
	(void)state;
	EXPECT("", CASES, "\nHost: a\n\n");
}

static void test_field_lines_are_accepted_or_refused(void **state)
{
	static const struct request_case CASES[] = {
	    {0,
	     NULL,
	     {"X:", "X: ", "X:a", "X: \t a b\t ", "X: a:b", "X::", "X: \xff\x80", "X: a\tb"}},
	    {0, NULL, {"X: a\nx: b\nX: a", "!#$%&'*+-.^_`|~: a", "hostess: a\nHos: b\nX-Host: c"}},
	    {400, "field-folded", {" X: a", "\tX: a", "X: a\n b", "X: a\n\tb", "X: a\n ", " "}},
	    {400, "field-without-colon", {"X", "X a", "\r\r", "a\r", "=", "GET / HTTP/1.1"}},
	    {400,
	     "field-name-malformed",
	     {":", ": a", "X : a", "X\t: a", "X\r: a", "X Y: a", "(): a"}},
	    {400, "field-name-malformed", {"X: a\nHost : b", "\rX: a", "a/b: c", "X\xff: a"}},
	    {400, "field-control-byte", {"X: a\rb", "X: \rb", "X: a\r\r", "X: \r\r", "X: \x7f"}},
	    {400,
	     "field-control-byte",
	     {"X: a\r b", "X: \v", "X: a\fb", "Host: a\r\r", "X: a\rY: b"}},
	};
	(void)state;
	EXPECT("GET / HTTP/1.1\nHost: a\n", CASES, "\n\n");
}

static void test_host_is_required_once_and_valid(void **state)
{
	static const struct request_case ON_11[] = {
	    {0, NULL, {"Host:", "HOST: a", "hOsT: a.b:80", "X: a\nHost: b", "Host: [::1]:80"}},
	    {400, "host-missing", {"X: a", "Hos: a", "Hosts: a", "X-Host: a", "X: Host: a"}},
	    {400, "host-repeated", {"Host: a\nHost: a", "Host: a\nX: b\nhost: c", "Host:\nHost:"}},
	    {400,
	     "host-malformed",
	     {"Host: a b", "Host: a/b", "Host: a@b", "Host: a, b", "Host: a:b"}},
	    {400, "host-malformed", {"Host: [::1", "Host: a%2", "Host: http://a", "Host: \"a\""}},
	};
	static const struct request_case ON_10[] = {
	    {0, NULL, {"X: a", "Host: a", "Host:"}},
	    {400, "host-repeated", {"Host: a\nHost: a"}},
	    {400, "host-malformed", {"Host: a/b"}},
	};
	(void)state;
	EXPECT("GET / HTTP/1.1\n", ON_11, "\n\n");
	EXPECT("GET / HTTP/1.0\n", ON_10, "\n\n");
}

#define CL "Content-Length: "
#define TE "Transfer-Encoding: "

/* Bodies that two recipients could delimit differently (RFC 9112 6.3, 11.2). */
static void test_ambiguous_body_framing_is_refused(void **state)
{
	static const struct request_case CASES[] = {
	    {400,
	     "length-malformed",
	     {CL, CL ",", CL ", ,", CL "x", CL "5x", CL "x5", CL "-5", CL "+5"}},
	    {400,
	     "length-malformed",
	     {CL "5.0", CL "0x5", CL "5 5", CL "5;5", CL "5e1", CL "\"5\""}},
	    {400,
	     "length-malformed",
	     {CL ":", CL "/", CL "5, x", CL "5\n" CL "x", CL "5\n" CL, CL "5 ,5 5"}},
	    {400, "length-malformed", {CL "9223372036854775808", CL "9223372036854775810"}},
	    {400, "length-malformed", {CL "18446744073709551616", CL "18446744073709551621"}},
	    {400, "length-malformed", {CL "99999999999999999999999999999999999999", CL "5, -5"}},
	    {400,
	     "lengths-differ",
	     {CL "5, 6", CL "5,5,6", CL "5\n" CL "6", CL "0\nX: a\n" CL "1"}},
	    {400, "lengths-differ", {CL "5\n" CL "5, 50", CL "1\ncontent-length: 2", CL "00, 1"}},
	    {400,
	     "length-and-coding",
	     {CL "5\n" TE "chunked", TE "chunked\n" CL "5", CL "x\n" TE "x"}},
	    {400, "length-and-coding", {TE "\n" CL, "transfer-encoding: a\ncontent-length: 0"}},
	    {400,
	     "coding-unknown",
	     {TE, TE "gzip", TE "chunked, chunked", TE "chunked, gzip", TE "x"}},
	    {400,
	     "coding-unknown",
	     {TE "gzip, chunked, chunked", TE "chunked\n" TE "gzip, chunked"}},
	    {501,
	     "coding-unknown",
	     {TE "gzip, chunked", TE "gzip\n" TE "Chunked", TE "x;a=b,deflate , chunked,"}},
	    {400,
	     "coding-unknown",
	     {TE "chunked,", TE ", chunked", TE "chunked chunked", TE "chunke"}},
	    {400,
	     "coding-unknown",
	     {TE "chunked;q=1", TE "xchunked", TE "chunkedx", TE "\"chunked\""}},
	    {400,
	     "coding-unknown",
	     {TE "identity", TE "chunked\n" TE "chunked", TE "chunked\n" TE}},
	};
	static const struct request_case ON_10[] = {
	    {400, "coding-in-http-1.0", {TE "chunked", TE "gzip"}},
	    {400, "length-and-coding", {CL "5\n" TE "chunked"}},
	    {400, "length-malformed", {CL "x"}},
	};
	(void)state;
	EXPECT("GET / HTTP/1.1\nHost: a\n", CASES, "\n\n");
	EXPECT("GET / HTTP/1.0\n", ON_10, "\n\n");
}

static void test_body_length_is_parsed(void **state)
{
	static const struct {
		const char *fields;
		uint64_t length;
		bool chunked;
	} CASES[] = {
	    {"", 0, false},
	    {CL "0\n", 0, false},
	    {CL "1\n", 1, false},
	    {CL "5\n", 5, false},
	    {"cONTENT-lENGTH:\t5 \n", 5, false},
	    {CL "000000000000000000000000000000000005\n", 5, false},
	    {CL "9223372036854775807\n", INT64_MAX, false},
	    {CL "5, 5,5\n", 5, false},
	    {CL ",5 ,, 5,\n", 5, false},
	    {CL "5\nX: a\n" CL "05, 5\n", 5, false},
	    {"Content-Lengt: 5\nContent-Lengths: 5\nX-" CL "x\n", 0, false},
	    {TE "chunked\n", 0, true},
	    {"transfer-encoding:CHUNKED \n", 0, true},
	    {"Transfer-Encodin: gzip\nTransfer-Encodings: x\nX-" TE "x\n" CL "7\n", 7, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		char buffer[300];
		struct buffer text = BUFFER(buffer);
		struct parsed parsed;
		buffer_add_string(&text, "POST / HTTP/1.1\nHost: a\n");
		buffer_add_string(&text, CASES[i].fields);
		buffer_add_string(&text, "\n");
		parse(&parsed, buffer_view(&text));
		if (parsed.refusal.status != 0 || parsed.request.body_length != CASES[i].length ||
		    parsed.request.body_chunked != CASES[i].chunked ||
		    request_has_body(&parsed.request) != (CASES[i].length > 0 || CASES[i].chunked))
			fail_msg("%s", CASES[i].fields);
		release(&parsed);
	}
}

static void test_method_and_version_are_parsed(void **state)
{
	static const struct {
		const char *name;
		enum method method;
	} CASES[] = {
	    {"GET", METHOD_GET},         {"HEAD", METHOD_HEAD},        {"OPTIONS", METHOD_OPTIONS},
	    {"POST", METHOD_OTHER},      {"PUT", METHOD_OTHER},        {"DELETE", METHOD_OTHER},
	    {"CONNECT", METHOD_OTHER},   {"TRACE", METHOD_OTHER},      {"PATCH", METHOD_OTHER},
	    {"get", METHOD_UNKNOWN},     {"HEADS", METHOD_UNKNOWN},    {"OPTION", METHOD_UNKNOWN},
	    {"DELETEX", METHOD_UNKNOWN}, {"CONNECTS", METHOD_UNKNOWN}, {"PAT", METHOD_UNKNOWN},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
		for (char minor = '0'; minor <= '9'; minor++) {
			char head[100];
			struct parsed parsed;
			sprintf(head, "%s /a?b HTTP/1.%c\r\nHost: a\r\n\r\n", CASES[i].name, minor);
			parse(&parsed, view_of(head));
			assert_int_equal(parsed.request.method, CASES[i].method);
			assert_true(view_equal(parsed.request.method_name, view_of(CASES[i].name)));
			assert_true(view_equal(parsed.request.target, VIEW("/a?b")));
			assert_int_equal(parsed.request.minor_version, minor == '0' ? 0 : 1);
			assert_int_equal(parsed.refusal.status,
			                 CASES[i].method == METHOD_UNKNOWN ? 501 : 0);
			release(&parsed);
		}
}

/* Writes "GET /?aaa HTTP/1.1" with this length into the buffer. */
static struct view line_of(size_t length, char *buffer)
{
	struct buffer text = {buffer, length, 0, false};
	buffer_add(&text, VIEW("GET /?"));
	while (text.length < length - strlen(" HTTP/1.1"))
		buffer_add(&text, VIEW("a"));
	buffer_add(&text, VIEW(" HTTP/1.1"));
	return buffer_view(&text);
}

static void test_line_above_the_limit_is_refused(void **state)
{
	(void)state;
	for (size_t length = REQUEST_LINE_MAX - 3; length <= REQUEST_LINE_MAX + 3; length++) {
		char line[REQUEST_LINE_MAX + 3], buffer[REQUEST_LINE_MAX + 100];
		struct buffer text = BUFFER(buffer);
		buffer_add(&text, line_of(length, line));
		buffer_add(&text, VIEW("\nHost: a\n\n"));
		bool fits = length <= REQUEST_LINE_MAX;
		expect_lines(buffer_view(&text),
		             fits ? ACCEPTED : refuse(414, "request-line-too-long"));
	}
}

static void test_fields_above_the_limit_are_refused(void **state)
{
	(void)state;
	for (int count = REQUEST_FIELDS_MAX - 1; count <= REQUEST_FIELDS_MAX + 1; count++) {
		char buffer[5 * REQUEST_FIELDS_MAX + 100];
		struct buffer text = BUFFER(buffer);
		buffer_add(&text, VIEW("GET / HTTP/1.1\n"));
		for (int i = 1; i < count; i++)
			buffer_add(&text, VIEW("X: a\n"));
		buffer_add(&text, VIEW("Host: a\n\n"));
		bool fits = count <= REQUEST_FIELDS_MAX;
		expect_lines(buffer_view(&text), fits ? ACCEPTED : refuse(431, "too-many-fields"));
	}
}

/* Method and target of a refused request are logged; and a refused HEAD gets no body. */
static void test_refused_header_has_method_and_target(void **state)
{
	static const char *const CASES[] = {
	    "HEAD /a HTTP/2.0\n\n",
	    "HEAD /a\n\n",
	    "HEAD /a HTTP/1.1\n\n",
	    "HEAD /a HTTP/1.1\nHost: a\n folded\n\n",
	    "HEAD /a HTTP/1.1\nHost: a\nHost: a\n\n",
	    "HEAD /a HTTP/1.1\nHost: a\nContent-Length: x\n\n",
	};
	char line[REQUEST_LINE_MAX + 1];
	struct parsed parsed;
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		parse(&parsed, view_of(CASES[i]));
		assert_int_not_equal(parsed.refusal.status, 0);
		assert_int_equal(parsed.request.method, METHOD_HEAD);
		assert_true(view_equal(parsed.request.method_name, VIEW("HEAD")));
		assert_true(view_equal(parsed.request.target, VIEW("/a")));
		release(&parsed);
	}
	parse(&parsed, line_of(sizeof line, line));
	assert_int_equal(parsed.refusal.status, 414);
	assert_int_equal(parsed.request.method, METHOD_GET);
	assert_int_equal(parsed.request.target.length, sizeof line - strlen("GET  HTTP/1.1"));
	release(&parsed);
}

static void test_field_is_found_by_its_complete_name(void **state)
{
	struct parsed parsed;
	struct request *request = &parsed.request;
	const struct field *found;
	(void)state;
	parse(&parsed, VIEW("GET / HTTP/1.1\r\nX: a\r\nHost:h\r\nXY: b\r\nx:\t c d \t\r\nY:\r\n\r\n"
	                    "X: e\r\n\r\n"));
	assert_int_equal(parsed.refusal.status, 0);
	assert_int_equal(request->field_count, 5);
	found = request_field(request, VIEW("X"), NULL);
	assert_true(found != NULL && view_equal(found->value, VIEW("a")));
	found = request_field(request, VIEW("X"), found);
	assert_true(found != NULL && view_equal(found->value, VIEW("c d")));
	assert_true(view_equal(found->name, VIEW("x")));
	assert_null(request_field(request, VIEW("X"), found));
	found = request_field(request, VIEW("y"), NULL);
	assert_true(found != NULL && found->value.length == 0);
	assert_null(request_field(request, VIEW("y"), found));
	assert_null(request_field(request, VIEW("HOSTS"), NULL));
	assert_null(request_field(request, VIEW("HOS"), NULL));
	assert_null(request_field(request, VIEW(""), NULL));
	assert_true(view_equal(request_field_value(request, VIEW("host")), VIEW("h")));
	assert_true(view_equal(request_field_value(request, VIEW("x")), VIEW("a")));
	assert_int_equal(request_field_value(request, VIEW("z")).length, 0);
	release(&parsed);
}

static void test_field_of_an_earlier_request_is_not_found(void **state)
{
	static char first[] = "GET / HTTP/1.1\r\nHost: a\r\nRange: b\r\n\r\n",
	            second[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct request request;
	(void)state;
	assert_int_equal(request_parse((struct view){first, sizeof first - 1}, &request).status, 0);
	assert_non_null(request_field(&request, VIEW("Range"), NULL));
	assert_int_equal(request_parse((struct view){second, sizeof second - 1}, &request).status,
	                 0);
	assert_null(request_field(&request, VIEW("Range"), NULL));
}

static void test_connection_field_and_version_decide_persistence(void **state)
{
	static const struct {
		char minor_version;
		const char *fields;
		bool persists;
	} CASES[] = {
	    {'1', "", true},
	    {'0', "", false},
	    {'1', "Connection: close\n", false},
	    {'1', "connection:CLOSE\n", false},
	    {'1', "Connection: keep-alive, close\n", false},
	    {'1', "Connection: ,, close ,a\n", false},
	    {'1', "Connection: a\nX: b\nConnection: close\n", false},
	    {'1', "Connection: closed, xclose, clos, a close\n", true},
	    {'1', "Connection:\nX-Connection: close\nConnectio: close\n", true},
	    {'0', "Connection: keep-alive\n", true},
	    {'0', "Connection: a\t,\tKeep-Alive\n", true},
	    {'0', "Connection: keep-alive\nConnection: Close\n", false},
	    {'0', "Connection: keep-alives, keep alive, keep-aliv\n", false},
	    {'0', "Keep-Alive: timeout=5\nConnection: ,\n", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		char head[200];
		struct parsed parsed;
		sprintf(head, "GET / HTTP/1.%c\nHost: a\n%s\n", CASES[i].minor_version,
		        CASES[i].fields);
		parse(&parsed, view_of(head));
		assert_int_equal(parsed.refusal.status, 0);
		if (request_wants_persistence(&parsed.request) != CASES[i].persists)
			fail_msg("%s", head);
		release(&parsed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request_line_is_accepted_or_refused),
	    cmocka_unit_test(test_field_lines_are_accepted_or_refused),
	    cmocka_unit_test(test_host_is_required_once_and_valid),
	    cmocka_unit_test(test_ambiguous_body_framing_is_refused),
	    cmocka_unit_test(test_body_length_is_parsed),
	    cmocka_unit_test(test_method_and_version_are_parsed),
	    cmocka_unit_test(test_line_above_the_limit_is_refused),
	    cmocka_unit_test(test_fields_above_the_limit_are_refused),
	    cmocka_unit_test(test_refused_header_has_method_and_target),
	    cmocka_unit_test(test_field_is_found_by_its_complete_name),
	    cmocka_unit_test(test_field_of_an_earlier_request_is_not_found),
	    cmocka_unit_test(test_connection_field_and_version_decide_persistence),
	};
	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
