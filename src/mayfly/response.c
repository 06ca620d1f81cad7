/* Writing heads; see response.h. */
#include "response.h"
#include "http/date.h"
#include "http/status.h"

void response_field(struct text *head, const char *name, struct view value)
{
	if (value.length == 0)
		return;
	text_add_string(head, name);
	text_add(head, VIEW(": "));
	text_add(head, value);
	text_add(head, VIEW("\r\n"));
}

void response_number(struct text *head, const char *name, uint64_t value)
{
	char buffer[20];
	struct text digits = TEXT(buffer);
	text_add_number(&digits, value);
	response_field(head, name, text_view(&digits));
}

void response_date(struct text *head, const char *name, int64_t seconds)
{
	char buffer[32];
	struct text date = TEXT(buffer);
	date_format(&date, seconds);
	response_field(head, name, text_view(&date));
}

void response_extra_field(struct text *head, const struct field *field)
{
	text_add(head, field->name);
	text_add(head, VIEW(": "));
	text_add(head, field->value);
	text_add(head, VIEW("\r\n"));
}

void response_content_range(struct text *head, const struct range *range, uint64_t whole)
{
	char buffer[80];
	struct text value = TEXT(buffer);
	if (range != NULL)
		range_add_content_range(&value, *range, whole);
	else
		range_add_unsatisfied(&value, whole);
	response_field(head, "Content-Range", text_view(&value));
}

static void add_status(struct text *text, int status)
{
	text_add_number(text, (uint64_t)status);
	text_add(text, VIEW(" "));
	text_add(text, status_phrase(status));
}

void response_begin(struct text *head, int status, int64_t now, bool persist)
{
	text_add(head, VIEW("HTTP/1.1 "));
	add_status(head, status);
	text_add(head, VIEW("\r\n"));
	response_date(head, "Date", now);
	response_field(head, "Connection", persist ? VIEW("keep-alive") : VIEW("close"));
	response_field(head, "X-Content-Type-Options", VIEW("nosniff"));
}

void response_end(struct text *head)
{
	text_add(head, VIEW("\r\n"));
}
