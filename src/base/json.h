/* Escapes any bytes as a string of JSON (RFC 8259 7). Pure. */
#ifndef MAYFLY_BASE_JSON_H
#define MAYFLY_BASE_JSON_H

#include "buffer.h"

enum { JSON_CHARACTER_MAX = 6 };

/*
 * Appends bytes as a string with its quotation marks. Escapes what JSON requires, and replaces bytes that
 * are not UTF-8 (RFC 3629) by U+FFFD. One byte becomes at most JSON_CHARACTER_MAX bytes.
 */
/*@ requires buffer_is_valid(text) && readable(bytes) && is_apart(text, bytes) && bytes.length < INT64_MAX;
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text);
    ensures text->length <= \old(text->length) + JSON_CHARACTER_MAX * bytes.length + 2;
    ensures !text->truncated ==> text->length >= \old(text->length) + 2 &&
      text->data[\old(text->length)] == '"' && text->data[text->length - 1] == '"';
    ensures \forall integer i; \old(text->length) <= i < text->length ==>
      !(0 <= text->data[i] < ' ') && text->data[i] != 127; */
void buffer_add_json(struct buffer *text, struct view bytes);

#endif
