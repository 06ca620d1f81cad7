/* Responding with a listing; see respond_listing.h. */
#include "respond_listing.h"
#include "exchange_rules.h"
#include "exchange_send.h"
#include "listing_page.h"
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
	exchange_add_vary(exchange, false);
	exchange_add_cache_control(exchange);
}

static const char *send_pieces(struct exchange *exchange, const struct listing *listing)
{
	struct buffer *page = &exchange->head;
	const struct connection *connection = &exchange->server->connection;
	uint64_t sent_before = connection->sent;
	const char *error = NULL;
	for (size_t piece = 0; error == NULL && listing_page_add(listing, piece, page); piece++)
		if (page->capacity - page->length < LISTING_PIECE_MAX)
			error = exchange_send_head(exchange, piece <= listing->count);
	if (error == NULL)
		error = exchange_send_head(exchange, false);
	exchange->entry.body_bytes = connection->sent - sent_before;
	return error;
}

static void send_listing(struct exchange *exchange, const struct listing *listing, struct view tag)
{
	bool has_body = exchange->request.method != METHOD_HEAD;
	begin_listing(exchange, 200, tag);
	response_field(&exchange->head, "Content-Type", VIEW("text/html; charset=utf-8"));
	response_number(&exchange->head, "Content-Length", listing_page_length(listing));
	response_end(&exchange->head);
	const char *error = exchange_send_head(exchange, has_body);
	if (error == NULL && has_body)
		error = send_pieces(exchange, listing);
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
	listing.shows_hits = listing.is_cut = false;
	listing.count = listing.names_length = 0;
	const char *error = listing_read(&listing, &exchange->resource);
	if (error != NULL) {
		respond_refusal(exchange, refuse(500, error));
		return;
	}
	add_hits(exchange, &listing);
	if (listing.order.key == ORDER_HITS && !listing.shows_hits)
		listing.order.key = ORDER_NAME;
	listing_sort(&listing);
	respond_with_listing(exchange, &listing);
}
