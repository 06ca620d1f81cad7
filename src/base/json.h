/* Escapes any bytes as a string of JSON (RFC 8259 7). Pure. */
#ifndef MAYFLY_BASE_JSON_H
#define MAYFLY_BASE_JSON_H

#include "buffer.h"

/*
 * Appends bytes as a string with its quotation marks. Escapes what JSON requires, and replaces bytes that
 * are not UTF-8 (RFC 3629) by U+FFFD. One byte becomes at most JSON_CHARACTER_MAX bytes.
 */
void buffer_add_json(struct buffer *text, struct view bytes);

enum { JSON_CHARACTER_MAX = 6 };

#endif
