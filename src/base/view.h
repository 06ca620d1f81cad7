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

/*
 * What the contracts of the parsers say about views, for readers and for `make prove`. is_end: `part`
 * is what remains of `whole` after bytes were taken off its front.
 */
/*@ predicate readable(struct view v) = \valid_read(v.data + (0 .. v.length - 1));
    predicate is_in(char *p, struct view v) =
      \base_addr(p) == \base_addr(v.data) && v.data <= p < v.data + v.length;
    predicate is_within(struct view part, struct view whole) =
      \base_addr(part.data) == \base_addr(whole.data) && whole.data <= part.data &&
      part.data + part.length <= whole.data + whole.length;
    predicate is_end(struct view part, struct view whole) =
      part.length <= whole.length && part.data == whole.data + (whole.length - part.length); */

/*@ // What a URL contains: no control byte, space, non-ASCII byte or '#', nor what begins markup or a host.
    predicate is_in_url(integer c) = '!' <= c <= '~' && c != '"' && c != '#' && c != '<' && c != '>' && c != '[' &&
      c != ']' && c != '^' && c != '`' && c != '{' && c != '}' && c != '|' && c != '\\'; */

/* The view of a string literal. */
#define VIEW(literal) ((struct view){(literal), sizeof(literal) - 1})

/* The view of a terminated string. */
/*@ requires valid_read_string(string);
    assigns \nothing;
    ensures readable(\result) && \result.data == string; */
static inline struct view view_of(const char *string)
{
	return (struct view){string, strlen(string)};
}

/* ASCII lower case, independent of the locale, as for field names and tokens (RFC 9110 5.1). */
/*@ assigns \nothing;
    ensures 'A' <= c <= 'Z' ? \result == c + 32 : \result == c; */
static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/*@ assigns \nothing;
    ensures \result <==> '0' <= c <= '9'; */
static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*@ assigns \nothing;
    ensures \result <==> 'a' <= c <= 'z' || 'A' <= c <= 'Z'; */
static inline bool ascii_is_letter(char c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

/* Whether a byte is an unreserved one, or a sub-delim, of a URI (RFC 3986 2.2, 2.3). */
/*@ assigns \nothing;
    ensures \result ==> is_in_url(c) && c != '?' && c != '&' && c != '='; */
static inline bool ascii_is_unreserved(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

/*@ assigns \nothing;
    ensures \result ==> is_in_url(c) && c != '?'; */
static inline bool ascii_is_sub_delim(char c)
{
	switch (c) {
	case '!':
	case '$':
	case '&':
	case '\'':
	case '(':
	case ')':
	case '*':
	case '+':
	case ',':
	case ';':
	case '=':
		return true;
	default:
		return false;
	}
}

/* Whether a byte is a control character: below the space, or DEL. */
/*@ assigns \nothing;
    ensures \result <==> 0 <= c < ' ' || c == 127; */
static inline bool ascii_is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/*@ predicate is_hex_digit(integer c) = '0' <= c <= '9' || 'a' <= c <= 'f' || 'A' <= c <= 'F'; */

/* The value of a hexadecimal digit, 0 to 15; -1 for anything else. */
/*@ assigns \nothing;
    ensures -1 <= \result <= 15;
    ensures \result >= 0 <==> is_hex_digit(c); */
static inline int ascii_hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	char lower = ascii_lower(c);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Whether two views hold the same bytes. */
/*@ requires readable(a) && readable(b);
    assigns \nothing;
    ensures \result <==> a.length == b.length && \forall integer i; 0 <= i < a.length ==> a.data[i] == b.data[i]; */
static inline bool view_equal(struct view a, struct view b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Whether the view begins with these bytes. */
/*@ requires readable(whole) && readable(start);
    assigns \nothing;
    ensures \result ==> start.length <= whole.length; */
static inline bool view_begins_with(struct view whole, struct view start)
{
	return whole.length >= start.length &&
	       view_equal((struct view){whole.data, start.length}, start);
}

/* Whether two views hold the same bytes, ignoring the case of ASCII letters. */
/*@ requires readable(a) && readable(b);
    assigns \nothing;
    ensures \result ==> a.length == b.length;
    ensures \result && a.length > 0 ==> (a.data[0] == '/' <==> b.data[0] == '/'); */
static inline bool view_equal_nocase(struct view a, struct view b)
{
	if (a.length != b.length)
		return false;
	/*@ loop invariant i <= a.length;
	    loop invariant i > 0 ==> (a.data[0] == '/' <==> b.data[0] == '/');
	    loop assigns i;
	    loop variant a.length - i; */
	for (size_t i = 0; i < a.length; i++)
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	return true;
}

/* The part of a view from offset on. */
/*@ requires readable(whole) && offset <= whole.length;
    assigns \nothing;
    ensures readable(\result) && is_end(\result, whole);
    ensures \result.length == whole.length - offset; */
static inline struct view view_from(struct view whole, size_t offset)
{
	return (struct view){whole.data + offset, whole.length - offset};
}

/* The position of the first such byte; the length if there is none. */
/*@ requires readable(v);
    assigns \nothing;
    ensures \result <= v.length;
    ensures \result < v.length ==> v.data[\result] == c;
    ensures \forall integer i; 0 <= i < \result ==> v.data[i] != c; */
static inline size_t view_find(struct view v, char c)
{
	const char *found = v.length > 0 ? memchr(v.data, c, v.length) : NULL;
	return found != NULL ? (size_t)(found - v.data) : v.length;
}

/*@ requires readable(v);
    assigns \nothing;
    ensures \result <==> \exists integer i; 0 <= i < v.length && v.data[i] == c; */
static inline bool view_contains(struct view v, char c)
{
	return view_find(v, c) < v.length;
}

/* The view without the spaces and tabs around it (OWS, RFC 9110 5.6.3). */
/*@ requires readable(v);
    assigns \nothing;
    ensures readable(\result) && is_within(\result, v) && \result.length <= v.length; */
static inline struct view view_trim(struct view v)
{
	/*@ loop invariant readable(v) && is_within(v, \at(v, Pre)) && v.length <= \at(v.length, Pre);
	    loop assigns v;
	    loop variant v.length; */
	while (v.length > 0 && (v.data[0] == ' ' || v.data[0] == '\t'))
		v = view_from(v, 1);
	/*@ loop invariant readable(v) && is_within(v, \at(v, Pre)) && v.length <= \at(v.length, Pre);
	    loop assigns v;
	    loop variant v.length; */
	while (v.length > 0 && (v.data[v.length - 1] == ' ' || v.data[v.length - 1] == '\t'))
		v.length--;
	return v;
}

#endif
