/*
 * The head of a response and the body of an error, written into a text (RFC 9112 4 and 5, RFC
 * 9110 6.6, 8, 10.2, 15). Sends nothing.
 */
#ifndef MAYFLY_RESPONSE_H
#define MAYFLY_RESPONSE_H

#include "http/text.h"

/* Status line, and the fields that every response has: Date, Connection, X-Content-Type-Options. */
void response_begin(struct text *head, int status, int64_t now, bool persist);

/* One field; the value as it is, or a number. */
void response_field(struct text *head, const char *name, struct view value);
void response_number(struct text *head, const char *name, uint64_t value);

/* The empty line that ends the head. */
void response_end(struct text *head);

/* The page of a status, in HTML. */
void response_page(struct text *body, int status);

#endif
