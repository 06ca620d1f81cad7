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

/*@ // The bytes appended before are still there, and a truncated buffer stays truncated.
    predicate buffer_grows{L1, L2}(struct buffer *b) =
      \at(b->length, L1) <= \at(b->length, L2) && (\at(b->truncated, L1) ==> \at(b->truncated, L2)) &&
      \forall integer i; 0 <= i < \at(b->length, L1) ==> \at(b->data[i], L2) == \at(b->data[i], L1);
    // Unless it is truncated, a text was appended whole, perhaps escaped. It begins with a slash only if it did before.
    predicate is_appended{L1, L2}(struct buffer *b, struct view text) = text.length == 0
      ? \at(b->length, L2) == \at(b->length, L1)
      : \at(b->truncated, L2) || (\at(b->length, L2) >= \at(b->length, L1) + text.length &&
          (\at(b->data[\at(b->length, L1)], L2) == '/' <==> \at(text.data[0], L1) == '/')); */

/* An empty buffer over memory of the caller. */
/*@ assigns \nothing;
    ensures \result.data == data && \result.capacity == capacity && \result.length == 0 && !\result.truncated; */
static inline struct buffer buffer_over(char *data, size_t capacity)
{
	return (struct buffer){data, capacity, 0, false};
}

/* The same over an array. */
#define BUFFER(array) buffer_over((array), sizeof(array))

/* Appends bytes unchanged; drops all of them if they do not fit. */
/*@ requires buffer_is_valid(buffer) && readable(bytes) && is_apart(buffer, bytes);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures buffer->length == \old(buffer->length) + bytes.length || (buffer->length == \old(buffer->length) && buffer->truncated);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==>
      buffer->data[i] == \old(bytes.data[i - buffer->length]); */
void buffer_add(struct buffer *buffer, struct view bytes);
void buffer_add_string(struct buffer *buffer, const char *string);
/*@ requires buffer_is_valid(buffer);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures buffer->length == \old(buffer->length) + 1 || (buffer->length == \old(buffer->length) && buffer->truncated);
    ensures buffer->length > \old(buffer->length) ==> buffer->data[buffer->length - 1] == byte; */
void buffer_add_byte(struct buffer *buffer, char byte);

/* Appends a number in decimal, or in lower-case hexadecimal without leading zeros. */
/*@ requires buffer_is_valid(buffer);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> '0' <= buffer->data[i] <= '9'; */
void buffer_add_number(struct buffer *buffer, uint64_t number);
/*@ requires buffer_is_valid(buffer);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> is_hex_digit(buffer->data[i]); */
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
/*@ requires buffer_is_valid(buffer) && readable(path) && is_apart(buffer, path);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer) && is_appended{Pre, Post}(buffer, path);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> is_in_url(buffer->data[i]) && buffer->data[i] != '?'; */
void buffer_add_path(struct buffer *buffer, struct view path);

/* The same in at most `max` bytes, 3 or more: see buffer_add_escaped_max. */
/*@ requires buffer_is_valid(buffer) && readable(path) && is_apart(buffer, path);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> is_in_url(buffer->data[i]) && buffer->data[i] != '?'; */
void buffer_add_path_max(struct buffer *buffer, struct view path, size_t max);

/* Appends a query as received; bytes that RFC 3986 3.4 does not allow in it become %XX. */
/*@ requires buffer_is_valid(buffer) && readable(query) && is_apart(buffer, query);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer) && is_appended{Pre, Post}(buffer, query);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> is_in_url(buffer->data[i]); */
void buffer_add_query(struct buffer *buffer, struct view query);

/*
 * Appends bytes as the value of a parameter in a query: every byte except unreserved ones and "/"
 * becomes %XX, so that the value cannot begin another parameter.
 */
/*@ requires buffer_is_valid(buffer) && readable(value) && is_apart(buffer, value);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer) && is_appended{Pre, Post}(buffer, value);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> is_in_url(buffer->data[i]) && buffer->data[i] != '&' && buffer->data[i] != '='; */
void buffer_add_query_value(struct buffer *buffer, struct view value);

/*
 * Appends bytes that a client sent, for a log: printable ASCII as it is, everything else, and '|'
 * and '\', as \xHH.
 */
/*@ requires buffer_is_valid(buffer) && readable(bytes) && is_apart(buffer, bytes);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> ' ' <= buffer->data[i] <= '~' && buffer->data[i] != '|'; */
void buffer_add_escaped(struct buffer *buffer, struct view bytes);

/*
 * The same in at most `max` bytes, 3 or more. If that is not enough, whole bytes and whole escapes
 * are left out at the end, and "..." marks that.
 */
/*@ requires buffer_is_valid(buffer) && readable(bytes) && is_apart(buffer, bytes);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> ' ' <= buffer->data[i] <= '~' && buffer->data[i] != '|'; */
void buffer_add_escaped_max(struct buffer *buffer, struct view bytes, size_t max);

/* The bytes appended so far. */
/*@ requires buffer_is_valid(buffer);
    assigns \nothing;
    ensures readable(\result) && \result.data == buffer->data && \result.length == buffer->length; */
static inline struct view buffer_view(const struct buffer *buffer)
{
	return (struct view){buffer->data, buffer->length};
}

#endif
