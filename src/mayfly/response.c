/* Writing heads and error pages; see response.h. */
#include "response.h"
#include "http/date.h"
#include "http/status.h"

void response_field(struct text *head, const char *name, struct view value)
{
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
	text_add(head, VIEW("\r\nDate: "));
	date_format(head, now);
	text_add(head, VIEW("\r\n"));
	response_field(head, "Connection", persist ? VIEW("keep-alive") : VIEW("close"));
	response_field(head, "X-Content-Type-Options", VIEW("nosniff"));
}

void response_end(struct text *head)
{
	text_add(head, VIEW("\r\n"));
}

void response_page(struct text *body, int status)
{
	text_add(body, VIEW("<!DOCTYPE html>\n"
	                    "<html lang=\"en\">\n"
	                    "<meta charset=\"utf-8\">\n"
	                    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	                    "<title>"));
	add_status(body, status);
	text_add(body, VIEW("</title>\n<h1>"));
	add_status(body, status);
	text_add(body, VIEW("</h1>\n<p>"));
	text_add(body, status_explanation(status));
	text_add(body, VIEW("</p>\n</html>\n"));
}
