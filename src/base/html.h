/* Bytes of any origin as text of an HTML page in UTF-8. Pure. */
#ifndef MAYFLY_BASE_HTML_H
#define MAYFLY_BASE_HTML_H

#include "buffer.h"

/*
 * Appends bytes so that they are text, and nothing but text, between tags and in an attribute's
 * double quotes: markup is escaped; what is not UTF-8 (RFC 3629), and characters that HTML does not
 * allow in a document (controls, noncharacters), are shown as U+FFFD. A byte becomes at most
 * HTML_CHARACTER_MAX bytes.
 */
void buffer_add_html(struct buffer *text, struct view bytes);

enum { HTML_CHARACTER_MAX = 6 };

#endif
