/* Answering with a listing; see respond.h. What it shows is listing.h's, how it looks
 * listing_page.h's. */
#include "listing_page.h"
#include "respond.h"
#include "respond_internal.h"
#include "response.h"

/* The hits of each file, as far as they are to be had: why not, stands in the log. */
static void add_hits(struct exchange *exchange, struct listing *listing)
{
	const struct server *server = exchange->server;
	if (!server->options.list_hits)
		return;
	exchange->entry.reason =
	    server->hits < 0 ? server->hits_error
	                     : listing_read_hits(listing, server->hits, &exchange->resource);
}

/* Of what the response says of the listing, what a 304 says as well (RFC 9110 15.4.5). */
static void begin_listing(struct exchange *exchange, int status, struct view tag)
{
	begin_head(exchange, status);
	exchange->entry.remark = "listing";
	response_field(&exchange->head, "ETag", tag);
	response_field(&exchange->head, "Cache-Control", exchange->server->options.cache_control);
}

static const char *send_pieces(struct exchange *exchange, const struct listing *listing)
{
	struct buffer *page = &exchange->head;
	const struct connection *connection = &exchange->server->connection;
	uint64_t sent_before = connection->sent;
	const char *failure = NULL;
	for (size_t piece = 0; failure == NULL && listing_page_add(listing, piece, page); piece++)
		if (page->capacity - page->length <
		    LISTING_PIECE_MAX) /* behind the last come no more */
			failure = send_head(exchange, piece <= listing->count);
	if (failure == NULL)
		failure = send_head(exchange, false);
	exchange->entry.body_bytes = connection->sent - sent_before;
	return failure;
}

static void send_listing(struct exchange *exchange, const struct listing *listing, struct view tag)
{
	bool has_body = exchange->request.method != METHOD_HEAD;
	begin_listing(exchange, 200, tag);
	response_field(&exchange->head, "Content-Type", VIEW("text/html; charset=utf-8"));
	response_number(&exchange->head, "Content-Length", listing_page_length(listing));
	response_end(&exchange->head);
	const char *failure = send_head(exchange, has_body);
	if (failure == NULL && has_body)
		failure = send_pieces(exchange, listing);
	note_failure(exchange, failure);
}

static void answer_listing(struct exchange *exchange, const struct listing *listing)
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
		note_failure(exchange, send_head(exchange, false));
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
	const char *failure = listing_read(&listing, &exchange->resource);
	if (failure != NULL) {
		respond_refusal(exchange, refuse(500, failure));
		return;
	}
	add_hits(exchange, &listing);
	if (listing.order.key == ORDER_HITS && !listing.shows_hits)
		listing.order.key = ORDER_NAME;
	listing_sort(&listing);
	answer_listing(exchange, &listing);
}
