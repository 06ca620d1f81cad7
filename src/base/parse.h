/*
 * Reading pieces of text: numbers, words, parts between separators, percent-encoded bytes. Pure:
 * nothing is copied, nothing allocated, and nothing depends on a locale.
 */
#ifndef MAYFLY_BASE_PARSE_H
#define MAYFLY_BASE_PARSE_H

#include "view.h"
#include <stdint.h>

/*
 * Reads a text that is one decimal number: digits only, without sign or white space. Returns false,
 * with *number unchanged, for any other text and for a number outside min..max.
 */
bool parse_number(struct view text, uint64_t min, uint64_t max, uint64_t *number);

/*
 * Takes the decimal digits at the front of *rest. Returns whether there were any. *fits is false,
 * and *number is UINT64_MAX, if they make a larger number than that.
 */
bool parse_digits(struct view *rest, uint64_t *number, bool *fits);

/* Returns the position of a word in a list of words such as "auto|require|off", or -1. */
int parse_choice(struct view word, struct view choices);

/*
 * Takes the bytes before the first separator off the front of *rest, and the separator itself; all
 * of *rest if there is no separator. Returns whether there was one. `part` must not be `rest`.
 */
bool parse_cut(struct view *rest, char separator, struct view *part);

/* The same for words that single spaces separate; returns the first word. */
struct view parse_word(struct view *rest);

/* The same for lines that end in LF or CRLF; returns the first line, without its end. */
struct view parse_line(struct view *rest);

/* Takes a prefix off the front of *rest, ignoring the case of ASCII letters. Returns whether *rest
 * began with it. */
bool parse_prefix(struct view *rest, struct view prefix);

/*
 * Takes the next byte of a percent-encoded text (RFC 3986 2.1) off the front of *rest, which must
 * not be empty. Returns the decoded byte; or -1, with *rest unchanged, if it is a '%' that two
 * hexadecimal digits do not follow.
 */
int parse_percent_byte(struct view *rest);

#endif
