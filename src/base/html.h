/* Escapes any bytes as text of an HTML page in UTF-8. Pure. */
#ifndef MAYFLY_BASE_HTML_H
#define MAYFLY_BASE_HTML_H

#include "buffer.h"

/*
 * Appends bytes as plain text, for use between tags and in double-quoted attributes. Escapes
 * markup. Replaces bytes that are not UTF-8 (RFC 3629), and characters that HTML does not allow
 * (controls, noncharacters), by U+FFFD. One byte becomes at most HTML_CHARACTER_MAX bytes.
 */
void buffer_add_html(struct buffer *text, struct view bytes);

enum { HTML_CHARACTER_MAX = 6 };

#endif
