/*
 * The story of a request: read head, parse, target, resource, count, respond, log. See exchange.h.
 * What a response says stands in response.c, what becomes of its bytes in connection.c.
 */
#include "exchange.h"
#include "clock.h"
#include "hits/hits.h"
#include "http/date.h"
#include "http/media_type.h"
#include "response.h"
#include <errno.h>

enum {
	HEAD_MAX =
	    4096 + 3 * TARGET_PATH_MAX + 3 * REQUEST_LINE_MAX, /* a Location may be all encoded */
	PAGE_MAX = 1024,
	HITS_LOCK_WAIT_MS = 5000,
};

struct exchange {
	struct server *server;
	struct request request;
	struct target target;
	struct resource resource;
	struct log_entry entry;
	struct timespec now;
	int64_t started; /* microseconds of clock_now_us */
	bool persist;
	struct text head;
	char head_buffer[HEAD_MAX + PAGE_MAX];
};

/* Whether what has come is too long already, though its end has not. */
static struct refusal check_length(struct view received)
{
	size_t line_most = received.length < REQUEST_LINE_MAX ? received.length : REQUEST_LINE_MAX;
	if (line_most == REQUEST_LINE_MAX && memchr(received.at, '\n', line_most) == NULL)
		return refuse(414, "request-line-too-long");
	if (received.length == REQUEST_HEAD_MAX)
		return refuse(431, "head-too-long");
	return ACCEPTED;
}

/* What to answer when no more comes, or not in time, though the head is not whole. */
static struct refusal refusal_of_silence(bool too_late, bool something_came)
{
	if (too_late)
		return refuse(408, "head-too-slow");
	return something_came ? refuse(400, "head-incomplete") : ACCEPTED;
}

/*
 * Reads until the head is whole. *head is empty, without a refusal, where the client left without a
 * word.
 */
static struct refusal read_head(struct exchange *exchange, struct inbox *inbox, int64_t deadline,
                                struct view *head)
{
	size_t seen = 0;
	*head = VIEW("");
	for (;;) {
		struct view received = {inbox->bytes, inbox->length};
		size_t skip = request_leading_empty_lines(received);
		struct view rest = view_from(received, skip);
		size_t length = request_head_length(rest, seen > skip ? seen - skip : 0);
		if (length > 0) {
			*head = (struct view){rest.at, length};
			return ACCEPTED;
		}
		struct refusal refusal = check_length(received);
		if (refusal.status != 0)
			return refusal;
		seen = inbox->length;
		ssize_t got = connection_receive(&exchange->server->connection, inbox->bytes + seen,
		                                 sizeof inbox->bytes - seen, deadline);
		if (got <= 0)
			return refusal_of_silence(got < 0 && errno == ETIMEDOUT, rest.length > 0);
		if (seen == 0)
			exchange->started = clock_now_us();
		inbox->length += (size_t)got;
	}
}

/* Takes the head, and the empty lines before it, off the front of the inbox. */
static void drop_head(struct inbox *inbox, struct view head)
{
	size_t used = (size_t)(head.at - inbox->bytes) + head.length;
	inbox->length -= used;
	memmove(inbox->bytes, inbox->bytes + used, inbox->length);
}

static void begin_head(struct exchange *exchange, int status)
{
	exchange->entry.status = status;
	exchange->head = TEXT(exchange->head_buffer);
	response_begin(&exchange->head, status, exchange->now.tv_sec, exchange->persist);
}

/* Sends what stands in the head, and behind it length bytes of the resource's file from offset on.
 */
static void send_response(struct exchange *exchange, uint64_t offset, uint64_t length)
{
	struct connection *connection = &exchange->server->connection;
	const char *failure = connection_send(connection, text_view(&exchange->head), length > 0);
	if (failure == NULL && length > 0) {
		uint64_t sent_before = connection->sent;
		failure = connection_send_file(connection, exchange->resource.file, offset, length);
		exchange->entry.body_bytes = connection->sent - sent_before;
	}
	if (failure == NULL)
		return;
	exchange->persist = false;
	if (exchange->entry.reason == NULL)
		exchange->entry.reason = failure;
}

/* A response whose body is the page of its status; behind begin_head and the fields of its own. */
static void respond_with_page(struct exchange *exchange)
{
	char buffer[PAGE_MAX];
	struct text page = TEXT(buffer);
	response_page(&page, exchange->entry.status);
	response_field(&exchange->head, "Content-Type", VIEW("text/html; charset=utf-8"));
	response_number(&exchange->head, "Content-Length", page.length);
	response_end(&exchange->head);
	if (exchange->request.method != METHOD_HEAD) {
		text_add(&exchange->head, text_view(&page));
		exchange->entry.body_bytes = page.length;
	}
	send_response(exchange, 0, 0);
}

static void respond_refusal(struct exchange *exchange, struct refusal refusal)
{
	exchange->persist = false;
	exchange->entry.reason = refusal.reason;
	begin_head(exchange, refusal.status);
	if (refusal.status == 405)
		response_field(&exchange->head, "Allow", VIEW("GET, HEAD"));
	respond_with_page(exchange);
}

/* A directory named without its slash; the path begins with exactly one, so it stays on the site.
 */
static void respond_redirect(struct exchange *exchange)
{
	struct text *head = &exchange->head;
	begin_head(exchange, 301);
	text_add(head, VIEW("Location: "));
	text_add_path(head, exchange->resource.path);
	text_add(head, VIEW("/"));
	if (exchange->target.has_query) {
		text_add(head, VIEW("?"));
		text_add_query(head, exchange->target.query);
	}
	text_add(head, VIEW("\r\n"));
	respond_with_page(exchange);
}

/* A hit is a GET that is answered with the resource; counted before the first byte of the response.
 */
static void count_hit(struct exchange *exchange)
{
	const struct server *server = exchange->server;
	struct view path = exchange->resource.path;
	if (exchange->request.method != METHOD_GET || server->options.hits == NULL)
		return;
	if (server->hits < 0) {
		exchange->entry.reason = server->hits_loss;
		return;
	}
	struct hits_result result = hits_add(server->hits, path.at, path.length, HITS_LOCK_WAIT_MS);
	exchange->entry.hits = result.count;
	exchange->entry.reason = result.loss;
}

static void respond_file(struct exchange *exchange)
{
	uint64_t size = (uint64_t)exchange->resource.stat.st_size;
	begin_head(exchange, 200);
	response_field(&exchange->head, "Content-Type", media_type_of(exchange->resource.path));
	response_number(&exchange->head, "Content-Length", size);
	response_end(&exchange->head);
	count_hit(exchange);
	send_response(exchange, 0, exchange->request.method == METHOD_GET ? size : 0);
}

static struct refusal check_method(const struct request *request)
{
	if (request->method == METHOD_GET || request->method == METHOD_HEAD)
		return ACCEPTED;
	return refuse(405, "method-not-allowed");
}

/* From a whole head to a resource. */
static struct refusal find_resource(struct exchange *exchange, struct view head)
{
	struct refusal refusal = request_parse(head, &exchange->request);
	if (refusal.status != 0)
		return refusal;
	refusal = check_method(&exchange->request);
	if (refusal.status != 0)
		return refusal;
	refusal = target_parse(exchange->request.target, &exchange->target);
	if (refusal.status != 0)
		return refusal;
	return resource_open(&exchange->server->site, &exchange->target, &exchange->resource);
}

static bool wants_persistence(const struct exchange *exchange)
{
	return exchange->server->options.keep_alive > 0 &&
	       request_wants_persistence(&exchange->request) &&
	       !request_has_body(&exchange->request);
}

static struct view field_value(const struct request *request, struct view name)
{
	const struct field *field = request_field(request, name, NULL);
	return field != NULL ? field->value : VIEW("");
}

static void write_log(struct exchange *exchange)
{
	struct log_entry *entry = &exchange->entry;
	const struct request *request = &exchange->request;
	entry->method = request->method_name;
	entry->target = request->target;
	entry->path =
	    entry->status < 400 ? exchange->resource.path : target_path(&exchange->target);
	entry->referer = field_value(request, VIEW("referer"));
	entry->user_agent = field_value(request, VIEW("user-agent"));
	entry->duration_us = clock_now_us() - exchange->started;
	access_log_write(&exchange->server->log, &exchange->server->peer, entry);
}

static enum outcome respond(struct exchange *exchange, struct refusal refusal)
{
	clock_gettime(CLOCK_REALTIME, &exchange->now);
	exchange->persist = refusal.status == 0 && wants_persistence(exchange);
	if (refusal.status != 0)
		respond_refusal(exchange, refusal);
	else if (exchange->resource.is_directory)
		respond_redirect(exchange);
	else
		respond_file(exchange);
	write_log(exchange);
	if (exchange->persist)
		return OUTCOME_NEXT;
	return refusal.status != 0 || request_has_body(&exchange->request) ? OUTCOME_DRAIN
	                                                                   : OUTCOME_CLOSE;
}

enum outcome exchange_serve(struct server *server, struct inbox *inbox, int64_t deadline)
{
	/* Made anew but for the buffer: nothing of one request can leak into the next. Not on the
	 * stack, whose every page would be touched. */
	static struct exchange exchange;
	struct view head;
	memset(&exchange, 0, offsetof(struct exchange, head_buffer));
	exchange.server = server;
	exchange.started = clock_now_us();
	exchange.resource.file = -1;
	struct refusal refusal = read_head(&exchange, inbox, deadline, &head);
	if (refusal.status == 0 && head.length == 0)
		return OUTCOME_CLOSE;
	if (refusal.status == 0)
		refusal = find_resource(&exchange, head);
	enum outcome outcome = respond(&exchange, refusal);
	resource_close(&exchange.resource);
	if (outcome == OUTCOME_NEXT)
		drop_head(inbox, head);
	return outcome;
}
