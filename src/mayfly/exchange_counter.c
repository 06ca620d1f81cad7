/* Showing a count; see exchange_counter.h. */
#include "exchange_counter.h"
#include "base/fnv.h"
#include "counter/get.h"
#include "exchange_rules.h"
#include "exchange_send.h"
#include "http/conditions.h"
#include "respond.h"
#include "response.h"

enum { TAG_MAX = 18 }; /* bytes of an entity tag: 64 bits in hexadecimal, quoted */

static void target_set_path(struct target *target, struct view path)
{
	memcpy(target->path, path.data, path.length);
	target->path[path.length] = '\0';
	target->path_length = path.length;
}

/* Whether Referer names a page of the same host. Its scheme may differ: a front end may speak HTTPS. */
static bool find_referer(const struct exchange *exchange, struct view host, struct target *page)
{
	struct view referer = request_field_value(&exchange->request, VIEW("referer"));
	return target_parse(referer, page).status == 0 && page->authority.length > 0 &&
	       view_equal_nocase(page->authority, host);
}

struct refusal exchange_find_counter(struct exchange *exchange, struct view host,
                                     struct view counted)
{
	static struct target page;
	struct resource *resource = &exchange->resource;
	const char *error = badge_parse_query(exchange->target.query, &exchange->badge);
	if (error != NULL)
		return refuse(400, error);
	exchange->badge_is_of_referer = counted.length == 0;
	if (!exchange->badge_is_of_referer)
		target_set_path(&page, counted);
	else if (!find_referer(exchange, host, &page))
		return refuse(400, "counter-no-referer");
	struct refusal refusal =
	    resource_open_final(&exchange->server->site, host, &page, resource);
	resource_close_file(resource);
	return refusal.status >= 500 ? refusal : ACCEPTED;
}

/* Looks the count up, and appends the badge. Returns NULL or a reason code. */
static const char *add_badge(const struct exchange *exchange, struct buffer *text)
{
	const struct server *server = exchange->server;
	struct view path = exchange->resource.hit_path;
	if (server->hits < 0)
		return server->hits_error;
	struct counter_result result = counter_get(server->hits, path.data, path.length);
	if (result.error == NULL)
		badge_add(text, &exchange->badge, exchange->badge_format, result.count);
	return result.error;
}

static void add_tag(struct buffer *tag, struct view body)
{
	buffer_add_byte(tag, '"');
	buffer_add_hex(tag, fnv_add(FNV_START, body.data, body.length));
	buffer_add_byte(tag, '"');
}

/* Whether --header or _headers set or remove the field. */
static bool is_set_by_owner(const struct exchange *exchange, struct view name)
{
	const struct options *options = &exchange->server->options;
	for (size_t i = 0; i < options->extra_field_count; i++)
		if (view_equal_nocase(options->extra_fields[i].name, name))
			return true;
	return header_rules_mention(exchange->header_rules, name);
}

/* Begins a 200 or 304: the fields that a 304 has as well (RFC 9110 15.4.5). */
static void begin_counter(struct exchange *exchange, int status, struct view tag)
{
	bool of_referer = exchange->badge_is_of_referer;
	exchange_begin_head(exchange, status);
	response_field(&exchange->head, "ETag", tag);
	exchange_add_vary(exchange, of_referer ? VIEW("Referer") : VIEW(""));
	exchange_add_cache_control(exchange, of_referer ? VIEW("no-store") : VIEW("max-age=60"));
	if (!is_set_by_owner(exchange, VIEW("Access-Control-Allow-Origin")))
		response_field(&exchange->head, "Access-Control-Allow-Origin", VIEW("*"));
}

/* Ends the head and sends it with the body. A client that leaves meanwhile is not logged either. */
static void send_counter(struct exchange *exchange, struct view body)
{
	struct buffer *head = &exchange->head;
	response_end(head);
	if (exchange->request.method != METHOD_HEAD)
		buffer_add(head, body);
	if (exchange_send_head(exchange, false) != NULL)
		exchange->persist = false;
}

static void respond_whole(struct exchange *exchange, struct view tag, struct view body)
{
	begin_counter(exchange, 200, tag);
	response_field(&exchange->head, "Content-Type", badge_media_type(exchange->badge_format));
	response_number(&exchange->head, "Content-Length", body.length);
	send_counter(exchange, body);
}

void exchange_send_counter(struct exchange *exchange)
{
	char body_bytes[BADGE_LENGTH_MAX], tag_bytes[TAG_MAX];
	struct buffer body = BUFFER(body_bytes), tag = BUFFER(tag_bytes);
	const char *error = add_badge(exchange, &body);
	if (error != NULL) {
		respond_refusal(exchange, refuse(503, error));
		return;
	}
	add_tag(&tag, buffer_view(&body));
	struct validators validators = {.tag = buffer_view(&tag)};
	switch (conditions_evaluate(&exchange->request, &validators, exchange->now.tv_sec)) {
	case CONDITIONS_PASS:
		respond_whole(exchange, validators.tag, buffer_view(&body));
		break;
	case CONDITIONS_NOT_MODIFIED:
		begin_counter(exchange, 304, validators.tag);
		send_counter(exchange, VIEW(""));
		break;
	case CONDITIONS_FAILED:
		respond_refusal(exchange, refuse(412, "precondition-failed"));
		break;
	}
}
