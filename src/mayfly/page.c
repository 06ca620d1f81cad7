/* Pages that the handler generates; see page.h. */
#include "page.h"
#include "http/status.h"

void page_begin(struct buffer *page, struct view meta)
{
	/* An empty icon: without it every browser requests one, which starts a process. */
	buffer_add(page, VIEW("<!DOCTYPE html>\n"
	                      "<html lang=\"en\">\n"
	                      "<head>\n"
	                      "<meta charset=\"utf-8\">\n"
	                      "<meta name=\"viewport\" content=\"width=device-width\">\n"
	                      "<link rel=\"icon\" href=\"data:,\">\n"));
	buffer_add(page, meta);
	buffer_add(page, VIEW("<title>"));
}

void page_begin_content(struct buffer *page, struct view style)
{
	buffer_add(
	    page,
	    VIEW("</title>\n"
	         "<style>\n"
	         ":root{color-scheme:light dark;--ink:#1d2b2a;--paper:#f7faf8;--wing:#0b6b60}\n"
	         "@media(prefers-color-scheme:dark)"
	         "{:root{--ink:#e3ece9;--paper:#14201e;--wing:#7fd6c6}}\n"
	         "body{margin:0 auto;max-width:38rem;padding:2rem 1.25rem;"
	         "background:var(--paper);color:var(--ink);font:1.0625rem/1.6 "
	         "system-ui,sans-serif}\n"
	         "h1{margin:0;line-height:1.2;overflow-wrap:anywhere}"
	         "h1,a{color:var(--wing)}\n"));
	buffer_add(page, style);
	buffer_add(page, VIEW("</style>\n</head>\n<body>\n<main>\n"));
}

void page_end(struct buffer *page)
{
	buffer_add(page, VIEW("</main>\n</body>\n</html>\n"));
}

static void add_paragraph(struct buffer *page, struct view words)
{
	if (words.length == 0)
		return;
	buffer_add(page, VIEW("<p>"));
	buffer_add(page, words);
	buffer_add(page, VIEW("</p>\n"));
}

/*
 * Returns the reason code to show, or NULL. The cause of a 404 would reveal links, special files and
 * hosts, and that of a 503 what the owner has misconfigured: both stand only in the log.
 */
static const char *reason_for_client(int status, const char *reason)
{
	if (status == 503)
		return NULL;
	return status == 404 ? "not-found" : reason;
}

void page_add_status(struct buffer *page, int status, const char *reason)
{
	reason = reason_for_client(status, reason);
	page_begin(page, VIEW(""));
	status_add(page, status);
	page_begin_content(page, VIEW(""));
	buffer_add(page, VIEW("<h1>"));
	status_add(page, status);
	buffer_add(page, VIEW("</h1>\n"));
	add_paragraph(page, status_explanation(status));
	add_paragraph(page, status_advice(status));
	if (reason != NULL) {
		buffer_add(page, VIEW("<p>Reason: <code>"));
		buffer_add_string(page, reason);
		buffer_add(page, VIEW("</code></p>\n"));
	}
	page_end(page);
}
