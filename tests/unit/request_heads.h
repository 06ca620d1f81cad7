/*
 * Shared by the tests of requests: heap copies of request headers, so that AddressSanitizer notices
 * a byte read outside, and expected results.
 */
#ifndef MAYFLY_TESTS_UNIT_REQUEST_HEADS_H
#define MAYFLY_TESTS_UNIT_REQUEST_HEADS_H

#include "base/buffer.h"
#include "heap_copy.h"
#include "http/request.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct parsed {
	struct view head;
	struct request request;
	struct refusal refusal;
};

static inline void expect_inside(struct view head, struct view part)
{
	assert_true(part.data >= head.data && part.length <= head.length);
	assert_true(part.data + part.length <= head.data + head.length);
}

/* Parses a copy of the header into a request that had other content. release() frees the copy. */
static inline void parse(struct parsed *parsed, struct view head)
{
	struct request *request = &parsed->request;
	parsed->head = heap_copy(head);
	memset(request, 0x5a, sizeof *request);
	parsed->refusal = request_parse(parsed->head, request);
	expect_inside(parsed->head, request->method_name);
	expect_inside(parsed->head, request->target);
	assert_true(request->field_count <= REQUEST_FIELDS_MAX);
	for (size_t i = 0; i < request->field_count; i++) {
		expect_inside(parsed->head, request->fields[i].name);
		expect_inside(parsed->head, request->fields[i].value);
	}
}

static inline void release(struct parsed *parsed)
{
	heap_free(parsed->head);
}

static inline void expect(struct view head, struct refusal expected)
{
	const char *reason = expected.reason != NULL ? expected.reason : "accepted";
	struct parsed parsed;
	parse(&parsed, head);
	const char *found = parsed.refusal.reason != NULL ? parsed.refusal.reason : "accepted";
	if (parsed.refusal.status != expected.status || strcmp(found, reason) != 0)
		fail_msg("\"%.*s\": %d %s, not %d %s", (int)head.length, head.data,
		         parsed.refusal.status, found, expected.status, reason);
	release(&parsed);
}

#endif
