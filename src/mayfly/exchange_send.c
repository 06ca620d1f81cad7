/* Sending the response of an exchange; see exchange_send.h. */
#include "exchange_send.h"
#include "counter/file.h"
#include "exchange_rules.h"
#include "http/html_charset.h"
#include "page.h"
#include "response.h"
#include <unistd.h>

enum {
	SMALL_BODY_MAX = 4096, /* bytes; for more, sendfile costs less than a copy */
	HTML_BODY_MAX =
	    32768, /* bytes; the same, if the beginning is read for its charset anyway */
};

/* Whether the functions that respond with a resource or a listing add the field. */
static bool is_added_elsewhere(struct view name)
{
	return view_equal_nocase(name, VIEW("content-type")) ||
	       view_equal_nocase(name, VIEW("cache-control")) ||
	       view_equal_nocase(name, VIEW("vary"));
}

static bool describes_resource(int status)
{
	return status == 200 || status == 206 || status == 304;
}

/* RFC 9110 15.4.5: a 304 leaves out what describes the representation. */
static bool is_not_in_304(struct view name)
{
	return is_added_elsewhere(name) || !field_is_in_not_modified(name);
}

void exchange_begin_head(struct exchange *exchange, int status)
{
	const struct options *options = &exchange->server->options;
	const struct header_rules *rules = exchange_read_header_rules(exchange);
	struct buffer *head = &exchange->head;
	exchange->header_rules = rules;
	exchange->entry.status = status;
	*head = BUFFER(exchange->head_buffer);
	response_begin(head, status, exchange->now.tv_sec, exchange->persist);
	if (!header_rules_mention(rules, VIEW("X-Content-Type-Options")))
		response_field(head, "X-Content-Type-Options", VIEW("nosniff"));
	for (size_t i = 0; i < options->extra_field_count; i++) {
		const struct field *field = &options->extra_fields[i];
		if ((status != 304 || field_is_in_not_modified(field->name)) &&
		    !header_rules_mention(rules, field->name))
			response_extra_field(head, field);
	}
	header_rules_add_fields(rules, status == 304 ? is_not_in_304 : is_added_elsewhere, head);
	if (!describes_resource(status))
		exchange_add_vary(exchange, VIEW(""));
}

const char *exchange_send_head(struct exchange *exchange, bool more)
{
	const char *error =
	    connection_send(&exchange->server->connection, buffer_view(&exchange->head), more);
	exchange->head.length = 0;
	return error;
}

const char *exchange_send_part(struct exchange *exchange, int file, uint64_t offset,
                               uint64_t length)
{
	struct connection *connection = &exchange->server->connection;
	uint64_t sent_before = connection->sent;
	const char *error = connection_send_file(connection, file, offset, length);
	exchange->entry.body_bytes += connection->sent - sent_before;
	return error;
}

/*
 * Appends a body of at most `max` bytes to the head, so that one call sends both. Returns how many bytes
 * it could read: exchange_send_part reads the rest, and reports why it cannot.
 */
static size_t read_small_body(struct buffer *head, int file, uint64_t offset, uint64_t length,
                              size_t max)
{
	if (length == 0 || length > max || length > head->capacity - head->length)
		return 0;
	ssize_t got = pread(file, head->data + head->length, (size_t)length, (off_t)offset);
	if (got <= 0)
		return 0;
	head->length += (size_t)got;
	return (size_t)got;
}

static bool is_utf8_html(struct view media_type)
{
	return view_equal(media_type, VIEW("text/html; charset=utf-8"));
}

void exchange_add_media_type(struct exchange *exchange, struct view media_type, int file)
{
	response_field(&exchange->head, "Content-Type", media_type);
	exchange->charset_file = file;
	exchange->charset_end =
	    is_utf8_html(media_type) ? exchange->head.length - VIEW("\r\n").length : 0;
}

bool exchange_charset_differs(struct view media_type, int file)
{
	char start[HTML_CHARSET_BYTES];
	if (!is_utf8_html(media_type))
		return false;
	ssize_t length = counter_read(file, start, sizeof start, 0);
	return length < 0 ||
	       (length > 0 && html_declares_charset((struct view){start, (size_t)length}));
}

/*
 * Removes the charset from the head if the HTML file declares another one. `start`: the first bytes of
 * the file, if they have been read. Returns how many bytes it has removed.
 */
static size_t settle_charset(struct exchange *exchange, struct view start)
{
	struct buffer *head = &exchange->head;
	size_t end = exchange->charset_end, removed = VIEW("; charset=utf-8").length;
	if (start.length > HTML_CHARSET_BYTES)
		start.length = HTML_CHARSET_BYTES;
	bool differs = start.length > 0 ? html_declares_charset(start)
	                                : exchange_charset_differs(VIEW("text/html; charset=utf-8"),
	                                                           exchange->charset_file);
	if (!differs)
		return 0;
	memmove(head->data + end - removed, head->data + end, head->length - end);
	head->length -= removed;
	return removed;
}

void exchange_send_file(struct exchange *exchange, int file, uint64_t offset, uint64_t length)
{
	const struct connection *connection = &exchange->server->connection;
	if (exchange->request.method == METHOD_HEAD)
		length = 0;
	response_end(&exchange->head);
	size_t head_length = exchange->head.length;
	bool is_prescanned =
	    exchange->charset_end > 0 && offset == 0 && file == exchange->charset_file;
	size_t taken = read_small_body(&exchange->head, file, offset, length,
	                               is_prescanned ? HTML_BODY_MAX : SMALL_BODY_MAX);
	bool has_start = offset == 0 && taken == length && file == exchange->charset_file &&
	                 (exchange->entry.status != 206 || taken >= HTML_CHARSET_BYTES);
	if (exchange->charset_end > 0)
		head_length -= settle_charset(
		    exchange,
		    has_start ? (struct view){exchange->head.data + head_length, taken} : VIEW(""));
	uint64_t body_begins = connection->sent + head_length;
	const char *error = exchange_send_head(exchange, taken < length);
	if (connection->sent > body_begins)
		exchange->entry.body_bytes += connection->sent - body_begins;
	if (error == NULL && taken < length)
		error = exchange_send_part(exchange, file, offset + taken, length - taken);
	exchange_note_error(exchange, error);
}

void exchange_send_page(struct exchange *exchange)
{
	char buffer[RESPONSE_PAGE_MAX];
	struct buffer page = BUFFER(buffer);
	page_add_status(&page, exchange->entry.status, exchange->entry.reason);
	response_field(&exchange->head, "Content-Type", VIEW("text/html; charset=utf-8"));
	response_number(&exchange->head, "Content-Length", page.length);
	response_end(&exchange->head);
	if (exchange->request.method != METHOD_HEAD) {
		buffer_add(&exchange->head, buffer_view(&page));
		exchange->entry.body_bytes = page.length;
	}
	exchange_note_error(exchange, exchange_send_head(exchange, false));
}

void exchange_note_error(struct exchange *exchange, const char *error)
{
	if (error == NULL)
		return;
	exchange->persist = false;
	if (exchange->entry.reason == NULL)
		exchange->entry.reason = error;
}
