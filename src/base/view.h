/*
 * A view is a pointer to bytes that it does not own, and their length; it is not NUL-terminated.
 * The parsers take and return views, so that they neither copy nor allocate.
 */
#ifndef MAYFLY_BASE_VIEW_H
#define MAYFLY_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct view {
	const char *data;
	size_t length;
};

/* The view of a string literal. */
#define VIEW(literal) ((struct view){(literal), sizeof(literal) - 1})

/* The view of a terminated string. */
static inline struct view view_of(const char *string)
{
	return (struct view){string, strlen(string)};
}

/* ASCII lower case, independent of the locale, as for field names and tokens (RFC 9110 5.1). */
static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_letter(char c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

/* Whether a byte is a control character: below the space, or DEL. */
static inline bool ascii_is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* The value of a hexadecimal digit, 0 to 15; -1 for anything else. */
static inline int ascii_hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	char lower = ascii_lower(c);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Whether two views hold the same bytes. */
static inline bool view_equal(struct view a, struct view b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Whether the view begins with these bytes. */
static inline bool view_begins_with(struct view whole, struct view start)
{
	return whole.length >= start.length && memcmp(whole.data, start.data, start.length) == 0;
}

/* Whether two views hold the same bytes, ignoring the case of ASCII letters. */
static inline bool view_equal_nocase(struct view a, struct view b)
{
	if (a.length != b.length)
		return false;
	for (size_t i = 0; i < a.length; i++)
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	return true;
}

/* The part of a view from offset on; offset must not be past its end. */
static inline struct view view_from(struct view whole, size_t offset)
{
	return (struct view){whole.data + offset, whole.length - offset};
}

/* The position of the first such byte; the length if there is none. */
static inline size_t view_find(struct view v, char c)
{
	const char *found = v.length > 0 ? memchr(v.data, c, v.length) : NULL;
	return found != NULL ? (size_t)(found - v.data) : v.length;
}

static inline bool view_contains(struct view v, char c)
{
	return view_find(v, c) < v.length;
}

/* The view without the spaces and tabs around it (OWS, RFC 9110 5.6.3). */
static inline struct view view_trim(struct view v)
{
	while (v.length > 0 && (v.data[0] == ' ' || v.data[0] == '\t'))
		v = view_from(v, 1);
	while (v.length > 0 && (v.data[v.length - 1] == ' ' || v.data[v.length - 1] == '\t'))
		v.length--;
	return v;
}

#endif
