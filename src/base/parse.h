/*
 * Reading pieces of text: numbers, words, parts between separators, percent-encoded bytes. Pure:
 * nothing is copied, nothing allocated, and nothing depends on a locale.
 */
#ifndef MAYFLY_BASE_PARSE_H
#define MAYFLY_BASE_PARSE_H

#include "view.h"
#include <stdint.h>

/*
 * Reads a text that is one decimal number: digits only, without sign or white space. Returns false
 * for any other text and for a number outside min..max.
 */
/*@ requires readable(text) && \valid(number);
    assigns *number;
    ensures \result ==> min <= *number <= max && text.length > 0;
    ensures !\result ==> *number == \old(*number); */
bool parse_number(struct view text, uint64_t min, uint64_t max, uint64_t *number);

/*
 * Takes the decimal digits off the front of *rest. Returns whether there were any. *fits is false if
 * they make a larger number than *number can hold.
 */
/*@ requires \valid(rest) && \valid(number) && \valid(fits) && \separated(rest, number, fits);
    requires readable(*rest);
    assigns *rest, *number, *fits;
    ensures readable(*rest) && is_end(*rest, \old(*rest));
    ensures \result <==> rest->length < \old(rest->length);
    ensures !*fits ==> *number == UINT64_MAX;
    ensures rest->length > 0 ==> !('0' <= rest->data[0] <= '9'); */
bool parse_digits(struct view *rest, uint64_t *number, bool *fits);

/* Returns the position of a word in a list of words such as "auto|require|off", or -1. */
/*@ requires readable(word) && readable(choices) && choices.length < INT32_MAX;
    assigns \nothing;
    ensures -1 <= \result <= choices.length; */
int parse_choice(struct view word, struct view choices);

/*
 * Takes the bytes before the first separator off the front of *rest, and the separator itself; all
 * of *rest if there is no separator. Returns whether there was one.
 */
/*@ requires \valid(rest) && \valid(part) && \separated(rest, part) && readable(*rest);
    assigns *rest, *part;
    ensures readable(*rest) && is_end(*rest, \old(*rest));
    ensures readable(*part) && is_within(*part, \old(*rest)) && part->data == \old(rest->data);
    ensures \result ==> part->length + 1 + rest->length == \old(rest->length) && part->data[part->length] == separator;
    ensures !\result ==> part->length == \old(rest->length) && rest->length == 0;
    ensures \forall integer i; 0 <= i < part->length ==> part->data[i] != separator; */
bool parse_cut(struct view *rest, char separator, struct view *part);

/* The same for words that single spaces separate; returns the first word. */
/*@ requires \valid(rest) && readable(*rest);
    assigns *rest;
    ensures readable(*rest) && is_end(*rest, \old(*rest));
    ensures readable(\result) && is_within(\result, \old(*rest)) && \result.length <= \old(rest->length);
    ensures \old(rest->length) > 0 ==> rest->length < \old(rest->length); */
struct view parse_word(struct view *rest);

/* The same for lines that end in LF or CRLF; returns the first line, without its end. */
/*@ requires \valid(rest) && readable(*rest);
    assigns *rest;
    ensures readable(*rest) && is_end(*rest, \old(*rest));
    ensures readable(\result) && is_within(\result, \old(*rest)) && \result.length <= \old(rest->length);
    ensures \old(rest->length) > 0 ==> rest->length < \old(rest->length);
    ensures \forall integer i; 0 <= i < \result.length ==> \result.data[i] != '\n'; */
struct view parse_line(struct view *rest);

/* Takes a prefix off the front of *rest, ignoring the case of ASCII letters. Returns whether *rest
 * began with it. */
/*@ requires \valid(rest) && readable(*rest) && readable(prefix);
    assigns *rest;
    ensures readable(*rest) && is_end(*rest, \old(*rest));
    ensures \result ==> rest->length == \old(rest->length) - prefix.length;
    ensures \result && prefix.length > 0 ==> (\old(rest->data[0]) == '/' <==> prefix.data[0] == '/');
    ensures !\result ==> *rest == \old(*rest); */
bool parse_prefix(struct view *rest, struct view prefix);

/*@ // Each '%' begins an escape (RFC 3986 2.1).
    predicate is_percent_encoded(struct view v) =
      \forall char *p; is_in(p, v) && *p == '%' ==> is_in(p + 2, v) && is_hex_digit(p[1]) && is_hex_digit(p[2]); */

/*
 * Takes the next byte of a percent-encoded text (RFC 3986 2.1) off the front of *rest. Returns the
 * decoded byte; or -1 if it is a '%' that two hexadecimal digits do not follow.
 */
/*@ requires \valid(rest) && readable(*rest) && rest->length > 0;
    assigns *rest;
    ensures -1 <= \result <= 255;
    ensures readable(*rest) && is_end(*rest, \old(*rest));
    ensures \result >= 0 ==> \old(rest->length) - 3 <= rest->length < \old(rest->length);
    ensures \result >= 0 && is_percent_encoded(*rest) ==> is_percent_encoded(\old(*rest));
    ensures \result == -1 ==> *rest == \old(*rest) && !is_percent_encoded(*rest); */
int parse_percent_byte(struct view *rest);

#endif
