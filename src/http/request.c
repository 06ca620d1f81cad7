/* Parses the head of a request; see request.h. */
#include "request.h"
#include "base/parse.h"
#include "host.h"
#include "list.h"

size_t request_head_length(struct view received, size_t seen)
{
	/* The empty line may have begun in the bytes already searched: "\n\r" of "\n\r\n". */
	size_t from = seen < 2 ? 0 : seen - 2;
	/*@ loop invariant from <= received.length || from <= seen;
	    loop assigns from;
	    loop variant received.length - from; */
	while (from < received.length) {
		size_t next = from + view_find(view_from(received, from), '\n') + 1;
		if (next > received.length)
			return 0;
		if (next < received.length && received.data[next] == '\n')
			return next + 1;
		if (next + 1 < received.length && received.data[next] == '\r' &&
		    received.data[next + 1] == '\n')
			return next + 2;
		from = next;
	}
	return 0;
}

size_t request_leading_empty_lines(struct view received)
{
	size_t skip = 0;
	/*@ loop invariant skip <= received.length;
	    loop assigns skip;
	    loop variant received.length - skip; */
	for (;;) {
		if (skip < received.length && received.data[skip] == '\n')
			skip += 1;
		else if (skip + 1 < received.length && received.data[skip] == '\r' &&
		         received.data[skip + 1] == '\n')
			skip += 2;
		else
			return skip;
	}
}

/* Methods are case-sensitive (RFC 9110 9.1). */
/*@ requires readable(name);
    assigns \nothing; */
static enum method method_of(struct view name)
{
	if (view_equal(name, VIEW("GET")))
		return METHOD_GET;
	if (view_equal(name, VIEW("HEAD")))
		return METHOD_HEAD;
	if (view_equal(name, VIEW("OPTIONS")))
		return METHOD_OPTIONS;
	return parse_choice(name, VIEW("POST|PUT|DELETE|CONNECT|TRACE|PATCH")) >= 0
	           ? METHOD_OTHER
	           : METHOD_UNKNOWN;
}

/* HTTP-version (RFC 9112 2.3): "HTTP/" digit "." digit. */
/*@ requires readable(version) && \valid(minor);
    assigns *minor;
    ensures \result.status == 0 ==> 0 <= *minor <= 1; */
static struct refusal parse_version(struct view version, int *minor)
{
	if (version.length != 8 || memcmp(version.data, "HTTP/", 5) != 0 ||
	    version.data[6] != '.' || !ascii_is_digit(version.data[5]) ||
	    !ascii_is_digit(version.data[7]))
		return refuse(400, "version-malformed");
	if (version.data[5] != '1')
		return refuse(505, "version-unsupported");
	*minor = version.data[7] == '0' ? 0 : 1;
	return ACCEPTED;
}

/* Exactly one space between the parts. RFC 9112 3 lets the recipient choose; a lax choice helps request
 * smuggling. */
/*@ requires readable(line) && \valid(request);
    assigns request->method, request->method_name, request->target, request->minor_version;
    ensures readable(request->method_name) && readable(request->target);
    ensures \result.status == 0 ==> request->target.length > 0 && 0 <= request->minor_version <= 1; */
static struct refusal parse_request_line(struct view line, struct request *request)
{
	struct view rest = line;
	request->method_name = parse_word(&rest);
	request->target = parse_word(&rest);
	request->method = method_of(request->method_name);
	if (line.length > REQUEST_LINE_MAX)
		return refuse(414, "request-line-too-long");
	if (!token_is_valid(request->method_name))
		return refuse(400, "method-malformed");
	if (request->target.length == 0)
		return refuse(400, "target-missing");
	/*@ loop invariant i <= request->target.length;
	    loop assigns i;
	    loop variant request->target.length - i; */
	for (size_t i = 0; i < request->target.length; i++)
		if (ascii_is_control(request->target.data[i]))
			return refuse(400, "target-control-byte");
	return parse_version(rest, &request->minor_version);
}

/* The bytes of an incomplete request line from `from` on; a CR at its end may belong to the line end. */
/*@ requires readable(start) && start.length > 0;
    assigns \nothing; */
static struct refusal check_start_bytes(struct view start, size_t from)
{
	size_t method_length = view_find(start, ' ');
	size_t end = start.data[start.length - 1] == '\r' ? start.length - 1 : start.length;
	/*@ loop invariant i <= end || i == from;
	    loop assigns i;
	    loop variant end - i; */
	for (size_t i = from; i < end; i++) {
		struct view byte = {start.data + i, 1};
		if (i < method_length ? !token_is_valid(byte) : i == 0)
			return refuse(400, "method-malformed");
		if (i > method_length && ascii_is_control(*byte.data))
			return refuse(400, "target-control-byte");
	}
	return ACCEPTED;
}

struct refusal request_check_start(struct view received, size_t seen)
{
	struct request request;
	size_t from = seen > 0 ? seen - 1 : 0;
	if (received.length == 0)
		return ACCEPTED;
	size_t newline = view_find(received, '\n');
	if (newline == received.length)
		return check_start_bytes(received, from);
	if (newline < seen)
		return ACCEPTED;
	return parse_request_line(parse_line(&received), &request);
}

/*@ requires readable(line) && line.length < INT64_MAX && \valid(request) && fields_are_readable(request);
    assigns request->field_count, request->fields[0 .. REQUEST_FIELDS_MAX - 1];
    ensures fields_are_readable(request); */
static struct refusal take_field(struct view line, struct request *request)
{
	struct field field;
	const char *reason = field_parse(line, &field);
	if (reason != NULL)
		return refuse(400, reason);
	if (request->field_count == REQUEST_FIELDS_MAX)
		return refuse(431, "too-many-fields");
	request->fields[request->field_count++] = field;
	return ACCEPTED;
}

/* RFC 9112 3.2: exactly one Host on HTTP/1.1, at most one on HTTP/1.0, and a valid one. */
/*@ requires \valid_read(request) && fields_are_readable(request);
    assigns \nothing; */
static struct refusal check_host(const struct request *request)
{
	const struct field *host = request_field(request, VIEW("host"), NULL);
	if (host == NULL)
		return request->minor_version == 0 ? ACCEPTED : refuse(400, "host-missing");
	if (request_field(request, VIEW("host"), host) != NULL)
		return refuse(400, "host-repeated");
	return host_is_valid(host->value) ? ACCEPTED : refuse(400, "host-malformed");
}

/*
 * All lines and list members must have the same length (RFC 9112 6.3, RFC 9110 8.6). It must be
 * below 2^63, so that sums with it do not overflow.
 */
/*@ requires \valid(request) && fields_are_readable(request) && request->body_length <= INT64_MAX;
    assigns request->body_length;
    ensures request->body_length <= INT64_MAX; */
static struct refusal check_lengths(struct request *request)
{
	const struct field *field = NULL;
	bool known = false;
	/*@ loop invariant is_field_or_null(request, field);
	    loop invariant request->body_length <= INT64_MAX;
	    loop assigns field, known, request->body_length;
	    loop variant request->field_count - field_index(request, field); */
	while ((field = request_field(request, VIEW("content-length"), field)) != NULL) {
		struct view rest = field->value;
		struct view member;
		if (!list_next(&rest, &member))
			return refuse(400, "length-malformed");
		/*@ loop invariant readable(rest) && readable(member) && request->body_length <= INT64_MAX;
		    loop assigns rest, member, known, request->body_length;
		    loop variant rest.length; */
		do {
			uint64_t length;
			if (!parse_number(member, 0, INT64_MAX, &length))
				return refuse(400, "length-malformed");
			if (known && length != request->body_length)
				return refuse(400, "lengths-differ");
			known = true;
			request->body_length = length;
		} while (list_next(&rest, &member));
	}
	return ACCEPTED;
}

/* Codings other than a single chunked: 501 if chunked is the last one, so that the end of the body is
 * known; otherwise its end is unknown (RFC 9112 6.1, 6.3). */
/*@ requires \valid_read(request) && fields_are_readable(request);
    assigns \nothing;
    ensures \result.status != 0; */
static struct refusal refuse_coding(const struct request *request)
{
	const struct field *field = NULL;
	unsigned codings = 0;
	unsigned chunked = 0;
	bool is_chunked = false;
	/*@ loop invariant is_field_or_null(request, field);
	    loop assigns field, is_chunked, chunked, codings;
	    loop variant request->field_count - field_index(request, field); */
	while ((field = request_field(request, VIEW("transfer-encoding"), field)) != NULL) {
		struct view rest = field->value;
		struct view member;
		/*@ loop invariant readable(rest);
		    loop assigns rest, member, is_chunked, chunked, codings;
		    loop variant rest.length; */
		while (list_next(&rest, &member)) {
			is_chunked = view_equal_nocase(member, VIEW("chunked"));
			chunked += is_chunked;
			codings++;
		}
	}
	return refuse(is_chunked && chunked == 1 && codings > 1 ? 501 : 400, "coding-unknown");
}

/*
 * Parses the framing of the body (RFC 9112 6.1 to 6.3). Refuses everything that two recipients could
 * interpret differently, because that is how a request is smuggled inside another.
 */
/*@ requires \valid(request) && fields_are_readable(request) && request->body_length <= INT64_MAX;
    assigns request->body_length, request->body_chunked;
    ensures request->body_length <= INT64_MAX; */
static struct refusal check_framing(struct request *request)
{
	const struct field *coding = request_field(request, VIEW("transfer-encoding"), NULL);
	if (coding == NULL)
		return check_lengths(request);
	if (request_field(request, VIEW("content-length"), NULL) != NULL)
		return refuse(400, "length-and-coding");
	if (request->minor_version == 0)
		return refuse(400, "coding-in-http-1.0");
	if (!view_equal_nocase(coding->value, VIEW("chunked")) ||
	    request_field(request, VIEW("transfer-encoding"), coding) != NULL)
		return refuse_coding(request);
	request->body_chunked = true;
	return ACCEPTED;
}

struct refusal request_parse(struct view head, struct request *request)
{
	request->method = METHOD_UNKNOWN;
	request->method_name = VIEW("");
	request->target = VIEW("");
	request->minor_version = 0;
	request->field_count = 0;
	request->body_length = 0;
	request->body_chunked = false;

	struct view rest = head;
	struct refusal refusal = parse_request_line(parse_line(&rest), request);
	/*@ loop invariant readable(rest) && rest.length < INT64_MAX && fields_are_readable(request);
	    loop invariant refusal.status == 0 ==> request->target.length > 0 && 0 <= request->minor_version <= 1;
	    loop assigns rest, refusal, request->field_count, request->fields[0 .. REQUEST_FIELDS_MAX - 1];
	    loop variant rest.length; */
	while (refusal.status == 0 && rest.length > 0) {
		struct view line = parse_line(&rest);
		if (line.length == 0)
			break;
		refusal = take_field(line, request);
	}
	if (refusal.status == 0)
		refusal = check_host(request);
	if (refusal.status == 0)
		refusal = check_framing(request);
	if (refusal.status == 0 && request->method == METHOD_UNKNOWN)
		return refuse(501, "method-unknown");
	return refusal;
}

const struct field *request_field(const struct request *request, struct view name,
                                  const struct field *previous)
{
	size_t i = previous != NULL ? (size_t)(previous - request->fields) + 1 : 0;
	/* Most names differ in length: comparing it here spares a call for each. */
	/*@ loop invariant field_index(request, previous) < i <= request->field_count;
	    loop assigns i;
	    loop variant request->field_count - i; */
	for (; i < request->field_count; i++) {
		const struct field *field = &request->fields[i];
		if (field->name.length == name.length && view_equal_nocase(field->name, name))
			return field;
	}
	return NULL;
}

struct view request_field_value(const struct request *request, struct view name)
{
	const struct field *field = request_field(request, name, NULL);
	return field != NULL ? field->value : VIEW("");
}

bool request_field_has_token(const struct request *request, struct view name, struct view token)
{
	const struct field *field = NULL;
	/*@ loop invariant is_field_or_null(request, field);
	    loop assigns field;
	    loop variant request->field_count - field_index(request, field); */
	while ((field = request_field(request, name, field)) != NULL) {
		struct view rest = field->value;
		struct view member;
		/*@ loop invariant readable(rest);
		    loop assigns rest, member;
		    loop variant rest.length; */
		while (list_next(&rest, &member))
			if (view_equal_nocase(member, token))
				return true;
	}
	return false;
}

bool request_has_body(const struct request *request)
{
	return request->body_chunked || request->body_length > 0;
}

bool request_wants_persistence(const struct request *request)
{
	if (request_field_has_token(request, VIEW("connection"), VIEW("close")))
		return false;
	return request->minor_version > 0 ||
	       request_field_has_token(request, VIEW("connection"), VIEW("keep-alive"));
}
