/*
 * _redirects: a host, a request target and a file, one after the other in the input. A Location has
 * no byte that ends a line, and leads to another host only if the rule names that host; a path to
 * serve is a valid target.
 */
#include "base/parse.h"
#include "fuzz.h"
#include "http/redirects.h"
#include "http/target.h"

static bool is_url(struct view text)
{
	return parse_prefix(&text, VIEW("http://")) || parse_prefix(&text, VIEW("https://"));
}

/* The length of "https://host:port". */
static size_t origin_length(struct view url)
{
	size_t length = sizeof "https://" - 2; /* of the shorter scheme */
	length += url.data[length] == '/';
	while (length < url.length && strchr("/?#", url.data[length]) == NULL)
		length++;
	return length;
}

static struct redirect_rule rule_of_line(struct view text, unsigned number)
{
	struct rule_lines lines = rule_lines_of(text);
	struct redirect_rule rule = {.status = 0};
	struct view line = VIEW("");
	while (lines.number < number)
		line = rule_lines_next(&lines);
	HOLDS(lines.number == number && redirect_rule_parse(line, &rule) == NULL);
	return rule;
}

static void expect_same_site(struct view to, struct view rule_to)
{
	if (!is_url(rule_to)) {
		HOLDS(to.data[0] == '/');
		HOLDS(to.length == 1 || (to.data[1] != '/' && to.data[1] != '\\'));
		return;
	}
	size_t length = origin_length(rule_to);
	HOLDS(is_url(to) && origin_length(to) == length);
	HOLDS(memcmp(to.data, rule_to.data, length) == 0);
}

static void expect_result(struct view to, const struct redirect_rule *rule)
{
	static struct target target;
	HOLDS(to.length > 0);
	for (size_t i = 0; i < to.length; i++)
		HOLDS(to.data[i] > ' ' && to.data[i] < 0x7f);
	expect_same_site(to, rule->to);
	if (!redirect_status_is_location(rule->status))
		HOLDS(to.data[0] == '/' && target_parse(to, &target).status % 414 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct target target;
	static char bytes[REDIRECT_TO_MAX];
	struct buffer to = BUFFER(bytes);
	struct view text = {(const char *)data, size}, raw;
	struct redirect_request request;
	unsigned line = 0;
	(void)parse_cut(&text, '\n', &request.host);
	(void)parse_cut(&text, '\n', &raw);
	if (target_parse(raw, &target).status != 0)
		return 0;
	request.path = target_path(&target);
	request.has_query = target.has_query;
	request.query = target.query;
	(void)redirects_are_within_limits(text);
	int status = redirects_find(text, &request, &to, &line);
	if (status == 0)
		return 0;
	struct redirect_rule rule = rule_of_line(text, line);
	HOLDS(status == rule.status);
	if (!to.truncated)
		expect_result(buffer_view(&to), &rule);
	return 0;
}
