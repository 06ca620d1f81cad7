/*
 * Writing the head of a response: its status line and fields (RFC 9112 4 and 5, RFC 9110 6.6, 8,
 * 10.2, 15). Pure. exchange_send.h sends it.
 */
#ifndef MAYFLY_RESPONSE_H
#define MAYFLY_RESPONSE_H

#include "http/field.h"
#include "http/range.h"

/*
 * Appends the status line and the fields that every response has: Date and Connection. `now`: seconds
 * since 1970.
 */
void response_begin(struct buffer *head, int status, int64_t now, bool persist);

/* Appends a field; nothing if the value is empty. */
void response_field(struct buffer *head, const char *name, struct view value);

/* Appends a field with a number as its value. */
void response_number(struct buffer *head, const char *name, uint64_t value);

/* Appends a field with a date, in seconds since 1970; nothing if an HTTP date cannot express it. */
void response_date(struct buffer *head, const char *name, int64_t seconds);

/* Appends a field of --header. */
void response_extra_field(struct buffer *head, const struct field *field);

/* Appends Content-Range: of a 206 or, if `range` is NULL, of a 416 (RFC 9110 14.4). `whole`: bytes. */
void response_content_range(struct buffer *head, const struct range *range, uint64_t whole);

/* The methods that a 405 and the response to OPTIONS name. */
#define RESPONSE_ALLOW VIEW("GET, HEAD, OPTIONS")

/* Appends the empty line that ends the head. */
void response_end(struct buffer *head);

#endif
