/* Bytes of any origin as text of an HTML page in UTF-8. Pure. */
#ifndef MAYFLY_HTTP_HTML_H
#define MAYFLY_HTTP_HTML_H

#include "text.h"

/*
 * Appends bytes so that they are text, and nothing but text, between tags and in an attribute's
 * double quotes: markup is escaped; what is not UTF-8 (RFC 3629), and characters that HTML does not
 * allow in a document (controls, noncharacters), are shown as U+FFFD. A byte becomes at most
 * HTML_TEXT_MOST bytes.
 */
void text_add_html(struct text *text, struct view bytes);

enum { HTML_TEXT_MOST = 6 };

#endif
