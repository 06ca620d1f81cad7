/*
 * Matching _redirects; see redirects.h. Some functions have only a line or two, because the prover proves a contract of a
 * small function, and not the same in the middle of a long one.
 */
#include "redirects.h"
#include "base/parse.h"
#include "host.h"
#include "target.h"

/* A name in FROM, and the part of the request's path that it matched. */
struct capture {
	struct view name;
	struct view value;
};

struct captures {
	size_t count;
	struct capture list[REDIRECT_NAMES_MAX];
};

/*@ predicate is_capture(struct capture c, struct view path) =
      readable(c.name) && is_part(c.value, path) && !is_at_slash(c.value);
    predicate are_captures(struct captures *c, struct view path) =
      c->count <= REDIRECT_NAMES_MAX && \forall integer i; 0 <= i < c->count ==> is_capture(c->list[i], path);

    // What add_replaced needs of captures.
    predicate is_value_for(struct buffer *to, struct view value) =
      readable(value) && is_apart(to, value) && !is_at_slash(value);
    predicate are_values_for(struct buffer *to, struct captures *c) =
      \valid_read(c) && \separated(c, to) && c->count <= REDIRECT_NAMES_MAX &&
      \forall integer i; 0 <= i < c->count ==> readable(c->list[i].name) && is_value_for(to, c->list[i].value);

    // Unless it is truncated: a path of this site.
    predicate is_safe(struct buffer *to) = to->truncated || is_local(to);
    predicate are_apart(struct buffer *to, struct redirect_parts p) =
      is_apart(to, p.origin) && is_apart(to, p.path) && is_apart(to, p.query) && is_apart(to, p.fragment); */

/*@ assigns \nothing; */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes the next word off a line; it is empty at the end, and where a comment begins. */
/*@ requires \valid(rest) && readable(*rest);
    assigns *rest;
    ensures readable(*rest) && is_part(*rest, \old(*rest)) && rest->length <= \old(rest->length);
    ensures is_part(\result, \old(*rest)) && \result.length <= \old(rest->length); */
static struct view take_word(struct view *rest)
{
	size_t length = 0;
	*rest = view_trim(*rest);
	/*@ loop invariant length <= rest->length;
	    loop assigns length;
	    loop variant rest->length - length; */
	while (length < rest->length && !is_blank(rest->data[length]))
		length++;
	struct view word = {rest->data, length};
	*rest = view_from(*rest, length);
	if (length > 0 && word.data[0] == '#')
		word.length = rest->length = 0;
	return word;
}

/* The length of the name that follows a colon: a letter or _, then letters, digits and _. */
/*@ requires readable(text);
    assigns \nothing;
    ensures \result <= text.length; */
static size_t name_length(struct view text)
{
	size_t length = 0;
	/*@ loop invariant length <= text.length;
	    loop assigns length;
	    loop variant text.length - length; */
	while (length < text.length &&
	       (ascii_is_letter(text.data[length]) || text.data[length] == '_' ||
	        (length > 0 && ascii_is_digit(text.data[length]))))
		length++;
	return length;
}

/* Takes the next segment off a path; there is none after the last slash. */
/*@ requires \valid(path) && \valid(segment) && \separated(path, segment) && readable(*path);
    assigns *path, *segment;
    ensures readable(*path) && is_end(*path, \old(*path));
    ensures path->length > 0 ==> path->data[0] == '/';
    ensures !\result ==> \old(path->length) <= 1;
    ensures \result ==> path->length < \old(path->length) && is_part(*segment, \old(*path)) && !is_at_slash(*segment);
    ensures \result ==> \valid_read(segment->data) && (segment->length == 0 ==> segment->data[0] == '/'); */
static bool take_segment(struct view *path, struct view *segment)
{
	*path = view_from(*path, path->length > 0); /* the slash */
	if (path->length == 0)
		return false;
	*segment = (struct view){path->data, view_find(*path, '/')};
	*path = view_from(*path, segment->length);
	return true;
}

/*@ requires readable(segment);
    assigns \nothing; */
static bool is_splat(struct view segment)
{
	return view_equal(segment, VIEW("*"));
}

/*@ requires readable(from) && (from.length > 0 ==> from.data[0] == '/');
    assigns \nothing; */
static const char *from_problem(struct view from)
{
	size_t names = 0;
	struct view segment;
	const char *problem = rule_path_problem(from);
	/*@ loop invariant readable(from);
	    loop assigns from, segment, names, problem;
	    loop variant from.length + (problem == \null ? 1 : 0); */
	while (problem == NULL && take_segment(&from, &segment)) {
		bool is_name = segment.data[0] == ':';
		names += is_name || is_splat(segment);
		if (is_splat(segment) && from.length > 0)
			problem = "has a * that is not the last segment of its path";
		else if (!is_splat(segment) && view_contains(segment, '*'))
			problem = "has a * that is not a whole segment: write %2A";
		else if (is_name && (segment.length == 1 ||
		                     name_length(view_from(segment, 1)) != segment.length - 1))
			problem =
			    "has a :name that is not a whole segment of letters, digits and _";
	}
	if (problem == NULL && names > REDIRECT_NAMES_MAX)
		problem = "has more than 16 names";
	return problem;
}

/* Removes the end of *text from a separator on. Returns it; empty if there is no separator. */
/*@ requires \valid(text) && readable(*text);
    assigns *text;
    ensures readable(*text) && text->data == \old(text->data) && text->length + \result.length == \old(text->length);
    ensures is_part(\result, \old(*text)) && (\result.length > 0 ==> \result.data[0] == separator); */
static struct view cut_tail(struct view *text, char separator)
{
	struct view rest = *text, front;
	if (!parse_cut(&rest, separator, &front))
		return VIEW("");
	struct view tail = view_from(*text, front.length);
	*text = front;
	return tail;
}

/*@ requires readable(to);
    assigns \nothing;
    ensures is_part(\result.origin, to) && \result.origin.length <= to.length;
    ensures is_part(\result.path, to);
    ensures is_part(\result.query, to);
    ensures is_part(\result.fragment, to);
    ensures \result.origin.length > 0 ==> leads_right(\result); */
static struct redirect_parts split_to(struct view to)
{
	struct redirect_parts parts = {.fragment = cut_tail(&to, '#')};
	parts.query = cut_tail(&to, '?');
	struct view rest = to;
	if (parse_prefix(&rest, VIEW("http://")) || parse_prefix(&rest, VIEW("https://"))) {
		struct view authority = rest;
		parts.path = cut_tail(&authority, '/');
		parts.origin = (struct view){to.data, to.length - parts.path.length};
	} else {
		parts.path = to;
	}
	return parts;
}

/*@ requires readable(origin);
    assigns \nothing;
    ensures readable(\result) && \result.length <= origin.length; */
static struct view authority_of(struct view origin)
{
	if (!parse_prefix(&origin, VIEW("http://")))
		(void)parse_prefix(&origin, VIEW("https://"));
	return origin;
}

/*@ requires readable(text);
    assigns \nothing;
    ensures \result ==> is_percent_encoded(text); */
static bool percent_is_valid(struct view text)
{
	/*@ loop invariant readable(text) && is_end(text, \at(text, Pre));
	    loop invariant is_percent_encoded(text) ==> is_percent_encoded(\at(text, Pre));
	    loop assigns text;
	    loop variant text.length; */
	while (text.length > 0)
		if (parse_percent_byte(&text) <= 0)
			return false;
	return true;
}

/*@ requires readable(to) && are_parts(parts, to) && to.length <= RULES_LINE_MAX && parts.origin.length <= to.length;
    requires parts.origin.length > 0 ==> leads_right(parts);
    assigns \nothing;
    ensures \result == \null ==> leads_right(parts);
    ensures \result == \null ==> is_sound(parts, status); */
static const char *to_problem(struct redirect_parts parts, struct view to, int status)
{
	struct view authority = authority_of(parts.origin);
	if (parts.origin.length == 0 && (parts.path.length == 0 || parts.path.data[0] != '/'))
		return "has a target that does not begin with / or http:// or https://";
	if (parts.origin.length == 0 && parts.path.length > 1 && parts.path.data[1] == '/')
		return "has a target that begins with //";
	if (parts.origin.length > 0 && (authority.length == 0 || authority.data[0] == ':' ||
	                                !host_is_valid(authority) || view_contains(authority, '*')))
		return "has a target with an invalid host";
	if (parts.origin.length > 0 && !redirect_status_is_location(status))
		return "serves a file of another host, which is not supported";
	return percent_is_valid(to) ? NULL : "has a target with a % that does not encode a byte";
}

/*@ requires readable(word) && \valid(status);
    assigns *status;
    ensures !\result ==> *status == \old(*status);
    ensures \result ==> 0 <= *status <= 999; */
static bool set_status(struct view word, int *status)
{
	uint64_t number;
	if (!parse_number(word, 0, 999, &number) ||
	    parse_choice(word, VIEW("301|302|303|307|308|200|404|410|451")) < 0)
		return false;
	*status = (int)number;
	return true;
}

/* The optional words after TO; without them *status remains as it is. */
/*@ requires readable(rest) && \valid(status);
    assigns *status; */
static const char *parse_rest(struct view rest, int *status)
{
	struct view word = take_word(&rest);
	if (word.length == 0)
		return NULL;
	if (ascii_is_digit(word.data[0])) {
		if (word.data[word.length - 1] == '!')
			return "is forced (!), which is not supported: an existing file is served";
		if (!set_status(word, status))
			return "has a status other than 301, 302, 303, 307, 308, 200, 404, 410 "
			       "and 451";
		word = take_word(&rest);
	}
	return word.length == 0 ? NULL
	                        : "has a condition or another word after its status, which is "
	                          "not supported";
}

const char *redirect_rule_parse(struct view line, struct redirect_rule *rule)
{
	const char *problem = rule_line_problem(line);
	if (problem != NULL)
		return problem;
	struct view from = take_word(&line), to = take_word(&line), host;
	/*@ assert is_part(to, \at(line, Pre)); */
	struct redirect_parts parts = split_to(to);
	int status = 301;
	if (to.length == 0 || ascii_is_digit(to.data[0]))
		return "has no target";
	if (to.data[0] != '/' && view_contains(to, '=') && parts.origin.length == 0)
		return "depends on the query, which is not supported";
	problem = rule_take_host(&from, &host);
	if (problem == NULL)
		problem = from_problem(from);
	if (problem == NULL)
		problem = parse_rest(line, &status);
	if (problem == NULL)
		problem = to_problem(parts, to, status);
	*rule = (struct redirect_rule){
	    .host = host, .from = from, .to = to, .parts = parts, .status = status};
	return problem;
}

/*@ requires \valid(captures) && captures->count <= REDIRECT_NAMES_MAX;
    assigns captures->count, captures->list[captures->count .. REDIRECT_NAMES_MAX - 1];
    ensures captures->count <= REDIRECT_NAMES_MAX;
    ensures \forall struct view path; readable(name) && is_part(value, path) && !is_at_slash(value) &&
      \old(are_captures(captures, path)) ==> are_captures(captures, path); */
static void capture(struct captures *captures, struct view name, struct view value)
{
	if (captures->count < REDIRECT_NAMES_MAX) /* GCOVR_EXCL_BR_LINE: as from_problem says */
		captures->list[captures->count++] = (struct capture){name, value};
}

/* Whether a segment matches that of FROM. */
/*@ requires readable(pattern) && \valid_read(pattern.data) && (pattern.data[0] == ':' ==> pattern.length > 0);
    requires readable(segment) && !is_at_slash(segment) && \valid(captures) && captures->count <= REDIRECT_NAMES_MAX;
    assigns *captures;
    ensures captures->count <= REDIRECT_NAMES_MAX;
    ensures \forall struct view whole; is_part(segment, whole) && \old(are_captures(captures, whole)) ==>
      are_captures(captures, whole); */
static bool match_segment(struct view pattern, struct view segment, struct captures *captures)
{
	if (pattern.data[0] == ':') {
		capture(captures, view_from(pattern, 1), segment);
		return true;
	}
	return rule_take_text(pattern, &segment) && segment.length == 0;
}

/* Compares segment by segment, so that a slash at the end of either path does not matter. */
/*@ requires readable(from) && readable(path) && \valid(captures);
    requires path.length > 0 ==> path.data[0] == '/';
    requires has_single_slashes(path);
    assigns *captures;
    ensures are_captures(captures, path); */
static bool path_matches(struct view from, struct view path, struct captures *captures)
{
	struct view pattern, segment;
	captures->count = 0;
	/*@ loop invariant readable(from);
	    loop invariant readable(path) && is_end(path, \at(path, Pre));
	    loop invariant path.length > 0 ==> path.data[0] == '/';
	    loop invariant are_captures(captures, \at(path, Pre));
	    loop assigns from, path, pattern, segment, *captures;
	    loop variant from.length; */
	while (take_segment(&from, &pattern)) {
		if (is_splat(pattern)) {
			struct view rest = view_from(path, path.length > 0);
			/*@ assert !is_at_slash(rest); */
			/*@ assert is_part(rest, \at(path, Pre)); */
			capture(captures, VIEW("splat"), rest);
			return true;
		}
		if (!take_segment(&path, &segment))
			return false;
		/*@ assert is_part(segment, \at(path, Pre)); */
		if (!match_segment(pattern, segment, captures))
			return false;
	}
	return !take_segment(&path, &segment);
}

/* The position of a capture; their count if there is none. If FROM has a name twice, the first one counts. */
/*@ requires \valid_read(captures) && captures->count <= REDIRECT_NAMES_MAX && readable(name);
    requires \forall integer i; 0 <= i < captures->count ==> readable(captures->list[i].name);
    assigns \nothing;
    ensures \result <= captures->count; */
static size_t find_capture(const struct captures *captures, struct view name)
{
	size_t i = 0;
	/*@ loop invariant i <= captures->count;
	    loop assigns i;
	    loop variant captures->count - i; */
	while (i < captures->count && !view_equal(captures->list[i].name, name))
		i++;
	return i;
}

/* Appends what a name of TO stands for. */
/*@ requires buffer_is_valid(to) && is_value_for(to, value);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures buffer_grows{Pre, Post}(to);
    ensures value.length > 0 ==> to->truncated || to->length > \old(to->length);
    ensures \old(is_safe(to)) ==> is_safe(to); */
static void add_value(struct buffer *to, struct view value, bool in_query)
{
	if (in_query)
		buffer_add_query_value(to, value);
	else
		buffer_add_path(to, value);
}

/*
 * Appends literal bytes of TO, which is percent-encoded already: encodes bytes that a URL must not
 * contain. After an empty value, slashes that follow a slash are dropped: "//" would begin a host.
 */
/*@ requires buffer_is_valid(to) && to->length > 0 && readable(text) && is_apart(to, text);
    requires to->length == 1 && is_at_slash(text) ==> after_empty;
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures buffer_grows{Pre, Post}(to);
    ensures \old(is_safe(to)) ==> is_safe(to); */
static void add_literal(struct buffer *to, struct view text, bool after_empty)
{
	/*@ loop invariant readable(text) && is_end(text, \at(text, Pre));
	    loop invariant !after_empty ==> text.length == \at(text.length, Pre);
	    loop assigns text;
	    loop variant text.length; */
	while (after_empty && to->data[to->length - 1] == '/' && text.length > 0 &&
	       text.data[0] == '/')
		text = view_from(text, 1);
	/*@ assert is_safe(to) && !to->truncated && to->length == 1 ==> !is_at_slash(text); */
	buffer_add_query(to, text);
}

/*
 * Appends what a name at the front of a part of TO stands for, or the literal bytes up to the next
 * colon; a name that FROM does not have is literal. Returns how many bytes of the part it has read.
 */
/*@ requires buffer_is_valid(to) && to->length > 0 && !to->truncated;
    requires readable(part) && part.length > 0 && is_apart(to, part);
    requires are_values_for(to, captures);
    requires to->length == 1 && is_at_slash(part) ==> after_empty;
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures buffer_grows{Pre, Post}(to);
    ensures 1 <= \result <= part.length;
    ensures part.data[0] != ':' && \result < part.length ==> part.data[\result] == ':';
    ensures \old(is_safe(to)) ==> is_safe(to); */
static size_t add_next(struct buffer *to, struct view part, const struct captures *captures,
                       bool in_query, bool after_empty)
{
	struct view name = {part.data + 1, name_length(view_from(part, 1))};
	size_t found = part.data[0] == ':' ? find_capture(captures, name) : captures->count;
	if (found < captures->count) {
		struct view value = captures->list[found].value;
		/*@ assert is_value_for(to, value); */
		add_value(to, value, in_query);
		return 1 + name.length;
	}
	struct view text = {part.data, 1 + view_find(view_from(part, 1), ':')};
	add_literal(to, text, after_empty);
	return text.length;
}

/* Appends a part of TO with its names replaced. */
/*@ requires buffer_is_valid(to) && (to->truncated || to->length > 0);
    requires readable(part) && is_apart(to, part);
    requires are_values_for(to, captures);
    requires !to->truncated && to->length == 1 ==> !is_at_slash(part);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures buffer_grows{Pre, Post}(to);
    ensures \old(is_safe(to)) ==> is_safe(to); */
static void add_replaced(struct buffer *to, struct view part, const struct captures *captures,
                         bool in_query)
{
	bool after_empty = false;
	/*@ loop invariant buffer_is_valid(to) && (to->truncated || to->length > 0);
	    loop invariant buffer_grows{Pre, Here}(to);
	    loop invariant readable(part) && is_apart(to, part);
	    loop invariant are_values_for(to, captures);
	    loop invariant !to->truncated && to->length == 1 && is_at_slash(part) ==> after_empty;
	    loop invariant \at(is_safe(to), Pre) ==> is_safe(to);
	    loop assigns part, after_empty, to->length, to->truncated, to->data[0 .. to->capacity - 1];
	    loop variant part.length; */
	while (part.length > 0 && !to->truncated) {
		size_t before = to->length;
		size_t length = add_next(to, part, captures, in_query, after_empty);
		after_empty = part.data[0] == ':' && to->length == before;
		part = view_from(part, length);
	}
}

/* Appends the first byte of a path, query or fragment of TO, and the rest of it. */
/*@ requires buffer_is_valid(to) && readable(rest) && is_apart(to, rest);
    requires are_values_for(to, captures);
    requires to->length == 0 && !to->truncated ==> !is_at_slash(rest);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures buffer_grows{Pre, Post}(to);
    ensures to->truncated || (to->length > \old(to->length) && to->data[\old(to->length)] == first);
    ensures first != '/' && \old(is_safe(to)) ==> is_safe(to);
    ensures first == '/' && \old(to->length) == 0 ==> is_safe(to);
    ensures are_values_for(to, captures); */
static void add_part(struct buffer *to, char first, struct view rest,
                     const struct captures *captures, bool in_query)
{
	buffer_add_byte(to, first);
	add_replaced(to, rest, captures, in_query);
}

/*@ requires buffer_is_valid(to) && (to->truncated || to->length > 0);
    requires readable(query) && is_apart(to, query);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures buffer_grows{Pre, Post}(to);
    ensures to->truncated || (to->length > \old(to->length) && to->data[\old(to->length)] == '?');
    ensures \old(is_safe(to)) ==> is_safe(to); */
static void add_received_query(struct buffer *to, struct view query)
{
	buffer_add_byte(to, '?');
	buffer_add_query(to, query);
}

/* Appends the query of TO, or that of the request if TO has none. */
/*@ requires buffer_is_valid(to) && (to->truncated || to->length > 0);
    requires are_values_for(to, captures);
    requires readable(query) && is_apart(to, query);
    requires \valid_read(request) && \separated(request, to) && readable(request->query) && is_apart(to, request->query);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures buffer_grows{Pre, Post}(to);
    ensures to->truncated || to->length == \old(to->length) || to->data[\old(to->length)] == '?';
    ensures \old(is_safe(to)) ==> is_safe(to);
    ensures are_values_for(to, captures); */
static void add_query(struct buffer *to, struct view query, const struct captures *captures,
                      const struct redirect_request *request)
{
	if (query.length > 0)
		add_part(to, '?', view_from(query, 1), captures, true);
	else if (request->has_query)
		add_received_query(to, request->query);
}

/*@ requires buffer_is_valid(to) && (to->truncated || to->length > 0);
    requires are_values_for(to, captures);
    requires readable(fragment) && is_apart(to, fragment);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures buffer_grows{Pre, Post}(to);
    ensures to->truncated || to->length == \old(to->length) || to->data[\old(to->length)] == '#';
    ensures \old(is_safe(to)) ==> is_safe(to); */
static void add_fragment(struct buffer *to, struct view fragment, const struct captures *captures)
{
	if (fragment.length > 0)
		add_part(to, '#', view_from(fragment, 1), captures, false);
}

/*@ requires buffer_is_valid(to) && to->length == 0 && !to->truncated;
    requires are_values_for(to, captures);
    requires readable(origin) && is_apart(to, origin);
    requires readable(path) && is_apart(to, path);
    requires origin.length > 0 ? leads_to_host(origin, path) : is_path_of_site(path);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures to->truncated || to->length > 0;
    ensures origin.length == 0 ==> is_safe(to);
    ensures origin.length > 0 ==> to->truncated || is_at_host(to, origin);
    ensures are_values_for(to, captures); */
static void add_origin_and_path(struct buffer *to, struct view origin, struct view path,
                                const struct captures *captures)
{
	buffer_add(to, origin);
	/*@ assert are_values_for(to, captures); */
	if (path.length > 0)
		add_part(to, '/', view_from(path, 1), captures, false);
}

/*@ requires buffer_is_valid(to) && (to->truncated || to->length > 0);
    requires are_values_for(to, captures);
    requires readable(parts.query) && readable(parts.fragment) && is_apart(to, parts.query) && is_apart(to, parts.fragment);
    requires \valid_read(request) && \separated(request, to) && readable(request->query) && is_apart(to, request->query);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures buffer_grows{Pre, Post}(to);
    ensures to->truncated || to->length == \old(to->length) || to->data[\old(to->length)] == '?' || to->data[\old(to->length)] == '#';
    ensures \old(is_safe(to)) ==> is_safe(to); */
static void add_query_and_fragment(struct buffer *to, struct redirect_parts parts,
                                   const struct captures *captures,
                                   const struct redirect_request *request)
{
	add_query(to, parts.query, captures, request);
	add_fragment(to, parts.fragment, captures);
}

/*@ requires buffer_is_valid(to) && to->length == 0 && !to->truncated;
    requires are_values_for(to, captures);
    requires readable(parts.origin) && readable(parts.path) && readable(parts.query) && readable(parts.fragment);
    requires are_apart(to, parts) && leads_right(parts);
    requires \valid_read(request) && \separated(request, to) && readable(request->query) && is_apart(to, request->query);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures parts.origin.length == 0 ==> is_safe(to);
    ensures parts.origin.length > 0 ==> to->truncated || is_at_host(to, parts.origin); */
static void add_location(struct buffer *to, struct redirect_parts parts,
                         const struct captures *captures, const struct redirect_request *request)
{
	add_origin_and_path(to, parts.origin, parts.path, captures);
	add_query_and_fragment(to, parts, captures, request);
}

/*@ requires readable(text) && readable(end);
    assigns \nothing;
    ensures readable(\result) && \result.length <= text.length; */
static struct view without_end(struct view text, struct view end)
{
	if (text.length < end.length || !view_equal(view_from(text, text.length - end.length), end))
		return text;
	return (struct view){text.data, text.length - end.length};
}

/* An authority without the port that its scheme implies. */
/*@ requires readable(authority);
    assigns \nothing;
    ensures readable(\result) && \result.length <= authority.length; */
static struct view without_default_port(struct view authority)
{
	authority = without_end(without_end(authority, VIEW(":80")), VIEW(":443"));
	return without_end(authority, VIEW(":"));
}

/* Whether TO is what the request asks for. Its scheme does not matter, as in rule_take_host. */
/*@ requires readable(to) && to.length <= REDIRECT_TO_MAX && is_readable_request(request);
    assigns \nothing; */
static bool is_request(struct view to, const struct redirect_request *request)
{
	struct target target;
	(void)cut_tail(&to, '#');
	if (target_parse(to, &target).status != 0)
		return false;
	return (target.authority.length == 0 ||
	        view_equal_nocase(without_default_port(target.authority),
	                          without_default_port(request->host))) &&
	       view_equal(target_path(&target), request->path) &&
	       target.has_query == request->has_query &&
	       (!target.has_query || view_equal(target.query, request->query));
}

/* The same for a file that is served, whatever the query. */
/*@ requires readable(to) && to.length <= REDIRECT_TO_MAX && \valid_read(request) && readable(request->path);
    assigns \nothing; */
static bool is_request_path(struct view to, const struct redirect_request *request)
{
	struct target target;
	return target_parse(to, &target).status == 0 &&
	       view_equal(target_path(&target), request->path);
}

/* Writes TO, or as much of it as there is room for. Returns false if the rule is to be skipped. */
/*@ requires buffer_is_valid(to) && to->capacity <= REDIRECT_TO_MAX;
    requires are_parts(rule.parts, rule.to) && are_apart(to, rule.parts) && is_sound(rule.parts, rule.status);
    requires is_readable_request(request);
    requires \separated(request, to) && is_apart(to, request->path) && is_apart(to, request->query);
    requires are_values_for(to, captures);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures rule.parts.origin.length == 0 ==> is_safe(to);
    ensures rule.parts.origin.length > 0 ==> to->truncated || is_at_host(to, rule.parts.origin); */
static bool write_to(struct redirect_rule rule, const struct redirect_request *request,
                     const struct captures *captures, struct buffer *to)
{
	bool is_location = redirect_status_is_location(rule.status);
	to->length = 0;
	to->truncated = false;
	if (is_location)
		add_location(to, rule.parts, captures, request);
	else
		add_origin_and_path(to, VIEW(""), rule.parts.path, captures);
	bool leads_back = is_location ? is_request(buffer_view(to), request)
	                              : is_request_path(buffer_view(to), request);
	return to->truncated || !leads_back;
}

bool redirects_are_within_limits(struct view text)
{
	struct rule_lines lines = rule_lines_of(text);
	unsigned rules = 0;
	if (text.length > RULES_SIZE_MAX)
		return false;
	/*@ loop invariant readable(lines.rest);
	    loop assigns lines, rules;
	    loop variant lines.rest.length; */
	while (rule_lines_next(&lines).length > 0)
		if (++rules > REDIRECTS_MAX)
			return false;
	return true;
}

/* Writes TO of a rule that matches the request. Returns whether the rule applies. */
/*@ requires buffer_is_valid(to) && to->capacity <= REDIRECT_TO_MAX;
    requires readable(rule.host) && readable(rule.from);
    requires are_parts(rule.parts, rule.to) && is_sound(rule.parts, rule.status);
    requires are_apart(to, rule.parts);
    requires is_readable_request(request);
    requires request->path.length > 0 ==> request->path.data[0] == '/';
    requires has_single_slashes(request->path);
    requires \separated(request, to) && is_apart(to, request->path) && is_apart(to, request->query);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures \result && rule.parts.origin.length == 0 ==> is_safe(to);
    ensures \result && rule.parts.origin.length > 0 ==> to->truncated || is_at_host(to, rule.parts.origin); */
static bool apply_rule(struct redirect_rule rule, const struct redirect_request *request,
                       struct buffer *to)
{
	struct captures captures;
	struct view path = request->path;
	/*@ assert \forall struct view value; is_part(value, path) ==> is_apart(to, value); */
	bool matches =
	    rule_host_matches(rule.host, request->host) && path_matches(rule.from, path, &captures);
	/*@ assert buffer_is_valid(to); */
	if (!matches)
		return false;
	/*@ assert are_values_for(to, &captures); */
	return write_to(rule, request, &captures, to);
}

/* Returns the status of the rule in a line if it applies, otherwise 0. */
/*@ requires readable(words) && is_apart(to, words) && buffer_is_valid(to) && to->capacity <= REDIRECT_TO_MAX;
    requires is_readable_request(request);
    requires request->path.length > 0 ==> request->path.data[0] == '/';
    requires has_single_slashes(request->path);
    requires \separated(request, to) && is_apart(to, request->path) && is_apart(to, request->query);
    assigns to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures \result != 0 ==> is_safe(to) || \exists struct view origin; is_part(origin, words) && is_at_host(to, origin); */
static int apply_line(struct view words, const struct redirect_request *request, struct buffer *to)
{
	struct redirect_rule rule;
	if (redirect_rule_parse(words, &rule) != NULL)
		return 0;
	/*@ assert \forall struct view part; is_part(part, rule.to) ==> is_part(part, words); */
	/*@ assert are_parts(rule.parts, words); */
	/*@ assert \forall struct view part; is_part(part, words) ==> is_apart(to, part); */
	/*@ assert are_apart(to, rule.parts); */
	return apply_rule(rule, request, to) ? rule.status : 0;
}

int redirects_find(struct view text, const struct redirect_request *request, struct buffer *to,
                   unsigned *line)
{
	struct rule_lines lines = rule_lines_of(text);
	struct view words;
	int status = 0;
	/*@ loop invariant readable(lines.rest) && is_end(lines.rest, text);
	    loop invariant buffer_is_valid(to);
	    loop invariant status != 0 ==> is_safe(to) || \exists struct view origin; is_part(origin, text) && is_at_host(to, origin);
	    loop assigns lines, words, status, *line, to->length, to->truncated, to->data[0 .. to->capacity - 1];
	    loop variant lines.rest.length; */
	while (status == 0 && (words = rule_lines_next(&lines)).length > 0) {
		*line = lines.number;
		/*@ assert is_part(words, text); */
		/*@ assert \forall struct view part; is_part(part, words) ==> is_part(part, text); */
		status = apply_line(words, request, to);
	}
	return status;
}

bool redirect_status_is_location(int status)
{
	return status / 100 == 3;
}
