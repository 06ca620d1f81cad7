/*
 * Conditions: for any fields, the evaluation follows the order and the results of
 * RFC 9110 13.2.2.
 */
#include "base/buffer.h"
#include "fuzz.h"
#include "http/conditions.h"

static struct request with, without;

static bool has(const struct request *request, struct view name)
{
	return request_field(request, name, NULL) != NULL;
}

/* Returns the request without the fields of that name. */
static const struct request *leave_out(const struct request *request, struct view name)
{
	without = *request;
	without.field_count = 0;
	for (size_t i = 0; i < request->field_count; i++)
		if (!view_equal_nocase(request->fields[i].name, name))
			without.fields[without.field_count++] = request->fields[i];
	return &without;
}

/* Returns the request with another field before all others. */
static const struct request *put_in(const struct request *request, struct view name,
                                    struct view value)
{
	with = *request;
	if (with.field_count == REQUEST_FIELDS_MAX)
		with.field_count--;
	memmove(with.fields + 1, with.fields, with.field_count * sizeof with.fields[0]);
	with.fields[0] = (struct field){name, value};
	with.field_count++;
	return &with;
}

static void expect_order(const struct request *request, const struct validators *validators,
                         int64_t now, enum conditions result)
{
	if (has(request, VIEW("if-match")))
		HOLDS(conditions_evaluate(leave_out(request, VIEW("if-unmodified-since")),
		                          validators, now) == result);
	if (has(request, VIEW("if-none-match")))
		HOLDS(conditions_evaluate(leave_out(request, VIEW("if-modified-since")), validators,
		                          now) == result);
	if (result == CONDITIONS_FAILED)
		HOLDS(has(request, VIEW("if-match")) || has(request, VIEW("if-unmodified-since")));
	if (result == CONDITIONS_NOT_MODIFIED)
		HOLDS(has(request, VIEW("if-none-match")) ||
		      has(request, VIEW("if-modified-since")));
}

/* "*" matches every file, and so does its own tag; a weak tag does not satisfy If-Match. */
static void expect_matches(const struct request *request, const struct validators *validators,
                           int64_t now, enum conditions result)
{
	const struct view star = VIEW("*"), match = VIEW("if-match"), none = VIEW("if-none-match");
	enum conditions of_star = conditions_evaluate(put_in(request, none, star), validators, now);
	enum conditions of_tag =
	    conditions_evaluate(put_in(request, none, validators->tag), validators, now);
	HOLDS(of_star == (result == CONDITIONS_FAILED ? result : CONDITIONS_NOT_MODIFIED));
	HOLDS(of_tag == of_star);
	HOLDS(conditions_evaluate(put_in(request, match, star), validators, now) !=
	      CONDITIONS_FAILED);
	if (has(request, match))
		return;
	enum conditions of_match =
	    conditions_evaluate(put_in(request, match, validators->tag), validators, now);
	HOLDS((of_match == CONDITIONS_FAILED) == (validators->tag.data[0] == 'W'));
}

static void expect_range(const struct request *request, const struct validators *validators,
                         int64_t now)
{
	struct view range = VIEW("");
	bool applies = range_applies(request, validators, now, &range);
	if (applies)
		HOLDS(has(request, VIEW("range")) && request->method == METHOD_GET);
	if (applies && has(request, VIEW("if-range")))
		HOLDS(range_applies(leave_out(request, VIEW("if-range")), validators, now, &range));
	if (applies)
		HOLDS(!range_applies(put_in(request, VIEW("if-range"), VIEW("W/\"x\"")), validators,
		                     now, &range));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const TAGS[] = {"\"a\"", "W/\"a\"", "\"2-b.gzip\"", "\"\""};
	static struct request request;
	static char buffer[REQUEST_HEAD_MAX];
	struct buffer head = BUFFER(buffer);
	struct input input = {data, size};
	struct validators validators = {
	    .tag = view_of(TAGS[take(&input, 1) % 4]),
	    .has_last_modified = take(&input, 1) % 4 > 0,
	    .last_modified = (int64_t)take(&input, 4),
	};
	int64_t now = validators.last_modified + (int64_t)take(&input, 1) - 10;
	buffer_add_string(&head, take(&input, 1) % 2 == 0 ? "GET / HTTP/1.1\r\nHost: a\r\n"
	                                                  : "HEAD / HTTP/1.1\r\nHost: a\r\n");
	buffer_add(&head, take_rest(&input));
	buffer_add(&head, VIEW("\r\n\r\n"));
	struct view whole = buffer_view(&head);
	whole.length = request_head_length(whole, 0);
	if (whole.length == 0 || request_parse(whole, &request).status != 0)
		return 0;
	enum conditions result = conditions_evaluate(&request, &validators, now);
	expect_order(&request, &validators, now, result);
	expect_matches(&request, &validators, now, result);
	expect_range(&request, &validators, now);
	return 0;
}
