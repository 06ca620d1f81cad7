/* Responding to a request; see respond.h. */
#include "respond.h"
#include "counter/add.h"
#include "counter/state.h"
#include "exchange_rules.h"
#include "exchange_send.h"
#include "http/encoding.h"
#include "http/hit.h"
#include "http/host.h"
#include "http/media_type.h"
#include "response.h"
#include <sys/syscall.h>
#include <unistd.h>

enum {
	HITS_LOCK_WAIT_MS = 1000, /* for the counter file's lock; mayfly-hits(5), Locking */
	BOUNDARY_LENGTH = 24,     /* letters */
	RETRY_AFTER = 60,         /* seconds */
};

/* Opens the site's own page for a status. Returns its descriptor, or -1 if there is none. */
static int open_error_page(const struct exchange *exchange, int status, struct stat *stat)
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

/* Whether a rule of _redirects serves its target with the status, and it could be opened. */
static bool is_served_by_rule(const struct exchange *exchange, int status)
{
	return exchange->rule.status == status && exchange->resource.file >= 0;
}

void respond_refusal(struct exchange *exchange, struct refusal refusal)
{
	struct stat stat;
	bool is_rule = is_served_by_rule(exchange, refusal.status);
	int page =
	    is_rule ? exchange->resource.file : open_error_page(exchange, refusal.status, &stat);
	if (is_rule)
		stat = exchange->resource.stat;
	exchange->persist = false;
	exchange->entry.reason = refusal.reason;
	exchange_begin_head(exchange, refusal.status);
	if (refusal.status == 405)
		response_field(&exchange->head, "Allow", RESPONSE_ALLOW);
	if (refusal.status == 416)
		response_content_range(&exchange->head, NULL, exchange->representation.size);
	if (refusal.status == 503)
		response_number(&exchange->head, "Retry-After", RETRY_AFTER);
	if (page < 0) {
		exchange_send_page(exchange);
		return;
	}
	exchange->representation.media_type = VIEW("text/html; charset=utf-8");
	if (is_rule)
		representation_find_media_type(&exchange->resource, &exchange->representation);
	if (is_rule && media_type_is_of_gzip(exchange->resource.path))
		response_field(&exchange->head, "Content-Encoding", coding_name(CODING_GZIP));
	exchange_add_media_type(exchange, exchange->representation.media_type, page);
	response_number(&exchange->head, "Content-Length", (uint64_t)stat.st_size);
	exchange_send_file(exchange, page, 0, (uint64_t)stat.st_size);
	if (!is_rule)
		close(page);
}

/* Ends a Location that has its path. */
static void end_location(struct exchange *exchange)
{
	struct buffer *head = &exchange->head;
	if (exchange->target.has_query) {
		buffer_add(head, VIEW("?"));
		buffer_add_query(head, exchange->target.query);
	}
	buffer_add(head, VIEW("\r\n"));
}

void respond_https(struct exchange *exchange)
{
	struct buffer *head = &exchange->head;
	exchange->entry.remark = "https-redirect";
	exchange_begin_head(exchange, 301);
	buffer_add(head, VIEW("Location: https://"));
	buffer_add(head, host_without_port(exchange_host(exchange)));
	buffer_add_path(head, target_path(&exchange->target));
	end_location(exchange);
	exchange_send_page(exchange);
}

void respond_redirect(struct exchange *exchange)
{
	struct buffer *head = &exchange->head;
	struct view path = target_path(&exchange->target);
	path.length -= exchange->resource.has_slash_too_many;
	exchange_begin_head(exchange, 301);
	buffer_add(head, VIEW("Location: "));
	/* The path begins with exactly one slash, so it cannot name another host. */
	buffer_add_path(head, path);
	buffer_add(head, exchange->resource.has_slash_too_many ? VIEW("") : VIEW("/"));
	end_location(exchange);
	exchange_send_page(exchange);
}

void respond_rule(struct exchange *exchange)
{
	exchange_begin_head(exchange, exchange->rule.status);
	response_field(&exchange->head, "Location", exchange->rule.to);
	exchange_send_page(exchange);
}

void respond_options(struct exchange *exchange)
{
	exchange_begin_head(exchange, 204);
	response_field(&exchange->head, "Allow", RESPONSE_ALLOW);
	response_end(&exchange->head);
	exchange_note_error(exchange, exchange_send_head(exchange, false));
}

static const char *check_counter(int file, const char *error_of_open)
{
	return file < 0 ? error_of_open : counter_check(file);
}

/* Returns NULL, or the reason code if files cannot be served, or their hits not be counted. */
static const char *check_health(const struct server *server)
{
	if (!site_is_usable(&server->site))
		return "root-unusable";
	const char *error = NULL;
	if (server->options.hits != NULL)
		error = check_counter(server->hits, server->hits_error);
	if (error == NULL && server->options.robots != NULL)
		error = check_counter(server->robots, server->robots_error);
	return error;
}

/* Anyone may ask: why the site is unhealthy stands only in the log. */
static void send_health(struct exchange *exchange, const char *reason)
{
	struct view word = reason != NULL ? VIEW("unavailable") : VIEW("ok");
	struct buffer *head = &exchange->head;
	exchange->entry.reason = reason;
	exchange->entry.remark = "health";
	exchange->persist = exchange->persist && reason == NULL;
	exchange_begin_head(exchange, reason != NULL ? 503 : 200);
	response_field(head, "Cache-Control", VIEW("no-store"));
	response_field(head, "Content-Type", VIEW("text/plain; charset=utf-8"));
	response_number(head, "Content-Length", word.length + 1);
	response_end(head);
	if (exchange->request.method != METHOD_HEAD) {
		buffer_add(head, word);
		buffer_add(head, VIEW("\n"));
		exchange->entry.body_bytes = word.length + 1;
	}
	exchange_note_error(exchange, exchange_send_head(exchange, false));
}

void respond_health(struct exchange *exchange)
{
	send_health(exchange, check_health(exchange->server));
}

/* Whether it is the response to a challenge of a certificate authority (RFC 8555 8.3), not a page. */
static bool is_challenge(struct view path)
{
	return view_begins_with(path, VIEW("/.well-known/acme-challenge/"));
}

/*
 * Counts a GET, unless it is a prefetch, in the counter file of people or of robots. Called before the first byte of the response is sent: a client
 * that has seen a response is counted.
 */
static void count_hit(struct exchange *exchange)
{
	const struct server *server = exchange->server;
	struct view path = exchange->resource.hit_path;
	if (exchange->request.method != METHOD_GET || server->options.hits == NULL ||
	    is_challenge(path))
		return;
	if (hit_is_prefetch(&exchange->request)) {
		exchange->entry.remark = "prefetch";
		return;
	}
	bool is_robot = exchange->entry.is_robot;
	int file = is_robot ? server->robots : server->hits;
	if (file < 0) {
		exchange->entry.reason = is_robot ? server->robots_error : server->hits_error;
		return;
	}
	struct counter_result result = counter_add(file, path.data, path.length, HITS_LOCK_WAIT_MS);
	exchange->entry.hits = result.count;
	exchange->entry.reason = result.error;
	if (is_robot && exchange->entry.remark == NULL)
		exchange->entry.remark = "robot";
}

/* Adds the fields about the representation that a 304 has as well (RFC 9110 15.4.5). */
static void add_validators(struct exchange *exchange)
{
	const struct representation *representation = &exchange->representation;
	response_field(&exchange->head, "ETag", representation->validators.tag);
	exchange_add_vary(exchange, representation->varies ? VIEW("Accept-Encoding") : VIEW(""));
	exchange_add_cache_control(exchange, exchange->server->options.cache_control);
}

/*
 * Decides which ranges of the representation to send; a HEAD has none (RFC 9110 14.2). Several
 * ranges of a precompressed file are ignored: Content-Encoding would describe the multipart body.
 */
static enum ranges_outcome choose_ranges(const struct exchange *exchange, struct ranges *ranges)
{
	const struct representation *representation = &exchange->representation;
	struct view value;
	if (!range_applies(&exchange->request, &representation->validators, exchange->now.tv_sec,
	                   &value))
		return RANGES_IGNORED;
	enum ranges_outcome outcome = ranges_parse(value, representation->size, ranges);
	bool coded_parts =
	    outcome == RANGES_SATISFIABLE && ranges->count > 1 && representation->coding.length > 0;
	return coded_parts ? RANGES_IGNORED : outcome;
}

/*
 * Whether a 304 is a hit: not if the request has a range that is none as a 206. A browser validates so
 * the parts of a video that it has stored.
 */
static bool validation_is_hit(const struct exchange *exchange)
{
	struct ranges ranges;
	switch (choose_ranges(exchange, &ranges)) {
	case RANGES_SATISFIABLE:
		return hit_begins_with(ranges.ranges[0]);
	case RANGES_UNSATISFIABLE:
		return false;
	case RANGES_IGNORED:
		return true;
	}
	return true;
}

static void respond_not_modified(struct exchange *exchange)
{
	exchange_begin_head(exchange, 304);
	add_validators(exchange);
	/* A cache that has stored another type takes this one. */
	response_field(&exchange->head, "Content-Type", exchange_own_media_type(exchange));
	response_end(&exchange->head);
	if (validation_is_hit(exchange))
		count_hit(exchange);
	exchange_note_error(exchange, exchange_send_head(exchange, false));
}

/* Begins a 200 or 206: all fields except Content-Type, Content-Length and Content-Range. */
static void begin_representation(struct exchange *exchange, int status)
{
	struct representation *representation = &exchange->representation;
	struct buffer *head = &exchange->head;
	exchange_begin_head(exchange, status);
	representation->media_type = exchange_own_media_type(exchange);
	if (representation->media_type.length == 0)
		representation_find_media_type(&exchange->resource, representation);
	add_validators(exchange);
	if (representation->validators.has_last_modified)
		response_date(head, "Last-Modified", representation->validators.last_modified);
	if (representation->coding.length > 0)
		response_field(head, "Content-Encoding", representation->coding);
	response_field(head, "Accept-Ranges", VIEW("bytes"));
}

/* Adds Content-Type. The charset of the rules is the owner's, that of the server depends on the file. */
static void add_media_type(struct exchange *exchange)
{
	struct view own = exchange_own_media_type(exchange);
	if (own.length > 0)
		response_field(&exchange->head, "Content-Type", own);
	else
		exchange_add_media_type(exchange, exchange->representation.media_type,
		                        exchange->resource.file);
}

static void respond_whole(struct exchange *exchange)
{
	const struct representation *representation = &exchange->representation;
	begin_representation(exchange, 200);
	add_media_type(exchange);
	response_number(&exchange->head, "Content-Length", representation->size);
	count_hit(exchange);
	exchange_send_file(exchange, representation->file, 0, representation->size);
}

static void respond_range(struct exchange *exchange, struct range range)
{
	const struct representation *representation = &exchange->representation;
	struct buffer *head = &exchange->head;
	begin_representation(exchange, 206);
	add_media_type(exchange);
	response_content_range(head, &range, representation->size);
	response_number(head, "Content-Length", range_length(range));
	if (hit_begins_with(range))
		count_hit(exchange);
	exchange_send_file(exchange, representation->file, range.first, range_length(range));
}

/* Sends each range after its part header, then the end of the multipart body (RFC 9110 14.6). */
static const char *send_parts(struct exchange *exchange, const struct ranges *ranges,
                              struct view boundary)
{
	struct view type = exchange->representation.media_type;
	const char *error = NULL;
	for (size_t i = 0; i < ranges->count && error == NULL; i++) {
		struct range range = ranges->ranges[i];
		ranges_add_part_head(&exchange->head, ranges, i, boundary, type);
		error = exchange_send_head(exchange, true);
		if (error == NULL)
			error = exchange_send_part(exchange, exchange->representation.file,
			                           range.first, range_length(range));
	}
	if (error != NULL)
		return error;
	ranges_add_end(&exchange->head, boundary);
	return exchange_send_head(exchange, false);
}

/*
 * Makes a boundary of random letters, which no part contains by chance. Makes the system call
 * itself: getrandom() of glibc 2.41 maps memory, which the seccomp filter forbids.
 */
static struct view make_boundary(char buffer[BOUNDARY_LENGTH])
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
	struct buffer *head = &exchange->head;
	begin_representation(exchange, 206);
	if (exchange_own_media_type(exchange).length == 0 &&
	    exchange_charset_differs(exchange->representation.media_type, exchange->resource.file))
		exchange->representation.media_type = VIEW("text/html");
	struct view type = exchange->representation.media_type;
	buffer_add(head, VIEW("Content-Type: "));
	ranges_add_multipart_type(head, boundary);
	buffer_add(head, VIEW("\r\n"));
	response_number(head, "Content-Length", ranges_multipart_length(ranges, boundary, type));
	response_end(head);
	if (hit_begins_with(ranges->ranges[0]))
		count_hit(exchange);
	exchange_note_error(exchange, send_parts(exchange, ranges, boundary));
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
