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
	/*@ loop invariant readable(lines->rest) && is_end(lines->rest, \at(lines->rest, Pre));
	    loop assigns *lines;
	    loop variant lines->rest.length; */
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

/* Whether a host is valid, and one that can have a directory (host.h), as a rule's must be. */
/*@ requires readable(host) && host.length < INT64_MAX;
    assigns \nothing; */
static bool is_rule_host(struct view host)
{
	char buffer[HOST_MAX];
	struct buffer name = BUFFER(buffer);
	return host_is_valid(host) && host_add_directory(host, &name);
}

/* The path of a URL, which is "/" if there is nothing after the host. */
/*@ requires readable(path) && (path.length > 0 ==> path.data[0] == '/');
    assigns \nothing;
    ensures readable(\result) && \result.length > 0 && \result.data[0] == '/';
    ensures \result.length <= path.length || \result.length == 1; */
static struct view path_or_root(struct view path)
{
	return path.length > 0 ? path : VIEW("/");
}

const char *rule_take_host(struct view *pattern, struct view *host)
{
	*host = VIEW("");
	if (!parse_prefix(pattern, VIEW("http://")) && !parse_prefix(pattern, VIEW("https://")))
		return pattern->length > 0 && pattern->data[0] == '/'
		           ? NULL
		           : "does not begin with / or http:// or https://";
	size_t length = 0;
	/*@ loop invariant length <= pattern->length;
	    loop assigns length;
	    loop variant pattern->length - length; */
	while (length < pattern->length && pattern->data[length] != '/')
		length++;
	*host = (struct view){pattern->data, length};
	*pattern = path_or_root(view_from(*pattern, length));
	if (view_contains(*host, '*'))
		return "has a host with a wildcard, which is not supported";
	return is_rule_host(*host) ? NULL : "has an invalid host";
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
/*@ requires readable(segment);
    assigns \nothing;
    ensures \result == \null ==> is_percent_encoded(segment); */
static const char *segment_problem(struct view segment)
{
	bool is_dots = segment.length > 0;
	unsigned bytes = 0;
	/*@ loop invariant readable(segment) && is_end(segment, \at(segment, Pre));
	    loop invariant is_percent_encoded(segment) ==> is_percent_encoded(\at(segment, Pre));
	    loop assigns segment, is_dots, bytes;
	    loop variant segment.length; */
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

/* Takes the next segment off the front of *path. Returns its problem or NULL. */
/*@ requires \valid(path) && readable(*path) && path->length > 0;
    assigns *path;
    ensures readable(*path) && is_end(*path, \old(*path)) && path->length < \old(path->length);
    ensures \result == \null && is_percent_encoded(*path) ==> is_percent_encoded(\old(*path)); */
static const char *take_segment(struct view *path)
{
	struct view segment;
	(void)parse_cut(path, '/', &segment);
	/*@ assert \forall char *p; is_in(p, \at(*path, Pre)) ==> is_in(p, segment) || *p == '/' || is_in(p, *path); */
	return segment.length == 0 ? "has an empty segment (//)" : segment_problem(segment);
}

const char *rule_path_problem(struct view path)
{
	if (view_contains(path, '?'))
		return "has a query in its path, which is not supported";
	if (view_contains(path, '#'))
		return "has a # in its path: write %23";
	const char *problem = NULL;
	path = view_from(path, path.length > 0);
	/*@ loop invariant readable(path) && is_end(path, \at(path, Pre));
	    loop invariant problem == \null && is_percent_encoded(path) ==> is_percent_encoded(\at(path, Pre));
	    loop assigns path, problem;
	    loop variant path.length; */
	while (path.length > 0 && problem == NULL)
		problem = take_segment(&path);
	return problem;
}

bool rule_take_text(struct view text, struct view *path)
{
	/*@ loop invariant readable(text) && readable(*path) && is_end(*path, \at(*path, Pre));
	    loop assigns text, *path;
	    loop variant text.length; */
	while (text.length > 0) {
		if (path->length == 0 || parse_percent_byte(&text) != (unsigned char)path->data[0])
			return false;
		*path = view_from(*path, 1);
	}
	return true;
}
