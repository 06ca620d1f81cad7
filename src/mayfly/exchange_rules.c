/* Applying a site's rules; see exchange_rules.h. */
#include "exchange_rules.h"
#include "http/redirects.h"
#include "response.h"
#include <errno.h>
#include <unistd.h>

enum reading { READ_WHOLE, READ_NOTHING, READ_TOO_LARGE, READ_FAILED };

/* Reads a file in the site's directory; *text is valid until the next call. */
static enum reading read_rules(const struct exchange *exchange, const char *name, struct view *text)
{
	static char bytes[RULES_SIZE_MAX + 1];
	size_t length = 0;
	ssize_t got;
	if (exchange->server->options.no_rules)
		return READ_NOTHING;
	int file = resource_open_rules(&exchange->resource, name);
	if (file < 0)
		return errno == ENOENT || errno == EISDIR ? READ_NOTHING : READ_FAILED;
	do {
		got = read(file, bytes + length, sizeof bytes - length);
		length += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	close(file);
	*text = (struct view){bytes, length};
	if (got < 0)
		return READ_FAILED;
	return length > RULES_SIZE_MAX ? READ_TOO_LARGE : READ_WHOLE;
}

/* Whether there is nothing at the path. What exists but is not served has no redirect. */
static bool is_missing(struct refusal refusal)
{
	return refusal.status == 404 && (strcmp(refusal.reason, "not-found") == 0 ||
	                                 strcmp(refusal.reason, "name-too-long") == 0);
}

/* Opens the file of another path of the same site. */
static struct refusal open_target(struct exchange *exchange, struct view host, struct view to)
{
	static struct target target;
	const struct site *site = &exchange->server->site;
	struct refusal refusal = target_parse(to, &target);
	if (refusal.status != 0)
		return refusal;
	resource_close(site, &exchange->resource);
	return resource_open_final(site, host, &target, &exchange->resource);
}

/* The name of a rule in the log: "redirects:12". */
static const char *name_rule(struct exchange_rule *rule, unsigned line)
{
	struct buffer name = BUFFER(rule->name);
	buffer_add(&name, VIEW("redirects:"));
	buffer_add_number(&name, line);
	buffer_add(&name, (struct view){"", 1});
	return rule->name;
}

struct refusal exchange_redirect(struct exchange *exchange, struct view host,
                                 struct refusal refusal)
{
	static char bytes[REDIRECT_TO_MAX];
	struct buffer to = BUFFER(bytes);
	struct exchange_rule *rule = &exchange->rule;
	struct view text;
	unsigned line;
	if (!is_missing(refusal))
		return refusal;
	enum reading reading = read_rules(exchange, "_redirects", &text);
	if (reading == READ_NOTHING)
		return refusal;
	if (reading == READ_FAILED)
		return refuse(404, "redirects-unreadable");
	if (reading == READ_TOO_LARGE || !redirects_are_within_limits(text))
		return refuse(404, "redirects-too-large");
	struct redirect_request request = {host, target_path(&exchange->target),
	                                   exchange->target.has_query, exchange->target.query};
	int status = redirects_find(text, &request, &to, &line);
	if (status == 0)
		return refusal;
	if (to.truncated)
		return refuse(414, "redirect-too-long");
	rule->status = status;
	rule->to = buffer_view(&to);
	exchange->entry.remark = name_rule(rule, line);
	if (redirect_status_is_location(rule->status))
		return ACCEPTED;
	refusal = open_target(exchange, host, rule->to);
	if (refusal.status != 0)
		resource_close_file(&exchange->resource);
	if (rule->status != 200)
		return refuse(rule->status, rule->name);
	return refusal.status != 0 ? refuse(refusal.status, rule->name) : ACCEPTED;
}

const struct header_rules *exchange_read_header_rules(struct exchange *exchange)
{
	static const struct header_rules NONE;
	static struct header_rules rules;
	const struct resource *resource = &exchange->resource;
	struct view text;
	enum reading reading = read_rules(exchange, "_headers", &text);
	if (reading == READ_TOO_LARGE || reading == READ_FAILED)
		exchange->entry.rules_error =
		    reading == READ_FAILED ? "headers-unreadable" : "headers-too-large";
	if (reading != READ_WHOLE)
		return &NONE;
	struct header_request request = {
	    .host = exchange_host(exchange),
	    .path = exchange->rules_path,
	    .file_path = resource->file >= 0 ? resource->path : VIEW(""),
	};
	header_rules_collect(text, &request, &rules);
	return &rules;
}

struct view exchange_own_media_type(const struct exchange *exchange)
{
	return header_rules_last_value(exchange->header_rules, VIEW("Content-Type"));
}

void exchange_add_vary(struct exchange *exchange, struct view request_field)
{
	struct buffer *head = &exchange->head;
	struct view name = VIEW("Vary");
	bool is_set = header_rules_last_value(exchange->header_rules, name).length > 0;
	if (request_field.length == 0 && !is_set)
		return;
	buffer_add(head, VIEW("Vary: "));
	buffer_add(head, request_field);
	buffer_add(head, request_field.length > 0 && is_set ? VIEW(", ") : VIEW(""));
	header_rules_add_value(exchange->header_rules, name, head);
	buffer_add(head, VIEW("\r\n"));
}

void exchange_add_cache_control(struct exchange *exchange, struct view value)
{
	struct view name = VIEW("Cache-Control");
	if (!header_rules_mention(exchange->header_rules, name)) {
		response_field(&exchange->head, "Cache-Control", value);
	} else if (header_rules_last_value(exchange->header_rules, name).length > 0) {
		buffer_add(&exchange->head, VIEW("Cache-Control: "));
		header_rules_add_value(exchange->header_rules, name, &exchange->head);
		buffer_add(&exchange->head, VIEW("\r\n"));
	}
}
