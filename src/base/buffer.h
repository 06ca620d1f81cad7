/*
 * A buffer is a fixed array to which bytes are appended: response headers, pages, log lines. It
 * drops what does not fit and remembers that, so that the caller checks once, at the end. printf
 * would cost a process that runs for a millisecond too much.
 */
#ifndef MAYFLY_BASE_BUFFER_H
#define MAYFLY_BASE_BUFFER_H

#include "view.h"
#include <stdint.h>

struct buffer {
	char *data;
	size_t capacity; /* bytes at `data` */
	size_t length;   /* bytes written */
	bool truncated;  /* something did not fit */
};

/*@ predicate buffer_is_valid(struct buffer *b) = \valid(b) && b->length <= b->capacity &&
      \valid(b->data + (0 .. b->capacity - 1)) && \separated(b, b->data + (0 .. b->capacity - 1));
    predicate is_apart(struct buffer *b, struct view v) =
      \separated(b->data + (0 .. b->capacity - 1), v.data + (0 .. v.length - 1)); */

/* An empty buffer over an array. */
#define BUFFER(array) ((struct buffer){(array), sizeof(array), 0, false})

/* Appends bytes unchanged; drops all of them if they do not fit. */
/*@ requires buffer_is_valid(buffer) && readable(bytes) && is_apart(buffer, bytes);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer->length >= \old(buffer->length); */
void buffer_add(struct buffer *buffer, struct view bytes);
void buffer_add_string(struct buffer *buffer, const char *string);
/*@ requires buffer_is_valid(buffer);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer->length >= \old(buffer->length); */
void buffer_add_byte(struct buffer *buffer, char byte);

/* Appends a number in decimal, or in lower-case hexadecimal without leading zeros. */
/*@ requires buffer_is_valid(buffer);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer->length >= \old(buffer->length); */
void buffer_add_number(struct buffer *buffer, uint64_t number);
/*@ requires buffer_is_valid(buffer);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer->length >= \old(buffer->length); */
void buffer_add_hex(struct buffer *buffer, uint64_t number);

/*
 * Appends a number of bytes for people, with one decimal from the second unit on, rounded half up:
 * "999 B", "1.0 MB" for 999,950; or in steps of 1024, the units of systemd's limits: "256.0 MiB".
 */
enum size_step { SIZE_DECIMAL = 1000, SIZE_BINARY = 1024 };
void buffer_add_size(struct buffer *buffer, uint64_t bytes, enum size_step step);

/*
 * Appends a decoded path as in a URL: every byte except pchar and "/" becomes %XX (RFC 3986 2.1,
 * 3.3). The result contains no space, control byte, double quote, '<', '|' or '\', so it is safe in
 * a field and in a log line. It may contain '&' and "'", which HTML must escape.
 */
void buffer_add_path(struct buffer *buffer, struct view path);

/* The same in at most `max` bytes, 3 or more: see buffer_add_escaped_max. */
void buffer_add_path_max(struct buffer *buffer, struct view path, size_t max);

/* Appends a query as received; bytes that RFC 3986 3.4 does not allow in it become %XX. */
void buffer_add_query(struct buffer *buffer, struct view query);

/*
 * Appends bytes as the value of a parameter in a query: every byte except unreserved ones and "/"
 * becomes %XX, so that the value cannot begin another parameter.
 */
void buffer_add_query_value(struct buffer *buffer, struct view value);

/*
 * Appends bytes that a client sent, for a log: printable ASCII as it is, everything else, and '|'
 * and '\', as \xHH.
 */
void buffer_add_escaped(struct buffer *buffer, struct view bytes);

/*
 * The same in at most `max` bytes, 3 or more. If that is not enough, whole bytes and whole escapes
 * are left out at the end, and "..." marks that.
 */
void buffer_add_escaped_max(struct buffer *buffer, struct view bytes, size_t max);

/* The bytes appended so far. */
static inline struct view buffer_view(const struct buffer *buffer)
{
	return (struct view){buffer->data, buffer->length};
}

#endif
