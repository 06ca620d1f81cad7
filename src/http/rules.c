/* Lines and patterns of rules; see rules.h. */
#include "rules.h"
#include "base/buffer.h"
#include "base/parse.h"
#include "field.h"
#include "host.h"

enum { HOST_MAX = 255 };

bool rules_are_at(struct view path)
{
	return (parse_prefix(&path, VIEW("_redirects")) || parse_prefix(&path, VIEW("_headers"))) &&
	       (path.length == 0 || path.data[0] == '/' ||
	        parse_choice(path, VIEW(".br|.zst|.gz")) >= 0);
}

struct rule_lines rule_lines_of(struct view text)
{
	(void)parse_prefix(&text, VIEW("\xef\xbb\xbf"));
	return (struct rule_lines){text, 0};
}

struct view rule_lines_next(struct rule_lines *lines)
{
	while (lines->rest.length > 0) {
		struct view line = view_trim(parse_line(&lines->rest));
		lines->number++;
		if (line.length > 0 && line.data[0] != '#')
			return line;
	}
	return VIEW("");
}

const char *rule_line_problem(struct view line)
{
	if (line.length > RULES_LINE_MAX)
		return "is longer than 2000 bytes";
	return field_value_is_valid(line) ? NULL : "has a control character";
}

const char *rule_take_host(struct view *pattern, struct view *host)
{
	*host = VIEW("");
	if (!parse_prefix(pattern, VIEW("http://")) && !parse_prefix(pattern, VIEW("https://")))
		return pattern->length > 0 && pattern->data[0] == '/'
		           ? NULL
		           : "does not begin with / or http:// or https://";
	char buffer[HOST_MAX];
	struct buffer name = BUFFER(buffer);
	size_t length = 0;
	while (length < pattern->length && pattern->data[length] != '/')
		length++;
	*host = (struct view){pattern->data, length};
	*pattern = length < pattern->length ? view_from(*pattern, length) : VIEW("/");
	if (view_contains(*host, '*'))
		return "has a host with a wildcard, which is not supported";
	return host_is_valid(*host) && host_add_directory(*host, &name) ? NULL
	                                                                : "has an invalid host";
}

bool rule_host_matches(struct view host, struct view requested)
{
	char buffer[HOST_MAX], requested_buffer[HOST_MAX];
	struct buffer name = BUFFER(buffer), requested_name = BUFFER(requested_buffer);
	if (host.length == 0)
		return true;
	(void)host_add_directory(host, &name); /* rule_take_host has checked that it can */
	return host_add_directory(requested, &requested_name) &&
	       view_equal(buffer_view(&name), buffer_view(&requested_name));
}

/* A segment's bytes decoded: none may be NUL or a slash, nor all of them "." or "..". */
static const char *segment_problem(struct view segment)
{
	bool is_dots = segment.length > 0;
	unsigned bytes = 0;
	while (segment.length > 0) {
		int byte = parse_percent_byte(&segment);
		if (byte < 0)
			return "has a % that two hexadecimal digits do not follow";
		if (byte == '\0' || byte == '/')
			return "has an encoded NUL or slash";
		is_dots = is_dots && byte == '.' && ++bytes <= 2;
	}
	return is_dots ? "has a segment . or .." : NULL;
}

const char *rule_path_problem(struct view path)
{
	if (view_contains(path, '?'))
		return "has a query in its path, which is not supported";
	if (view_contains(path, '#'))
		return "has a # in its path: write %23";
	const char *problem = NULL;
	path = view_from(path, path.length > 0);
	while (path.length > 0 && problem == NULL) {
		struct view segment;
		(void)parse_cut(&path, '/', &segment);
		problem =
		    segment.length == 0 ? "has an empty segment (//)" : segment_problem(segment);
	}
	return problem;
}

bool rule_take_text(struct view text, struct view *path)
{
	while (text.length > 0) {
		if (path->length == 0 || parse_percent_byte(&text) != (unsigned char)path->data[0])
			return false;
		*path = view_from(*path, 1);
	}
	return true;
}
