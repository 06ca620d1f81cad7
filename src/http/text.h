/*
 * A text is a fixed buffer that is written from front to back: heads, pages, log lines. What no
 * longer fits is left out and remembered, so that the caller checks once, at the end. It stands in
 * for printf, which costs a process that lives for a millisecond more than it is worth.
 */
#ifndef MAYFLY_HTTP_TEXT_H
#define MAYFLY_HTTP_TEXT_H

#include "view.h"
#include <stdint.h>

struct text {
	char *at;
	size_t capacity; /* bytes at `at` */
	size_t length;   /* bytes written */
	bool truncated;  /* something did not fit */
};

/* An empty text over an array. */
#define TEXT(array) ((struct text){(array), sizeof(array), 0, false})

/* Appends bytes as they are; a piece that does not fit whole is left out whole. */
void text_add(struct text *text, struct view bytes);
void text_add_string(struct text *text, const char *string);

/* Appends a number in decimal, or in lower-case hexadecimal without leading zeros. */
void text_add_number(struct text *text, uint64_t number);
void text_add_hex(struct text *text, uint64_t number);

/*
 * Appends a decoded path as it stands in a URL: every byte outside RFC 3986's pchar and "/" becomes
 * %XX (RFC 3986 2.1, 3.3). The result holds neither space, control, double quote, '<', '|', '%' of
 * its own nor '\', so that it is safe in a header and in a log line; it may hold '&' and "'", which
 * HTML has to escape.
 */
void text_add_path(struct text *text, struct view path);

/*
 * Appends a query as it was sent, but for bytes that RFC 3986 3.4 does not allow there: those
 * become %XX.
 */
void text_add_query(struct text *text, struct view query);

/*
 * Appends bytes that a client sent, for a log: printable ASCII as it is, everything else, and '|'
 * and '\', as \xHH. At most `most` bytes of the input are shown; "..." marks that more came.
 */
void text_add_escaped(struct text *text, struct view bytes, size_t most);

/* What has been written so far. */
static inline struct view text_view(const struct text *text)
{
	return (struct view){text->at, text->length};
}

#endif
