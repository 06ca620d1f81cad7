/*
 * The header of a request: its end is found for any split into reads, parsed views lie inside it,
 * and the parsed request, printed again, parses to the same.
 */
#include "base/buffer.h"
#include "fuzz.h"
#include "http/request.h"

/* Where the header ends for a reader that gets the bytes in pieces, as exchange.c reads. */
static size_t length_in_pieces(struct view received, size_t piece)
{
	size_t seen = 0;
	for (size_t come = 0; come < received.length; seen = come) {
		come = received.length - come > piece ? come + piece : received.length;
		size_t length = request_head_length((struct view){received.data, come}, seen);
		if (length > 0)
			return length;
	}
	return 0;
}

static bool is_of_request_line(const char *reason)
{
	static const char *const REASONS[] = {"method-malformed",    "target-missing",
	                                      "target-control-byte", "version-malformed",
	                                      "version-unsupported", "request-line-too-long"};
	for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
		if (reason != NULL && strcmp(reason, REASONS[i]) == 0)
			return true;
	return false;
}

/* In any split of reads, a request line is refused early exactly if request_parse refuses it. */
static void expect_start(struct view received, size_t piece, const char *reason)
{
	struct refusal refusal = ACCEPTED;
	size_t seen = 0;
	while (seen < received.length && refusal.status == 0) {
		size_t come = received.length - seen > piece ? seen + piece : received.length;
		refusal = request_check_start((struct view){received.data, come}, seen);
		seen = come;
	}
	HOLDS(refusal.status == 0 || is_of_request_line(refusal.reason));
	HOLDS((refusal.status != 0) == is_of_request_line(reason));
}

static void print(struct buffer *text, const struct request *request)
{
	buffer_add(text, request->method_name);
	buffer_add(text, VIEW(" "));
	buffer_add(text, request->target);
	buffer_add_string(text, request->minor_version == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
	for (size_t i = 0; i < request->field_count; i++) {
		buffer_add(text, request->fields[i].name);
		buffer_add(text, VIEW(": "));
		buffer_add(text, request->fields[i].value);
		buffer_add(text, VIEW("\r\n"));
	}
	buffer_add(text, VIEW("\r\n"));
}

static void expect_same(const struct request *a, const struct request *b)
{
	HOLDS(a->method == b->method && view_equal(a->method_name, b->method_name));
	HOLDS(view_equal(a->target, b->target) && a->minor_version == b->minor_version);
	HOLDS(a->body_chunked == b->body_chunked && a->body_length == b->body_length);
	HOLDS(request_wants_persistence(a) == request_wants_persistence(b));
	HOLDS(a->field_count == b->field_count);
	for (size_t i = 0; i < a->field_count; i++)
		HOLDS(view_equal(a->fields[i].name, b->fields[i].name) &&
		      view_equal(a->fields[i].value, b->fields[i].value));
}

static void expect_inside(struct view head, const struct request *request)
{
	HOLDS(request->method_name.length == 0 || is_inside(head, request->method_name));
	HOLDS(request->target.length == 0 || is_inside(head, request->target));
	HOLDS(request->field_count <= REQUEST_FIELDS_MAX);
	for (size_t i = 0; i < request->field_count; i++) {
		HOLDS(is_inside(head, request->fields[i].name));
		HOLDS(token_is_valid(request->fields[i].name));
		HOLDS(is_inside(head, request->fields[i].value));
		HOLDS(field_value_is_valid(request->fields[i].value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request request, again;
	static char printed[2 * REQUEST_HEAD_MAX];
	struct buffer text = BUFFER(printed);
	struct input input = {data, size};
	size_t piece = 1 + (size_t)take(&input, 1);
	struct view head = take_rest(&input);
	head = view_from(head, request_leading_empty_lines(head));
	if (head.length > REQUEST_HEAD_MAX)
		head.length = REQUEST_HEAD_MAX;

	size_t length = request_head_length(head, 0);
	HOLDS(length <= head.length);
	HOLDS(length_in_pieces(head, piece) == length);
	HOLDS(length_in_pieces(head, 1) == length);
	if (length > 0)
		head.length = length;
	struct refusal refusal = request_parse(head, &request);
	HOLDS((refusal.status == 0) == (refusal.reason == NULL));
	if (length > 0) {
		expect_start(head, piece, refusal.reason);
		expect_start(head, 1, refusal.reason);
	}
	if (length == 0 || refusal.status != 0)
		return 0;
	expect_inside(head, &request);
	print(&text, &request);
	HOLDS(!text.truncated);
	if (text.length > REQUEST_HEAD_MAX)
		return 0;
	HOLDS(request_head_length(buffer_view(&text), 0) == text.length);
	HOLDS(request_parse(buffer_view(&text), &again).status == 0);
	expect_same(&request, &again);
	return 0;
}
