/* Matching _redirects; see redirects.h. */
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

/* The parts of TO. */
struct to_parts {
	struct view origin;   /* "https://host:port", or empty */
	struct view path;     /* empty, or from its "/" */
	struct view query;    /* from its "?" */
	struct view fragment; /* from its "#" */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes the next word off a line; it is empty at the end, and where a comment begins. */
static struct view take_word(struct view *rest)
{
	size_t length = 0;
	*rest = view_trim(*rest);
	while (length < rest->length && !is_blank(rest->data[length]))
		length++;
	struct view word = {rest->data, length};
	*rest = view_from(*rest, length);
	if (length > 0 && word.data[0] == '#')
		word.length = rest->length = 0;
	return word;
}

/* The length of the name that follows a colon: a letter or _, then letters, digits and _. */
static size_t name_length(struct view text)
{
	size_t length = 0;
	while (length < text.length &&
	       (ascii_is_letter(text.data[length]) || text.data[length] == '_' ||
	        (length > 0 && ascii_is_digit(text.data[length]))))
		length++;
	return length;
}

/* Takes the next segment off a path; there is none after the last slash. */
static bool take_segment(struct view *path, struct view *segment)
{
	*path = view_from(*path, path->length > 0); /* the slash */
	if (path->length == 0)
		return false;
	*segment = (struct view){path->data, view_find(*path, '/')};
	*path = view_from(*path, segment->length);
	return true;
}

static bool is_splat(struct view segment)
{
	return view_equal(segment, VIEW("*"));
}

static const char *from_problem(struct view from)
{
	size_t names = 0;
	struct view segment;
	const char *problem = rule_path_problem(from);
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
static struct view cut_tail(struct view *text, char separator)
{
	struct view rest = *text, front;
	if (!parse_cut(&rest, separator, &front))
		return VIEW("");
	struct view tail = view_from(*text, front.length);
	*text = front;
	return tail;
}

static struct to_parts split_to(struct view to)
{
	struct to_parts parts = {.fragment = cut_tail(&to, '#')};
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

static struct view authority_of(struct view origin)
{
	if (!parse_prefix(&origin, VIEW("http://")))
		(void)parse_prefix(&origin, VIEW("https://"));
	return origin;
}

static bool percent_is_valid(struct view text)
{
	while (text.length > 0)
		if (parse_percent_byte(&text) <= 0)
			return false;
	return true;
}

static const char *to_problem(struct view to, int status)
{
	struct to_parts parts = split_to(to);
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

static bool set_status(struct view word, int *status)
{
	static const int STATUSES[] = {301, 302, 303, 307, 308, 200, 404, 410, 451};
	int choice = parse_choice(word, VIEW("301|302|303|307|308|200|404|410|451"));
	if (choice >= 0)
		*status = STATUSES[choice];
	return choice >= 0;
}

/* The optional words after TO. */
static const char *parse_rest(struct view rest, int *status)
{
	struct view word = take_word(&rest);
	*status = 301;
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
	rule->from = take_word(&line);
	rule->to = take_word(&line);
	if (rule->to.length == 0 || ascii_is_digit(rule->to.data[0]))
		return "has no target";
	if (rule->to.data[0] != '/' && view_contains(rule->to, '=') &&
	    split_to(rule->to).origin.length == 0)
		return "depends on the query, which is not supported";
	problem = rule_take_host(&rule->from, &rule->host);
	if (problem == NULL)
		problem = from_problem(rule->from);
	if (problem == NULL)
		problem = parse_rest(line, &rule->status);
	return problem != NULL ? problem : to_problem(rule->to, rule->status);
}

static void capture(struct captures *captures, struct view name, struct view value)
{
	if (captures->count < REDIRECT_NAMES_MAX) /* GCOVR_EXCL_BR_LINE: as from_problem says */
		captures->list[captures->count++] = (struct capture){name, value};
}

/* Compares segment by segment, so that a slash at the end of either path does not matter. */
static bool path_matches(struct view from, struct view path, struct captures *captures)
{
	struct view pattern, segment;
	captures->count = 0;
	while (take_segment(&from, &pattern)) {
		if (is_splat(pattern)) {
			capture(captures, VIEW("splat"), view_from(path, path.length > 0));
			return true;
		}
		if (!take_segment(&path, &segment))
			return false;
		if (pattern.data[0] == ':')
			capture(captures, view_from(pattern, 1), segment);
		else if (!rule_take_text(pattern, &segment) || segment.length > 0)
			return false;
	}
	return !take_segment(&path, &segment);
}

/* If FROM has a name twice, the first one counts. */
static const struct capture *find_capture(const struct captures *captures, struct view name)
{
	for (size_t i = 0; i < captures->count; i++)
		if (view_equal(captures->list[i].name, name))
			return &captures->list[i];
	return NULL;
}

/*
 * Appends literal bytes of TO, which is percent-encoded already: encodes bytes that a URL must not
 * contain. After an empty value, slashes that follow a slash are dropped: "//" would begin a host.
 */
static void add_literal(struct buffer *to, struct view text, bool after_empty)
{
	if (after_empty && to->data[to->length - 1] == '/')
		while (text.length > 0 && text.data[0] == '/')
			text = view_from(text, 1);
	buffer_add_query(to, text);
}

/* Appends a part of TO with its names replaced. A name that FROM does not have remains as it is. */
static void add_replaced(struct buffer *to, struct view part, const struct captures *captures,
                         void (*add_value)(struct buffer *, struct view))
{
	bool after_empty = false;
	while (part.length > 0 && !to->truncated) {
		struct view name = {part.data + 1, 0};
		const struct capture *found = NULL;
		if (part.data[0] == ':') {
			name.length = name_length(view_from(part, 1));
			found = find_capture(captures, name);
		}
		size_t length = 1 + view_find(view_from(part, 1), ':');
		if (found != NULL) {
			add_value(to, found->value);
			length = 1 + name.length;
		} else {
			add_literal(to, (struct view){part.data, length}, after_empty);
		}
		after_empty = found != NULL && found->value.length == 0;
		part = view_from(part, length);
	}
}

static void add_location(struct buffer *to, const struct to_parts *parts,
                         const struct captures *captures, const struct redirect_request *request)
{
	buffer_add(to, parts->origin);
	add_replaced(to, parts->path, captures, buffer_add_path);
	if (parts->query.length > 0) {
		add_replaced(to, parts->query, captures, buffer_add_query_value);
	} else if (request->has_query) {
		buffer_add_byte(to, '?');
		buffer_add_query(to, request->query);
	}
	if (parts->fragment.length > 0) {
		buffer_add_byte(to, '#');
		add_replaced(to, view_from(parts->fragment, 1), captures, buffer_add_path);
	}
}

/* An authority without the port that its scheme implies. */
static struct view without_default_port(struct view authority)
{
	static const char PORTS[][5] = {":", ":80", ":443"};
	for (size_t i = 0; i < sizeof PORTS / sizeof PORTS[0]; i++) {
		size_t length = strlen(PORTS[i]);
		if (authority.length >= length &&
		    view_equal(view_from(authority, authority.length - length), view_of(PORTS[i])))
			return (struct view){authority.data, authority.length - length};
	}
	return authority;
}

/* Whether TO is what the request asks for. Its scheme does not matter, as in rule_take_host. */
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
static bool is_request_path(struct view to, const struct redirect_request *request)
{
	struct target target;
	return target_parse(to, &target).status == 0 &&
	       view_equal(target_path(&target), request->path);
}

/* Writes TO, or as much of it as there is room for. Returns false if the rule is to be skipped. */
static bool write_to(const struct redirect_rule *rule, const struct redirect_request *request,
                     const struct captures *captures, struct buffer *to)
{
	struct to_parts parts = split_to(rule->to);
	bool is_location = redirect_status_is_location(rule->status);
	to->length = 0;
	to->truncated = false;
	if (is_location)
		add_location(to, &parts, captures, request);
	else
		add_replaced(to, parts.path, captures, buffer_add_path);
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
	while (rule_lines_next(&lines).length > 0)
		if (++rules > REDIRECTS_MAX)
			return false;
	return true;
}

int redirects_find(struct view text, const struct redirect_request *request, struct buffer *to,
                   unsigned *line)
{
	struct rule_lines lines = rule_lines_of(text);
	struct captures captures;
	struct redirect_rule rule;
	struct view words;
	while ((words = rule_lines_next(&lines)).length > 0) {
		*line = lines.number;
		if (redirect_rule_parse(words, &rule) == NULL &&
		    rule_host_matches(rule.host, request->host) &&
		    path_matches(rule.from, request->path, &captures) &&
		    write_to(&rule, request, &captures, to))
			return rule.status;
	}
	return 0;
}

bool redirect_status_is_location(int status)
{
	return status / 100 == 3;
}
