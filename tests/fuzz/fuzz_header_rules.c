/*
 * _headers: a host, a path and a file, one after the other in the input. The text appended to
 * a header consists of complete field lines within the limit, none of a field that only the server
 * may send.
 */
#include "base/parse.h"
#include "fuzz.h"
#include "http/header_rules.h"

static bool is_vary(struct view name)
{
	return view_equal_nocase(name, VIEW("vary"));
}

static void expect_fields(struct view head)
{
	struct field field;
	while (head.length > 0) {
		struct view line;
		HOLDS(parse_cut(&head, '\n', &line));
		HOLDS(line.length > 0 && line.data[line.length - 1] == '\r');
		line.length--;
		HOLDS(field_parse(line, &field) == NULL && field.value.length > 0);
		HOLDS(!field_is_for_server(field.name) && !is_vary(field.name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct header_rules rules;
	static char bytes[HEADER_BYTES_MAX + 4 * HEADER_FIELDS_MAX];
	struct buffer head = BUFFER(bytes);
	struct view text = {(const char *)data, size};
	struct header_request request;
	(void)parse_cut(&text, '\n', &request.host);
	(void)parse_cut(&text, '\n', &request.path);
	request.file_path = VIEW("/index.html");
	header_rules_collect(text, &request, &rules);
	HOLDS(rules.count <= HEADER_FIELDS_MAX && rules.bytes <= HEADER_BYTES_MAX);
	header_rules_add_fields(&rules, is_vary, &head);
	HOLDS(!head.truncated);
	expect_fields(buffer_view(&head));
	head.length = 0;
	header_rules_add_value(&rules, VIEW("vary"), &head);
	HOLDS(field_value_is_valid(buffer_view(&head)));
	return 0;
}
