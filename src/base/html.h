/* Escapes any bytes as text of an HTML page in UTF-8. Pure. */
#ifndef MAYFLY_BASE_HTML_H
#define MAYFLY_BASE_HTML_H

#include "buffer.h"

enum { HTML_CHARACTER_MAX = 6 };

/*@ // No control byte, and nothing that begins markup or ends an attribute.
    predicate is_in_html(integer c) = !(0 <= c < ' ') && c != 127 && c != '<' && c != '>' && c != '"'; */

/*
 * Appends bytes as plain text, for use between tags and in double-quoted attributes. Escapes
 * markup. Replaces bytes that are not UTF-8 (RFC 3629), and characters that HTML does not allow
 * (controls, noncharacters), by U+FFFD. One byte becomes at most HTML_CHARACTER_MAX bytes.
 */
/*@ requires buffer_is_valid(text) && readable(bytes) && is_apart(text, bytes) && bytes.length < INT64_MAX;
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text);
    ensures text->length <= \old(text->length) + HTML_CHARACTER_MAX * bytes.length;
    ensures \forall integer i; \old(text->length) <= i < text->length ==> is_in_html(text->data[i]); */
void buffer_add_html(struct buffer *text, struct view bytes);

#endif
