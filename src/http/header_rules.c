/* Matching _headers; see header_rules.h. */
#include "header_rules.h"
#include "base/parse.h"

struct header_reader header_reader_of(struct view text)
{
	return (struct header_reader){.lines = rule_lines_of(text)};
}

/*@ requires readable(line) && line.length > 0;
    assigns \nothing; */
static bool is_pattern(struct view line)
{
	struct view rest = line;
	return line.data[0] == '/' || parse_prefix(&rest, VIEW("http://")) ||
	       parse_prefix(&rest, VIEW("https://"));
}

/*@ requires readable(path) && path.length < INT64_MAX;
    assigns \nothing; */
static const char *names_problem(struct view path)
{
	/*@ loop invariant i <= path.length;
	    loop assigns i;
	    loop variant path.length - i; */
	for (size_t i = 0; i + 2 < path.length; i++)
		if (path.data[i] == '/' && path.data[i + 1] == ':' &&
		    ascii_is_letter(path.data[i + 2]))
			return "has a :name, which is not supported: write *";
	return NULL;
}

/*@ requires readable(text) && text.length <= RULES_LINE_MAX && \valid(line);
    assigns line->kind, line->host, line->path;
    ensures line->kind == HEADER_PATTERN;
    ensures \result == \null ==> readable(line->host) && readable(line->path) && is_percent_encoded(line->path); */
static const char *parse_pattern(struct view text, struct header_line *line)
{
	struct view rest, before;
	line->kind = HEADER_PATTERN;
	line->path = text;
	const char *problem = rule_take_host(&line->path, &line->host);
	if (problem == NULL)
		problem = rule_path_problem(line->path);
	if (problem == NULL)
		problem = names_problem(line->path);
	rest = line->path;
	if (problem == NULL && parse_cut(&rest, '*', &before) && view_contains(rest, '*'))
		problem = "has more than one *";
	return problem;
}

/*@ requires readable(name);
    assigns \nothing;
    ensures \result == \null ==> is_token(name); */
static const char *name_problem(struct view name)
{
	if (!token_is_valid(name))
		return "has an invalid field name";
	/* Netlify asks visitors for these passwords; sent as a field, they would reach all visitors. */
	if (view_equal_nocase(name, VIEW("basic-auth")))
		return "has passwords (Basic-Auth), which are not supported";
	return field_is_for_server(name) ? "has a field that only the server may send" : NULL;
}

/*@ requires readable(text) && text.length <= RULES_LINE_MAX && \valid(line);
    assigns line->kind, line->field;
    ensures line->kind == HEADER_REMOVE && (\result == \null ==> is_rule_field(line->field)); */
static const char *parse_removal(struct view text, struct header_line *line)
{
	line->kind = HEADER_REMOVE;
	line->field = (struct field){view_trim(text), VIEW("")};
	return name_problem(line->field.name);
}

/*@ requires readable(text) && text.length <= RULES_LINE_MAX && has_no_control(text) && \valid(line);
    assigns line->kind, line->field;
    ensures line->kind == HEADER_SET && (\result == \null ==> is_rule_field(line->field)); */
static const char *parse_field(struct view text, struct header_line *line)
{
	line->kind = HEADER_SET;
	if (!parse_cut(&text, ':', &line->field.name))
		return "is neither a pattern nor a field";
	line->field.name = view_trim(line->field.name);
	line->field.value = view_trim(text);
	if (line->field.value.length == 0)
		return "has a field without a value";
	return name_problem(line->field.name);
}

/*@ requires readable(line) && line.length > 0;
    assigns \nothing; */
static bool is_removal(struct view line)
{
	return line.data[0] == '!' &&
	       (line.length == 1 || line.data[1] == ' ' || line.data[1] == '\t');
}

/*@ requires \valid(reader) && \valid(line) && \separated(reader, line);
    requires readable(text) && text.length <= RULES_LINE_MAX;
    assigns reader->blocks, reader->in_block, line->kind, line->host, line->path;
    ensures line->kind == HEADER_PATTERN;
    ensures \result == \null ==> readable(line->host) && readable(line->path) && is_percent_encoded(line->path); */
static const char *begin_block(struct header_reader *reader, struct view text,
                               struct header_line *line)
{
	const char *problem = parse_pattern(text, line);
	if (problem == NULL && ++reader->blocks > HEADER_BLOCKS_MAX)
		problem = "begins more than 100 blocks";
	reader->in_block = problem == NULL;
	return problem;
}

/* Parses a line. Returns its problem or NULL. */
/*@ requires \valid(reader) && \valid(line) && \separated(reader, line) && readable(text) && text.length > 0;
    assigns reader->blocks, reader->in_block, *line;
    ensures \result == \null && line->kind == HEADER_PATTERN ==>
      readable(line->host) && readable(line->path) && is_percent_encoded(line->path);
    ensures \result == \null && line->kind != HEADER_PATTERN ==> is_rule_field(line->field); */
static const char *parse_line_of_block(struct header_reader *reader, struct view text,
                                       struct header_line *line)
{
	const char *problem = rule_line_problem(text);
	if (is_pattern(text)) {
		reader->in_block = false;
		return problem != NULL ? problem : begin_block(reader, text, line);
	}
	if (problem == NULL)
		problem = is_removal(text) ? parse_removal(view_from(text, 1), line)
		                           : parse_field(text, line);
	if (problem == NULL && !reader->in_block)
		problem = "belongs to no valid block";
	return problem;
}

bool header_reader_next(struct header_reader *reader, struct header_line *line,
                        const char **problem)
{
	struct view text = rule_lines_next(&reader->lines);
	if (text.length == 0)
		return false;
	*problem = parse_line_of_block(reader, text, line);
	return true;
}

/*@ requires readable(text) && is_percent_encoded(text);
    assigns \nothing;
    ensures \result <= text.length; */
static size_t decoded_length(struct view text)
{
	size_t length = 0;
	/*@ loop invariant readable(text) && is_percent_encoded(text) && length + text.length <= \at(text.length, Pre);
	    loop assigns length, text;
	    loop variant text.length; */
	for (; text.length > 0; length++)
		(void)parse_percent_byte(&text);
	return length;
}

/*@ requires readable(pattern) && is_percent_encoded(pattern) && readable(path);
    assigns \nothing; */
static bool path_matches(struct view pattern, struct view path)
{
	struct view before;
	bool has_star = parse_cut(&pattern, '*', &before);
	if (!rule_take_text(before, &path))
		return false;
	if (!has_star)
		return path.length == 0;
	size_t length = decoded_length(pattern);
	if (length > path.length)
		return false;
	path = view_from(path, path.length - length);
	return rule_take_text(pattern, &path);
}

/* Of an unknown path only a pattern for all paths is certain to match. */
/*@ requires \valid_read(line) && \valid_read(request);
    requires readable(line->host) && readable(line->path) && is_percent_encoded(line->path);
    requires readable(request->host) && readable(request->path) && readable(request->file_path);
    assigns \nothing; */
static bool block_matches(const struct header_line *line, const struct header_request *request)
{
	return rule_host_matches(line->host, request->host) &&
	       (path_matches(line->path, request->path) ||
	        path_matches(line->path, request->file_path) ||
	        (request->path.length == 0 && view_equal(line->path, VIEW("/*"))));
}

/*@ requires \valid(rules) && header_rules_are_valid(rules) && readable(name);
    assigns rules->count, rules->fields[0 .. HEADER_FIELDS_MAX - 1];
    ensures header_rules_are_valid(rules) && rules->count <= \old(rules->count); */
static void forget(struct header_rules *rules, struct view name)
{
	size_t kept = 0;
	/*@ loop invariant kept <= i <= rules->count;
	    loop invariant header_rules_are_valid(rules);
	    loop assigns i, kept, rules->fields[0 .. HEADER_FIELDS_MAX - 1];
	    loop variant rules->count - i; */
	for (size_t i = 0; i < rules->count; i++) {
		/*@ assert is_rule_field(rules->fields[i]); */
		if (!view_equal_nocase(rules->fields[i].name, name))
			rules->fields[kept++] = rules->fields[i];
	}
	rules->count = kept;
}

/*@ requires \valid_read(field);
    assigns \nothing;
    ensures \result <==> field->value.length == 0; */
static bool is_removed(const struct field *field)
{
	return field->value.length == 0;
}

/*@ requires \valid(rules) && header_rules_are_valid(rules) && is_rule_field(field);
    assigns *rules;
    ensures header_rules_are_valid(rules); */
static void append(struct header_rules *rules, struct field field)
{
	size_t bytes = field.name.length + field.value.length;
	if (rules->count == HEADER_FIELDS_MAX || bytes > HEADER_BYTES_MAX - rules->bytes)
		return;
	rules->bytes += bytes;
	rules->fields[rules->count++] = field;
}

/*@ requires \valid(rules) && header_rules_are_valid(rules) && \valid_read(line) && \separated(rules, line);
    requires is_rule_field(line->field);
    assigns *rules;
    ensures header_rules_are_valid(rules); */
static void apply(struct header_rules *rules, const struct header_line *line)
{
	if (line->kind == HEADER_REMOVE)
		forget(rules, line->field.name);
	append(rules, line->field);
}

void header_rules_collect(struct view text, const struct header_request *request,
                          struct header_rules *rules)
{
	struct header_reader reader = header_reader_of(text);
	struct header_line line;
	const char *problem;
	bool applies = false;
	rules->count = rules->bytes = 0;
	/*@ loop invariant readable(reader.lines.rest) && header_rules_are_valid(rules);
	    loop assigns reader, line, problem, applies, *rules;
	    loop variant reader.lines.rest.length; */
	while (header_reader_next(&reader, &line, &problem)) {
		if (problem == NULL && line.kind == HEADER_PATTERN)
			applies = block_matches(&line, request);
		else if (problem == NULL && applies)
			apply(rules, &line);
	}
}

bool header_rules_mention(const struct header_rules *rules, struct view name)
{
	/*@ loop invariant i <= rules->count;
	    loop assigns i;
	    loop variant rules->count - i; */
	for (size_t i = 0; i < rules->count; i++)
		if (view_equal_nocase(rules->fields[i].name, name))
			return true;
	return false;
}

struct view header_rules_last_value(const struct header_rules *rules, struct view name)
{
	/*@ loop invariant i <= rules->count;
	    loop assigns i;
	    loop variant i; */
	for (size_t i = rules->count; i > 0; i--)
		if (!is_removed(&rules->fields[i - 1]) &&
		    view_equal_nocase(rules->fields[i - 1].name, name))
			return rules->fields[i - 1].value;
	return VIEW("");
}

/* Appends a value to a list of values. */
/*@ requires buffer_is_valid(list) && readable(value) && is_apart(list, value);
    assigns list->length, list->truncated, list->data[0 .. list->capacity - 1];
    ensures buffer_is_valid(list) && buffer_grows{Pre, Post}(list);
    ensures \old(has_no_control(value)) ==>
      \forall integer i; \old(list->length) <= i < list->length ==> is_in_value(list->data[i]); */
static void add_next(struct buffer *list, struct view value, bool is_first)
{
	if (!is_first) {
		buffer_add_byte(list, ',');
		buffer_add_byte(list, ' ');
	}
	buffer_add(list, value);
}

void header_rules_add_value(const struct header_rules *rules, struct view name,
                            struct buffer *value)
{
	bool is_first = true;
	/*@ loop invariant i <= rules->count && buffer_is_valid(value) && buffer_grows{Pre, Here}(value);
	    loop invariant \at(header_rules_are_valid(rules), Pre) ==>
	      \forall integer k; \at(value->length, Pre) <= k < value->length ==> is_in_value(value->data[k]);
	    loop assigns i, is_first, value->length, value->truncated, value->data[0 .. value->capacity - 1];
	    loop variant rules->count - i; */
	for (size_t i = 0; i < rules->count; i++) {
		const struct field *field = &rules->fields[i];
		if (is_removed(field) || !view_equal_nocase(field->name, name))
			continue;
		add_next(value, field->value, is_first);
		is_first = false;
	}
}

/* Whether an earlier line has set the field: then it has been written. */
/*@ requires \valid_read(rules) && header_rules_are_readable(rules) && index < rules->count;
    assigns \nothing; */
static bool is_written(const struct header_rules *rules, size_t index)
{
	/*@ loop invariant i <= index;
	    loop assigns i;
	    loop variant index - i; */
	for (size_t i = 0; i < index; i++)
		if (!is_removed(&rules->fields[i]) &&
		    view_equal_nocase(rules->fields[i].name, rules->fields[index].name))
			return true;
	return false;
}

/* Appends the line or lines of a field, unless it is removed or written. */
/*@ requires \valid_read(rules) && header_rules_are_readable(rules) && index < rules->count;
    requires buffer_is_valid(head) && rules_are_apart(rules, head);
    assigns head->length, head->truncated, head->data[0 .. head->capacity - 1];
    ensures buffer_is_valid(head) && buffer_grows{Pre, Post}(head); */
static void add_field(const struct header_rules *rules, size_t index, struct buffer *head)
{
	const struct field *field = &rules->fields[index];
	bool is_alone = view_equal_nocase(field->name, VIEW("set-cookie"));
	if (is_removed(field) || (!is_alone && is_written(rules, index)))
		return;
	buffer_add(head, field->name);
	buffer_add(head, VIEW(": "));
	if (is_alone)
		buffer_add(head, field->value);
	else
		header_rules_add_value(rules, field->name, head);
	buffer_add(head, VIEW("\r\n"));
}

void header_rules_add_fields(const struct header_rules *rules,
                             bool (*is_left_out)(struct view name), struct buffer *head)
{
	for (size_t i = 0; i < rules->count; i++)
		if (!is_left_out(rules->fields[i].name))
			add_field(rules, i, head);
}
