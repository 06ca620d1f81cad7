/* Writing the head of a response; see response.h. */
#include "response.h"
#include "http/date.h"
#include "http/status.h"

void response_field(struct buffer *head, const char *name, struct view value)
{
	if (value.length == 0)
		return;
	buffer_add_string(head, name);
	buffer_add(head, VIEW(": "));
	buffer_add(head, value);
	buffer_add(head, VIEW("\r\n"));
}

void response_number(struct buffer *head, const char *name, uint64_t value)
{
	char buffer[20];
	struct buffer digits = BUFFER(buffer);
	buffer_add_number(&digits, value);
	response_field(head, name, buffer_view(&digits));
}

void response_date(struct buffer *head, const char *name, int64_t seconds)
{
	char buffer[32];
	struct buffer date = BUFFER(buffer);
	date_format(&date, seconds);
	response_field(head, name, buffer_view(&date));
}

void response_extra_field(struct buffer *head, const struct field *field)
{
	buffer_add(head, field->name);
	buffer_add(head, VIEW(": "));
	buffer_add(head, field->value);
	buffer_add(head, VIEW("\r\n"));
}

void response_content_range(struct buffer *head, const struct range *range, uint64_t whole)
{
	char buffer[80];
	struct buffer value = BUFFER(buffer);
	if (range != NULL)
		range_add_content_range(&value, *range, whole);
	else
		range_add_unsatisfied(&value, whole);
	response_field(head, "Content-Range", buffer_view(&value));
}

void response_begin(struct buffer *head, int status, int64_t now, bool persist)
{
	buffer_add(head, VIEW("HTTP/1.1 "));
	status_add(head, status);
	buffer_add(head, VIEW("\r\n"));
	response_date(head, "Date", now);
	response_field(head, "Connection", persist ? VIEW("keep-alive") : VIEW("close"));
}

void response_end(struct buffer *head)
{
	buffer_add(head, VIEW("\r\n"));
}
