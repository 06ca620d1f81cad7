/* Answering; see respond.h. Listings are respond_listing.c's. */
#include "respond.h"
#include "counter/add.h"
#include "counter/state.h"
#include "http/media_type.h"
#include "http/range.h"
#include "page.h"
#include "respond_internal.h"
#include "response.h"
#include <sys/syscall.h>
#include <unistd.h>

enum {
	HITS_LOCK_WAIT_MS = 1000, /* for the counter file's lock; mayfly-hits(5), Locking */
	BOUNDARY_LENGTH = 24,
	SMALL_BODY_MAX = 4096, /* bytes: copying more costs more than sendfile does */
	RETRY_AFTER = 60,      /* seconds */
};

void begin_head(struct exchange *exchange, int status)
{
	const struct options *options = &exchange->server->options;
	exchange->entry.status = status;
	exchange->head = BUFFER(exchange->head_buffer);
	response_begin(&exchange->head, status, exchange->now.tv_sec, exchange->persist);
	for (size_t i = 0; i < options->extra_field_count; i++) {
		const struct field *field = &options->extra_fields[i];
		if (status != 304 || field_is_in_not_modified(field->name))
			response_extra_field(&exchange->head, field);
	}
}

void note_failure(struct exchange *exchange, const char *failure)
{
	if (failure == NULL)
		return;
	exchange->persist = false;
	if (exchange->entry.reason == NULL)
		exchange->entry.reason = failure;
}

const char *send_head(struct exchange *exchange, bool more)
{
	const char *failure =
	    connection_send(&exchange->server->connection, buffer_view(&exchange->head), more);
	exchange->head.length = 0;
	return failure;
}

static const char *send_part(struct exchange *exchange, int file, uint64_t offset, uint64_t length)
{
	struct connection *connection = &exchange->server->connection;
	uint64_t sent_before = connection->sent;
	const char *failure = connection_send_file(connection, file, offset, length);
	exchange->entry.body_bytes += connection->sent - sent_before;
	return failure;
}

/*
 * Reads a small body behind the head, so that both leave in one write. Returns how much of it was
 * to be had: why there is no more, send_part will find.
 */
static size_t read_small_body(struct buffer *head, int file, uint64_t offset, uint64_t length)
{
	if (length == 0 || length > SMALL_BODY_MAX || length > head->capacity - head->length)
		return 0;
	ssize_t got = pread(file, head->data + head->length, (size_t)length, (off_t)offset);
	if (got <= 0)
		return 0;
	head->length += (size_t)got;
	return (size_t)got;
}

/* Sends the head and, unless the request was HEAD, length bytes of a file from offset on. */
static void send_file(struct exchange *exchange, int file, uint64_t offset, uint64_t length)
{
	const struct connection *connection = &exchange->server->connection;
	if (exchange->request.method == METHOD_HEAD)
		length = 0;
	response_end(&exchange->head);
	uint64_t body_begins = connection->sent + exchange->head.length;
	size_t taken = read_small_body(&exchange->head, file, offset, length);
	const char *failure = send_head(exchange, taken < length);
	if (connection->sent > body_begins)
		exchange->entry.body_bytes += connection->sent - body_begins;
	if (failure == NULL && taken < length)
		failure = send_part(exchange, file, offset + taken, length - taken);
	note_failure(exchange, failure);
}

/* A body that is the built-in page of the status; behind begin_head and the fields of its own. */
static void send_page(struct exchange *exchange)
{
	char buffer[RESPONSE_PAGE_MAX];
	struct buffer page = BUFFER(buffer);
	page_of_status(&page, exchange->entry.status, exchange->entry.reason);
	response_field(&exchange->head, "Content-Type", VIEW("text/html; charset=utf-8"));
	response_number(&exchange->head, "Content-Length", page.length);
	response_end(&exchange->head);
	if (exchange->request.method != METHOD_HEAD) {
		buffer_add(&exchange->head, buffer_view(&page));
		exchange->entry.body_bytes = page.length;
	}
	note_failure(exchange, send_head(exchange, false));
}

/* The site's own page for a status, open, or -1. */
static int open_own_page(const struct exchange *exchange, int status, struct stat *stat)
{
	switch (status) {
	case 403:
		return resource_open_beside(&exchange->resource, "403.html", stat);
	case 404:
		return resource_open_beside(&exchange->resource, "404.html", stat);
	case 500:
		return resource_open_beside(&exchange->resource, "500.html", stat);
	default:
		return -1;
	}
}

void respond_refusal(struct exchange *exchange, struct refusal refusal)
{
	struct stat stat;
	int page = open_own_page(exchange, refusal.status, &stat);
	exchange->persist = false;
	exchange->entry.reason = refusal.reason;
	begin_head(exchange, refusal.status);
	if (refusal.status == 405)
		response_field(&exchange->head, "Allow", RESPONSE_ALLOW);
	if (refusal.status == 416)
		response_content_range(&exchange->head, NULL, exchange->representation.size);
	if (refusal.status == 503)
		response_number(&exchange->head, "Retry-After", RETRY_AFTER);
	if (page < 0) {
		send_page(exchange);
		return;
	}
	response_field(&exchange->head, "Content-Type", VIEW("text/html; charset=utf-8"));
	response_number(&exchange->head, "Content-Length", (uint64_t)stat.st_size);
	send_file(exchange, page, 0, (uint64_t)stat.st_size);
	close(page);
}

void respond_redirect(struct exchange *exchange)
{
	struct buffer *head = &exchange->head;
	begin_head(exchange, 301);
	buffer_add(head, VIEW("Location: "));
	buffer_add_path(head,
	                exchange->resource.path); /* begins with exactly one slash: no other host */
	buffer_add(head, VIEW("/"));
	if (exchange->target.has_query) {
		buffer_add(head, VIEW("?"));
		buffer_add_query(head, exchange->target.query);
	}
	buffer_add(head, VIEW("\r\n"));
	send_page(exchange);
}

void respond_options(struct exchange *exchange)
{
	begin_head(exchange, 204);
	response_field(&exchange->head, "Allow", RESPONSE_ALLOW);
	response_end(&exchange->head);
	note_failure(exchange, send_head(exchange, false));
}

/* Why the site cannot be served as the owner wants it, a reason code; NULL where it can. */
static const char *unusable(const struct server *server)
{
	if (!site_is_usable(&server->site))
		return "root-unusable";
	if (server->options.hits == NULL)
		return NULL;
	return server->hits < 0 ? server->hits_error : counter_check(server->hits);
}

static void send_health(struct exchange *exchange, const char *reason)
{
	struct view word = reason != NULL ? view_of(reason) : VIEW("ok");
	struct buffer *head = &exchange->head;
	exchange->entry.reason = reason;
	exchange->entry.remark = "health";
	exchange->persist = exchange->persist && reason == NULL;
	begin_head(exchange, reason != NULL ? 503 : 200);
	response_field(head, "Cache-Control", VIEW("no-store"));
	response_field(head, "Content-Type", VIEW("text/plain; charset=utf-8"));
	response_number(head, "Content-Length", word.length + 1);
	response_end(head);
	if (exchange->request.method != METHOD_HEAD) {
		buffer_add(head, word);
		buffer_add(head, VIEW("\n"));
		exchange->entry.body_bytes = word.length + 1;
	}
	note_failure(exchange, send_head(exchange, false));
}

void respond_health(struct exchange *exchange)
{
	send_health(exchange, unusable(exchange->server));
}

/* A hit is a GET that is answered with the resource; counted before the first byte of the response.
 */
static void count_hit(struct exchange *exchange)
{
	const struct server *server = exchange->server;
	struct view path = exchange->resource.hit_path;
	if (exchange->request.method != METHOD_GET || server->options.hits == NULL)
		return;
	if (server->hits < 0) {
		exchange->entry.reason = server->hits_error;
		return;
	}
	struct counter_result result =
	    counter_add(server->hits, path.data, path.length, HITS_LOCK_WAIT_MS);
	exchange->entry.hits = result.count;
	exchange->entry.reason = result.error;
}

/* What tells about the representation in 200, 206 and, as RFC 9110 15.4.5 asks, 304. */
static void add_validators(struct exchange *exchange)
{
	const struct representation *representation = &exchange->representation;
	const struct options *options = &exchange->server->options;
	response_field(&exchange->head, "ETag", representation->validators.tag);
	if (representation->varies)
		response_field(&exchange->head, "Vary", VIEW("Accept-Encoding"));
	response_field(&exchange->head, "Cache-Control", options->cache_control);
}

static void respond_not_modified(struct exchange *exchange)
{
	begin_head(exchange, 304);
	add_validators(exchange);
	response_end(&exchange->head);
	count_hit(exchange);
	note_failure(exchange, send_head(exchange, false));
}

/* The fields of a 200 or 206 but for its Content-Type, Content-Length and Content-Range. */
static void begin_representation(struct exchange *exchange, int status)
{
	const struct representation *representation = &exchange->representation;
	struct buffer *head = &exchange->head;
	begin_head(exchange, status);
	add_validators(exchange);
	if (representation->validators.has_last_modified)
		response_date(head, "Last-Modified", representation->validators.last_modified);
	if (representation->coding.length > 0)
		response_field(head, "Content-Encoding", representation->coding);
	response_field(head, "Accept-Ranges", VIEW("bytes"));
}

static void respond_whole(struct exchange *exchange)
{
	const struct representation *representation = &exchange->representation;
	begin_representation(exchange, 200);
	response_field(&exchange->head, "Content-Type", media_type_of(exchange->resource.path));
	response_number(&exchange->head, "Content-Length", representation->size);
	count_hit(exchange);
	send_file(exchange, representation->file, 0, representation->size);
}

static void respond_range(struct exchange *exchange, struct range range)
{
	const struct representation *representation = &exchange->representation;
	struct buffer *head = &exchange->head;
	begin_representation(exchange, 206);
	response_field(head, "Content-Type", media_type_of(exchange->resource.path));
	response_content_range(head, &range, representation->size);
	response_number(head, "Content-Length", range_length(range));
	count_hit(exchange);
	send_file(exchange, representation->file, range.first, range_length(range));
}

/* Sends each range behind its head, and the end (RFC 9110 14.6). */
static const char *send_parts(struct exchange *exchange, const struct ranges *ranges,
                              struct view boundary)
{
	struct view type = media_type_of(exchange->resource.path);
	const char *failure = NULL;
	for (size_t i = 0; i < ranges->count && failure == NULL; i++) {
		struct range range = ranges->ranges[i];
		ranges_add_part_head(&exchange->head, ranges, i, boundary, type);
		failure = send_head(exchange, true);
		if (failure == NULL)
			failure = send_part(exchange, exchange->representation.file, range.first,
			                    range_length(range));
	}
	if (failure != NULL)
		return failure;
	ranges_add_end(&exchange->head, boundary);
	return send_head(exchange, false);
}

/* Bytes that the parts cannot hold by chance: from the kernel's random numbers, as letters.
 * getrandom() of glibc 2.41 maps memory, which the seccomp filter forbids: make the call itself. */
static struct view make_boundary(char *buffer)
{
	unsigned char random[BOUNDARY_LENGTH];
	if (syscall(SYS_getrandom, random, sizeof random, 0) != (ssize_t)sizeof random)
		memset(random, 0, sizeof random);
	for (size_t i = 0; i < BOUNDARY_LENGTH; i++)
		buffer[i] = (char)('a' + random[i] % 26);
	return (struct view){buffer, BOUNDARY_LENGTH};
}

static void respond_ranges(struct exchange *exchange, const struct ranges *ranges)
{
	char buffer[BOUNDARY_LENGTH];
	struct view boundary = make_boundary(buffer);
	struct view type = media_type_of(exchange->resource.path);
	struct buffer *head = &exchange->head;
	begin_representation(exchange, 206);
	buffer_add(head, VIEW("Content-Type: "));
	ranges_add_multipart_type(head, boundary);
	buffer_add(head, VIEW("\r\n"));
	response_number(head, "Content-Length", ranges_multipart_length(ranges, boundary, type));
	response_end(head);
	count_hit(exchange);
	note_failure(exchange, send_parts(exchange, ranges, boundary));
}

/*
 * What a GET asks for of the representation; a Range means nothing to HEAD (RFC 9110 14.2). Several
 * ranges of coded bytes are answered with the whole: Content-Encoding would speak of the multipart
 * body.
 */
static enum ranges_outcome choose_ranges(const struct exchange *exchange, struct ranges *ranges)
{
	const struct representation *representation = &exchange->representation;
	struct view value;
	if (!range_applies(&exchange->request, &representation->validators, exchange->now.tv_sec,
	                   &value))
		return RANGES_IGNORED;
	enum ranges_outcome next_action = ranges_parse(value, representation->size, ranges);
	bool coded_parts = next_action == RANGES_SATISFIABLE && ranges->count > 1 &&
	                   representation->coding.length > 0;
	return coded_parts ? RANGES_IGNORED : next_action;
}

static void respond_selected(struct exchange *exchange)
{
	struct ranges ranges;
	switch (choose_ranges(exchange, &ranges)) {
	case RANGES_UNSATISFIABLE:
		respond_refusal(exchange, refuse(416, "range-unsatisfiable"));
		return;
	case RANGES_SATISFIABLE:
		if (ranges.count == 1)
			respond_range(exchange, ranges.ranges[0]);
		else
			respond_ranges(exchange, &ranges);
		return;
	case RANGES_IGNORED:
		respond_whole(exchange);
		return;
	}
}

void respond_resource(struct exchange *exchange)
{
	struct representation *representation = &exchange->representation;
	representation_choose(&exchange->resource, &exchange->request, exchange->now,
	                      representation);
	switch (conditions_evaluate(&exchange->request, &representation->validators,
	                            exchange->now.tv_sec)) {
	case CONDITIONS_PASS:
		respond_selected(exchange);
		break;
	case CONDITIONS_NOT_MODIFIED:
		respond_not_modified(exchange);
		break;
	case CONDITIONS_FAILED:
		respond_refusal(exchange, refuse(412, "precondition-failed"));
		break;
	}
	representation_close(&exchange->resource, representation);
}
