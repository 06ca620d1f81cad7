/* Matching _headers; see header_rules.h. */
#include "header_rules.h"
#include "base/parse.h"

struct header_reader header_reader_of(struct view text)
{
	return (struct header_reader){.lines = rule_lines_of(text)};
}

static bool is_pattern(struct view line)
{
	struct view rest = line;
	return line.data[0] == '/' || parse_prefix(&rest, VIEW("http://")) ||
	       parse_prefix(&rest, VIEW("https://"));
}

static const char *names_problem(struct view path)
{
	for (size_t i = 0; i + 2 < path.length; i++)
		if (path.data[i] == '/' && path.data[i + 1] == ':' &&
		    ascii_is_letter(path.data[i + 2]))
			return "has a :name, which is not supported: write *";
	return NULL;
}

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

static const char *name_problem(struct view name)
{
	if (!token_is_valid(name))
		return "has an invalid field name";
	/* Netlify asks visitors for these passwords; sent as a field, they would reach all visitors. */
	if (view_equal_nocase(name, VIEW("basic-auth")))
		return "has passwords (Basic-Auth), which are not supported";
	return field_is_for_server(name) ? "has a field that only the server may send" : NULL;
}

static const char *parse_removal(struct view text, struct header_line *line)
{
	line->kind = HEADER_REMOVE;
	line->field = (struct field){view_trim(text), VIEW("")};
	return name_problem(line->field.name);
}

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

static bool is_removal(struct view line)
{
	return line.data[0] == '!' &&
	       (line.length == 1 || line.data[1] == ' ' || line.data[1] == '\t');
}

static const char *begin_block(struct header_reader *reader, struct view text,
                               struct header_line *line)
{
	const char *problem = parse_pattern(text, line);
	if (problem == NULL && ++reader->blocks > HEADER_BLOCKS_MAX)
		problem = "begins more than 100 blocks";
	reader->in_block = problem == NULL;
	return problem;
}

bool header_reader_next(struct header_reader *reader, struct header_line *line,
                        const char **problem)
{
	struct view text = rule_lines_next(&reader->lines);
	if (text.length == 0)
		return false;
	*problem = rule_line_problem(text);
	if (is_pattern(text)) {
		reader->in_block = false;
		if (*problem == NULL)
			*problem = begin_block(reader, text, line);
		return true;
	}
	if (*problem == NULL)
		*problem = is_removal(text) ? parse_removal(view_from(text, 1), line)
		                            : parse_field(text, line);
	if (*problem == NULL && !reader->in_block)
		*problem = "belongs to no valid block";
	return true;
}

static size_t decoded_length(struct view text)
{
	size_t length = 0;
	for (; text.length > 0; length++)
		(void)parse_percent_byte(&text);
	return length;
}

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
static bool block_matches(const struct header_line *line, const struct header_request *request)
{
	return rule_host_matches(line->host, request->host) &&
	       (path_matches(line->path, request->path) ||
	        path_matches(line->path, request->file_path) ||
	        (request->path.length == 0 && view_equal(line->path, VIEW("/*"))));
}

static void forget(struct header_rules *rules, struct view name)
{
	size_t kept = 0;
	for (size_t i = 0; i < rules->count; i++)
		if (!view_equal_nocase(rules->fields[i].name, name))
			rules->fields[kept++] = rules->fields[i];
	rules->count = kept;
}

static bool is_removed(const struct field *field)
{
	return field->value.length == 0;
}

static void apply(struct header_rules *rules, const struct header_line *line)
{
	size_t bytes = line->field.name.length + line->field.value.length;
	if (line->kind == HEADER_REMOVE)
		forget(rules, line->field.name);
	if (rules->count == HEADER_FIELDS_MAX || bytes > HEADER_BYTES_MAX - rules->bytes)
		return;
	rules->bytes += bytes;
	rules->fields[rules->count++] = line->field;
}

void header_rules_collect(struct view text, const struct header_request *request,
                          struct header_rules *rules)
{
	struct header_reader reader = header_reader_of(text);
	struct header_line line;
	const char *problem;
	bool applies = false;
	rules->count = rules->bytes = 0;
	while (header_reader_next(&reader, &line, &problem)) {
		if (problem == NULL && line.kind == HEADER_PATTERN)
			applies = block_matches(&line, request);
		else if (problem == NULL && applies)
			apply(rules, &line);
	}
}

bool header_rules_mention(const struct header_rules *rules, struct view name)
{
	for (size_t i = 0; i < rules->count; i++)
		if (view_equal_nocase(rules->fields[i].name, name))
			return true;
	return false;
}

struct view header_rules_last_value(const struct header_rules *rules, struct view name)
{
	for (size_t i = rules->count; i > 0; i--)
		if (!is_removed(&rules->fields[i - 1]) &&
		    view_equal_nocase(rules->fields[i - 1].name, name))
			return rules->fields[i - 1].value;
	return VIEW("");
}

void header_rules_add_value(const struct header_rules *rules, struct view name,
                            struct buffer *value)
{
	bool is_first = true;
	for (size_t i = 0; i < rules->count; i++) {
		const struct field *field = &rules->fields[i];
		if (is_removed(field) || !view_equal_nocase(field->name, name))
			continue;
		buffer_add(value, is_first ? VIEW("") : VIEW(", "));
		buffer_add(value, field->value);
		is_first = false;
	}
}

/* Whether an earlier line has set the field: then it has been written. */
static bool is_written(const struct header_rules *rules, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!is_removed(&rules->fields[i]) &&
		    view_equal_nocase(rules->fields[i].name, rules->fields[index].name))
			return true;
	return false;
}

void header_rules_add_fields(const struct header_rules *rules,
                             bool (*is_left_out)(struct view name), struct buffer *head)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct field *field = &rules->fields[i];
		bool is_alone = view_equal_nocase(field->name, VIEW("set-cookie"));
		if (is_removed(field) || is_left_out(field->name) ||
		    (!is_alone && is_written(rules, i)))
			continue;
		buffer_add(head, field->name);
		buffer_add(head, VIEW(": "));
		if (is_alone)
			buffer_add(head, field->value);
		else
			header_rules_add_value(rules, field->name, head);
		buffer_add(head, VIEW("\r\n"));
	}
}
