/*
 * The course of a request: read the head, parse it, find the resource, respond, log; see exchange.h.
 * respond.c and respond_listing.c respond, connection.c receives and sends.
 */
#include "exchange.h"
#include "base/clock.h"
#include "exchange_counter.h"
#include "exchange_rules.h"
#include "http/host.h"
#include "http/redirects.h"
#include "http/robots.h"
#include "respond.h"
#include "respond_listing.h"
#include <errno.h>

/* Refuses an incomplete head that is too long already. The CRLF of the request line does not count. */
static struct refusal check_length(const struct receive_buffer *received, struct view head)
{
	size_t line_max = REQUEST_LINE_MAX + sizeof "\r\n" - 1;
	if (head.length >= line_max && !view_contains((struct view){head.data, line_max}, '\n'))
		return refuse(414, "request-line-too-long");
	if (received->length == sizeof received->bytes)
		return refuse(431, "head-too-long");
	return ACCEPTED;
}

/*
 * Decides how to respond to a head that is incomplete at the deadline, or when the client stops
 * sending. Accepted, without a response: a client that closes without a request, and a kept
 * connection on which no further request begins (RFC 9112 9.5).
 */
static struct refusal check_incomplete(bool is_late, bool has_begun, bool is_kept)
{
	if (!has_begun && (!is_late || is_kept))
		return ACCEPTED;
	return is_late ? refuse(408, "head-too-slow") : refuse(400, "head-incomplete");
}

/*
 * Reads until the head is complete. If refused, *head is the part that has come. If accepted, an
 * empty *head means that the client sends no further request.
 */
static struct refusal read_head(struct exchange *exchange, struct receive_buffer *received,
                                int64_t deadline, struct view *head)
{
	size_t seen = 0;
	for (;;) {
		struct view pending = {received->bytes, received->length};
		size_t skip = request_leading_empty_lines(pending);
		*head = view_from(pending, skip);
		size_t checked = seen > skip ? seen - skip : 0;
		size_t length = request_head_length(*head, checked);
		if (length > 0) {
			head->length = length;
			return ACCEPTED;
		}
		struct refusal refusal = check_length(received, *head);
		if (refusal.status == 0)
			refusal = request_check_start(*head, checked);
		if (refusal.status != 0)
			return refusal;
		seen = received->length;
		ssize_t got =
		    connection_receive(&exchange->server->connection, received->bytes + seen,
		                       sizeof received->bytes - seen, deadline);
		if (got <= 0)
			return check_incomplete(got < 0 && errno == ETIMEDOUT, head->length > 0,
			                        exchange->server->connection.sent > 0);
		if (seen == 0)
			exchange->started = clock_now_us();
		received->length += (size_t)got;
	}
}

/* Removes the head, and the empty lines before it, from the receive buffer. */
static void receive_buffer_drop(struct receive_buffer *received, struct view head)
{
	size_t used = (size_t)(head.data - received->bytes) + head.length;
	received->length -= used;
	memmove(received->bytes, received->bytes + used, received->length);
}

struct view exchange_host(const struct exchange *exchange)
{
	struct view authority = exchange->target.authority;
	return authority.length > 0 ? authority
	                            : request_field_value(&exchange->request, VIEW("host"));
}

/* Compares the target as it was sent: a front end that denies clients the path compares it so, too. */
static bool asks_for_health(const struct exchange *exchange)
{
	struct view path = exchange->server->options.health_path;
	return path.length > 0 && view_equal(exchange->request.target, path);
}

/*
 * Opens the site of a request that has no resource, for its _headers only: the response is the same without
 * a site. Returns the refusal.
 */
static struct refusal open_site_only(struct exchange *exchange, struct refusal refusal)
{
	struct target *target = &exchange->target;
	if (target_parse(exchange->request.target, target).status == 0)
		exchange->rules_path = target_path(target);
	(void)resource_open_site(&exchange->server->site, exchange_host(exchange),
	                         &exchange->resource);
	if (refusal.status != 0)
		target->path_length = 0; /* the log shows the target as it was sent */
	return refusal;
}

/*
 * Opens the resource, or decides to redirect to https: the certificate authority asks for files below
 * /.well-known/ over plain HTTP (RFC 8555 8.3), and follows redirects.
 */
static struct refusal open_or_redirect(struct exchange *exchange, struct view host)
{
	bool redirects = exchange->server->options.https_redirect;
	if (redirects && host_without_port(host).length == 0)
		return refuse(400, "host-missing");
	exchange->needs_https =
	    redirects && !view_begins_with(target_path(&exchange->target), VIEW("/.well-known/"));
	if (exchange->needs_https)
		return ACCEPTED;
	struct refusal refusal =
	    resource_open(&exchange->server->site, host, &exchange->target, &exchange->resource);
	exchange->needs_https = redirects && refusal.status == 404;
	return exchange->needs_https ? ACCEPTED : exchange_redirect(exchange, host, refusal);
}

/* Finds the resource that a counter shows; for a refusal the site, for its _headers. */
static struct refusal find_counter(struct exchange *exchange, struct view host, struct view counted)
{
	struct refusal refusal = exchange_find_counter(exchange, host, counted);
	return refusal.status == 400 ? open_site_only(exchange, refusal) : refusal;
}

/* Finds the resource of the request, unless its method has none. */
static struct refusal find_resource(struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	if (request->method == METHOD_OTHER)
		return open_site_only(exchange, refuse(405, "method-not-allowed"));
	if (request->method == METHOD_OPTIONS && view_equal(request->target, VIEW("*")))
		return open_site_only(exchange, ACCEPTED);
	struct refusal refusal = target_parse(request->target, &exchange->target);
	if (refusal.status != 0 || request->method == METHOD_OPTIONS)
		return open_site_only(exchange, refusal);
	exchange->rules_path = target_path(&exchange->target);
	struct view host = exchange_host(exchange);
	exchange->is_health = asks_for_health(exchange);
	if (exchange->is_health)
		return ACCEPTED;
	struct view counted;
	exchange->badge_format = badge_parse_path(target_path(&exchange->target),
	                                          exchange->server->options.counter_path, &counted);
	if (exchange->badge_format != BADGE_NONE)
		return find_counter(exchange, host, counted);
	return open_or_redirect(exchange, host);
}

static bool is_robot(const struct exchange *exchange)
{
	const struct server *server = exchange->server;
	return server->options.robots != NULL &&
	       robots_match(request_field_value(&exchange->request, VIEW("user-agent")),
	                    server->robots_list);
}

static bool wants_persistence(const struct exchange *exchange)
{
	return exchange->server->options.keep_alive > 0 &&
	       request_wants_persistence(&exchange->request) &&
	       !request_has_body(&exchange->request);
}

/* Whether the connection has reached --keep-alive-requests or --keep-alive-time. */
static bool is_last(const struct exchange *exchange)
{
	const struct server *server = exchange->server;
	return server->requests >= server->options.keep_alive_requests ||
	       exchange->started - server->started >= clock_us(server->options.keep_alive_time);
}

static void write_log(struct exchange *exchange)
{
	struct log_entry *entry = &exchange->entry;
	const struct request *request = &exchange->request;
	entry->method = request->method_name;
	entry->target = request->target;
	if (exchange->server->options.vhosts)
		entry->host = exchange_host(exchange);
	bool has_resource = entry->status < 400 && !exchange->needs_https &&
	                    !redirect_status_is_location(exchange->rule.status);
	entry->path = has_resource ? exchange->resource.hit_path : target_path(&exchange->target);
	entry->referer = request_field_value(request, VIEW("referer"));
	entry->user_agent = request_field_value(request, VIEW("user-agent"));
	entry->duration_us = clock_now_us() - exchange->started;
	access_log_write(&exchange->server->log, &exchange->server->peer, entry);
}

/* Whether not to log: a counter was shown, or a health check by a front end, not by a client, succeeded. */
static bool is_routine(const struct exchange *exchange)
{
	const struct server *server = exchange->server;
	if (exchange->entry.reason != NULL)
		return false;
	return exchange->badge_format != BADGE_NONE ||
	       (exchange->is_health && options_trust(&server->options, &server->peer));
}

static enum next_action respond(struct exchange *exchange, struct refusal refusal)
{
	bool persistent = refusal.status == 0 && wants_persistence(exchange);
	bool last = persistent && is_last(exchange);
	exchange->persist = persistent && !last;
	if (refusal.status != 0)
		respond_refusal(exchange, refusal);
	else if (exchange->request.method == METHOD_OPTIONS)
		respond_options(exchange);
	else if (exchange->is_health)
		respond_health(exchange);
	else if (exchange->badge_format != BADGE_NONE)
		exchange_send_counter(exchange);
	else if (exchange->needs_https)
		respond_https(exchange);
	else if (redirect_status_is_location(exchange->rule.status))
		respond_rule(exchange);
	else if (exchange->resource.is_directory || exchange->resource.has_slash_too_many)
		respond_redirect(exchange);
	else if (exchange->resource.is_listing)
		respond_listing(exchange);
	else
		respond_resource(exchange);
	if (!is_routine(exchange))
		write_log(exchange);
	if (exchange->persist)
		return NEXT_REQUEST;
	/* If this was the last, the client may have sent a further request already. */
	bool unread = last || exchange->entry.status >= 400 || request_has_body(&exchange->request);
	return unread ? NEXT_DRAIN : NEXT_CLOSE;
}

/*
 * Returns a cleared exchange, so that nothing of a request can reach the next one. The first needs no
 * memset: static memory is zero, and its pages cost time only when they are written.
 */
static struct exchange *exchange_begin(struct server *server)
{
	static struct exchange exchange;
	bool is_used = exchange.server != NULL;
	if (is_used)
		memset(&exchange, 0, offsetof(struct exchange, head_buffer));
	exchange.server = server;
	exchange.started = clock_now_us();
	exchange.resource.site_directory = -1;
	exchange.resource.file = -1;
	return &exchange;
}

enum next_action exchange_serve(struct server *server, struct receive_buffer *received,
                                int64_t deadline)
{
	struct exchange *exchange = exchange_begin(server);
	struct view head;
	struct refusal refusal = read_head(exchange, received, deadline, &head);
	if (refusal.status == 0 && head.length == 0)
		return NEXT_CLOSE;
	/* Before fstat(2) of the file: entity_tag_add compares its times with this one. */
	clock_gettime(CLOCK_REALTIME, &exchange->now);
	struct refusal parsed = request_parse(head, &exchange->request);
	server->requests++;
	if (server->unavailable != NULL)
		refusal = refuse(503, server->unavailable);
	else if (refusal.status == 0)
		refusal = parsed;
	if (refusal.status == 0) {
		exchange->entry.is_robot = is_robot(exchange);
		refusal = find_resource(exchange);
	} else if (server->unavailable == NULL) {
		refusal = open_site_only(exchange, refusal);
	}
	enum next_action next_action = respond(exchange, refusal);
	if (next_action == NEXT_REQUEST) {
		resource_close(&server->site, &exchange->resource);
		receive_buffer_drop(received, head);
	}
	return next_action;
}
