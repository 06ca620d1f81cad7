/*
 * The head of a response, written into a text (RFC 9112 4 and 5, RFC 9110 6.6, 8, 10.2, 15). Sends
 * nothing.
 */
#ifndef MAYFLY_RESPONSE_H
#define MAYFLY_RESPONSE_H

#include "http/field.h"
#include "http/range.h"

/* Status line, and the fields that every response has: Date, Connection, X-Content-Type-Options. */
void response_begin(struct buffer *head, int status, int64_t now, bool persist);

/*
 * One field: the value as it is, a number, or a date (seconds since 1970). An empty value, and a
 * date that HTTP cannot write, make no field.
 */
void response_field(struct buffer *head, const char *name, struct view value);
void response_number(struct buffer *head, const char *name, uint64_t value);

void response_date(struct buffer *head, const char *name, int64_t seconds);

/* One of the owner's fields. */
void response_extra_field(struct buffer *head, const struct field *field);

/* Content-Range: of a 206, or, where range is NULL, of a 416 (RFC 9110 14.4). */
void response_content_range(struct buffer *head, const struct range *range, uint64_t whole);

/* The value of Allow. */
#define RESPONSE_ALLOW VIEW("GET, HEAD, OPTIONS")

/* The empty line that ends the head. */
void response_end(struct buffer *head);

#endif
