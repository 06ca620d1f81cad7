/* Responding with a listing; see respond_listing.h. */
#include "respond_listing.h"
#include "exchange_rules.h"
#include "exchange_send.h"
#include "listing_json.h"
#include "listing_page.h"
#include "listing_readme.h"
#include "listing_sort.h"
#include "respond.h"
#include "response.h"

/* Adds the hits of each file, or logs why they cannot be read. */
static void add_hits(struct exchange *exchange, struct listing *listing)
{
	const struct server *server = exchange->server;
	if (!server->options.list_hits)
		return;
	exchange->entry.reason =
	    server->hits < 0 ? server->hits_error
	                     : listing_read_hits(listing, server->hits, &exchange->resource);
}

/* Begins a 200 or 304: the fields that a 304 has as well (RFC 9110 15.4.5). */
static void begin_listing(struct exchange *exchange, int status, struct view tag)
{
	exchange_begin_head(exchange, status);
	exchange->entry.remark = "listing";
	response_field(&exchange->head, "ETag", tag);
	exchange_add_vary(exchange, VIEW(""));
	exchange_add_cache_control(exchange, exchange->server->options.cache_control);
}

static bool add_piece(const struct listing *listing, size_t piece, struct buffer *text)
{
	return listing->order.as_json ? listing_json_add(listing, piece, text)
	                              : listing_page_add(listing, piece, text);
}

/* Returns the number of pieces; *length is that of all of them, in bytes. */
static size_t count_pieces(const struct listing *listing, uint64_t *length)
{
	static char buffer[LISTING_PIECE_MAX];
	struct buffer text = BUFFER(buffer);
	size_t count = 0;
	for (*length = 0; add_piece(listing, count, &text); count++) {
		*length += text.length;
		text.length = 0;
	}
	return count;
}

static const char *send_pieces(struct exchange *exchange, const struct listing *listing,
                               size_t count)
{
	struct buffer *text = &exchange->head;
	const struct connection *connection = &exchange->server->connection;
	uint64_t sent_before = connection->sent;
	const char *error = NULL;
	for (size_t piece = 0; error == NULL && piece < count; piece++) {
		(void)add_piece(listing, piece, text);
		bool is_last = piece + 1 == count;
		if (is_last || text->capacity - text->length < LISTING_PIECE_MAX)
			error = exchange_send_head(exchange, !is_last);
	}
	exchange->entry.body_bytes = connection->sent - sent_before;
	return error;
}

static void send_listing(struct exchange *exchange, const struct listing *listing, struct view tag)
{
	bool has_body = exchange->request.method != METHOD_HEAD;
	uint64_t length;
	size_t count = count_pieces(listing, &length);
	begin_listing(exchange, 200, tag);
	response_field(&exchange->head, "Content-Type",
	               listing->order.as_json ? VIEW("application/json")
	                                      : VIEW("text/html; charset=utf-8"));
	if (listing->is_cut)
		response_field(&exchange->head, "X-Listing-Truncated", VIEW("true"));
	response_number(&exchange->head, "Content-Length", length);
	response_end(&exchange->head);
	const char *error = exchange_send_head(exchange, has_body);
	if (error == NULL && has_body)
		error = send_pieces(exchange, listing, count);
	exchange_note_error(exchange, error);
}

static void respond_with_listing(struct exchange *exchange, const struct listing *listing)
{
	char buffer[ENTITY_TAG_MAX];
	struct buffer tag = BUFFER(buffer);
	listing_page_add_tag(listing, &tag);
	struct validators validators = {.tag = buffer_view(&tag)};
	switch (conditions_evaluate(&exchange->request, &validators, exchange->now.tv_sec)) {
	case CONDITIONS_PASS:
		send_listing(exchange, listing, validators.tag);
		break;
	case CONDITIONS_NOT_MODIFIED:
		begin_listing(exchange, 304, validators.tag);
		response_end(&exchange->head);
		exchange_note_error(exchange, exchange_send_head(exchange, false));
		break;
	case CONDITIONS_FAILED:
		respond_refusal(exchange, refuse(412, "precondition-failed"));
		break;
	}
}

void respond_listing(struct exchange *exchange)
{
	static struct listing listing;
	listing.path = exchange->resource.path;
	listing.order = order_parse(exchange->target.query);
	listing.is_variant = exchange->target.query.length > 0;
	listing.shows_hits = listing.is_cut = listing.readme_is_cut = listing.lacks_some = false;
	listing.count = listing.names_length = 0;
	listing.readme_name = listing.readme = VIEW("");
	const char *error = listing_read(&listing, &exchange->resource);
	if (error != NULL) {
		respond_refusal(exchange, refuse(500, error));
		return;
	}
	add_hits(exchange, &listing);
	if (listing.order.key == ORDER_HITS && !listing.shows_hits)
		listing.order.key = ORDER_NAME;
	listing_sort(&listing);
	if (!listing.order.as_json)
		listing_read_readme(&listing, &exchange->resource);
	if (listing.lacks_some && exchange->entry.reason == NULL)
		exchange->entry.reason = "file-open-failed";
	respond_with_listing(exchange, &listing);
}
