/* Writing into a fixed buffer; see buffer.h. */
#include "buffer.h"

static const char UPPER_HEX[] = "0123456789ABCDEF";
static const char LOWER_HEX[] = "0123456789abcdef";

void buffer_add(struct buffer *buffer, struct view bytes)
{
	if (bytes.length > buffer->capacity - buffer->length) {
		buffer->truncated = true;
		return;
	}
	if (bytes.length > 0)
		memcpy(buffer->data + buffer->length, bytes.data, bytes.length);
	buffer->length += bytes.length;
}

void buffer_add_string(struct buffer *buffer, const char *string)
{
	buffer_add(buffer, view_of(string));
}

void buffer_add_byte(struct buffer *buffer, char byte)
{
	if (buffer->length < buffer->capacity)
		buffer->data[buffer->length++] = byte;
	else
		buffer->truncated = true;
}

/*@ requires buffer_is_valid(buffer) && (base == 10 || base == 16);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==>
      is_hex_digit(buffer->data[i]) && (base == 10 ==> '0' <= buffer->data[i] <= '9'); */
static void add_in_base(struct buffer *buffer, uint64_t number, unsigned base)
{
	char digits[20]; /* 2^64 - 1 in decimal */
	size_t first = sizeof digits;
	/*@ loop invariant 0 < first <= 20;
	    loop invariant \forall char *p; \base_addr(p) == \base_addr(&digits[0]) && &digits[first] <= p < &digits[20] ==>
	      is_hex_digit(*p) && (base == 10 ==> '0' <= *p <= '9');
	    loop assigns first, number, digits[0 .. 19];
	    loop variant first; */
	do {
		digits[--first] = LOWER_HEX[number % base];
		/*@ assert is_hex_digit(digits[first]) && (base == 10 ==> '0' <= digits[first] <= '9'); */
		number /= base;
	} while (number > 0 && first > 0); /* GCOVR_EXCL_BR_LINE: no number has more digits */
	struct view text = {digits + first, sizeof digits - first};
	buffer_add(buffer, text);
}

void buffer_add_number(struct buffer *buffer, uint64_t number)
{
	add_in_base(buffer, number, 10);
}

void buffer_add_hex(struct buffer *buffer, uint64_t number)
{
	add_in_base(buffer, number, 16);
}

void buffer_add_size(struct buffer *buffer, uint64_t bytes, enum size_step step)
{
	const char *prefixes = step == SIZE_BINARY ? "KMGTPE" : "kMGTPE";
	uint64_t unit = 1;
	size_t units = 0;
	for (; bytes / unit >= step; units++)
		unit *= step;
	if (units == 0) {
		buffer_add_number(buffer, bytes);
		buffer_add(buffer, VIEW(" B"));
		return;
	}
	/* Of the largest unit, 10^18 or 2^60, even ten times the remainder fits 64 bits. */
	uint64_t tenths = bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit;
	if (tenths == step * UINT64_C(10)) {
		tenths = 10;
		units++;
	}
	buffer_add_number(buffer, tenths / 10);
	buffer_add_byte(buffer, '.');
	buffer_add_number(buffer, tenths % 10);
	buffer_add_byte(buffer, ' ');
	buffer_add_byte(buffer, prefixes[units - 1]);
	buffer_add_string(buffer, step == SIZE_BINARY ? "iB" : "B");
}

/* What is appended: it decides which bytes are escaped, and how. */
enum escaping { IN_PATH, IN_QUERY, IN_QUERY_VALUE, IN_LOG };

/*@ predicate is_in_text(integer c, enum escaping escaping) = escaping == IN_LOG
      ? ' ' <= c <= '~' && c != '|'
      : is_in_url(c) && (escaping == IN_PATH ==> c != '?') && (escaping == IN_QUERY_VALUE ==> c != '&' && c != '='); */

/* Whether a byte is not escaped. */
/*@ assigns \nothing;
    ensures \result ==> is_in_text(c, escaping);
    ensures c == '/' ==> \result; */
static bool is_plain(char c, enum escaping escaping)
{
	if (escaping == IN_LOG)
		return c >= ' ' && c <= '~' && c != '|' && c != '\\';
	if (ascii_is_unreserved(c) || c == '/')
		return true;
	if (escaping == IN_QUERY_VALUE)
		return false;
	return ascii_is_sub_delim(c) || c == ':' || c == '@' ||
	       (escaping == IN_QUERY && (c == '?' || c == '%'));
}

/*@ requires buffer_is_valid(buffer);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures !buffer->truncated ==> buffer->length == \old(buffer->length) + 3 && buffer->data[\old(buffer->length)] == '%';
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==>
      buffer->data[i] == '%' || is_hex_digit(buffer->data[i]); */
static void add_percent_encoded(struct buffer *buffer, unsigned char byte)
{
	char escape[] = {'%', 'H', 'H'};
	escape[1] = UPPER_HEX[byte / 16];
	escape[2] = UPPER_HEX[byte % 16];
	/*@ assert is_hex_digit(escape[1]) && is_hex_digit(escape[2]); */
	buffer_add(buffer, (struct view){escape, sizeof escape});
}

/*@ requires buffer_is_valid(buffer);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures !buffer->truncated ==> buffer->length == \old(buffer->length) + 4 && buffer->data[\old(buffer->length)] == '\\';
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==>
      buffer->data[i] == '\\' || buffer->data[i] == 'x' || is_hex_digit(buffer->data[i]); */
static void add_backslash_x(struct buffer *buffer, unsigned char byte)
{
	char escape[] = {'\\', 'x', 'h', 'h'};
	escape[2] = LOWER_HEX[byte / 16];
	escape[3] = LOWER_HEX[byte % 16];
	/*@ assert is_hex_digit(escape[2]) && is_hex_digit(escape[3]); */
	buffer_add(buffer, (struct view){escape, sizeof escape});
}

/*@ requires buffer_is_valid(buffer);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures !buffer->truncated ==> buffer->length > \old(buffer->length) && buffer->data[\old(buffer->length)] != '/';
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> is_in_text(buffer->data[i], escaping); */
static void add_escape(struct buffer *buffer, unsigned char byte, enum escaping escaping)
{
	if (escaping == IN_LOG)
		add_backslash_x(buffer, byte);
	else
		add_percent_encoded(buffer, byte);
}

/*@ assigns \nothing;
    ensures 3 <= \result <= 4; */
static size_t escape_length(enum escaping escaping)
{
	return escaping == IN_LOG ? sizeof "\\xHH" - 1 : sizeof "%HH" - 1;
}

/* The number of bytes before the first one that is escaped. */
/*@ requires readable(bytes);
    assigns \nothing;
    ensures \result <= bytes.length;
    ensures bytes.length > 0 && bytes.data[0] == '/' ==> \result > 0;
    ensures \forall integer i; 0 <= i < \result ==> is_in_text(bytes.data[i], escaping); */
static size_t plain_length(struct view bytes, enum escaping escaping)
{
	size_t length = 0;
	/*@ loop invariant length <= bytes.length;
	    loop invariant \forall integer i; 0 <= i < length ==> is_in_text(bytes.data[i], escaping);
	    loop assigns length;
	    loop variant bytes.length - length; */
	while (length < bytes.length && is_plain(bytes.data[length], escaping))
		length++;
	return length;
}

/* Takes bytes off the front of *bytes and appends them: those before the first one that is escaped, and that one. */
/*@ requires buffer_is_valid(buffer) && \valid(bytes) && readable(*bytes) && is_apart(buffer, *bytes);
    requires bytes->length > 0 && \separated(bytes, buffer) && \separated(bytes, buffer->data + (0 .. buffer->capacity - 1));
    assigns *bytes, buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures readable(*bytes) && is_end(*bytes, \old(*bytes)) && bytes->length < \old(bytes->length);
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures !buffer->truncated ==>
      buffer->length + bytes->length >= \old(buffer->length) + \old(bytes->length) &&
      (buffer->data[\old(buffer->length)] == '/' <==> \old(bytes->data[0]) == '/');
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> is_in_text(buffer->data[i], escaping); */
static void add_next(struct buffer *buffer, struct view *bytes, enum escaping escaping)
{
	size_t plain = plain_length(*bytes, escaping);
	buffer_add(buffer, (struct view){bytes->data, plain});
	if (plain < bytes->length)
		add_escape(buffer, (unsigned char)bytes->data[plain++], escaping);
	*bytes = view_from(*bytes, plain);
}

/*@ requires buffer_is_valid(buffer) && readable(bytes) && is_apart(buffer, bytes);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer) && is_appended{Pre, Post}(buffer, bytes);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> is_in_text(buffer->data[i], escaping); */
static void add_all(struct buffer *buffer, struct view bytes, enum escaping escaping)
{
	/*@ loop invariant readable(bytes) && is_apart(buffer, bytes) && buffer_is_valid(buffer);
	    loop invariant is_end(bytes, \at(bytes, Pre));
	    loop invariant buffer_grows{Pre, Here}(buffer);
	    loop invariant bytes.length == \at(bytes.length, Pre) ==>
	      bytes.data == \at(bytes.data, Pre) && buffer->length == \at(buffer->length, Pre);
	    loop invariant !buffer->truncated ==>
	      buffer->length + bytes.length >= \at(buffer->length, Pre) + \at(bytes.length, Pre);
	    loop invariant !buffer->truncated && bytes.length < \at(bytes.length, Pre) ==>
	      (buffer->data[\at(buffer->length, Pre)] == '/' <==> \at(bytes.data[0], Pre) == '/');
	    loop invariant \forall integer i; \at(buffer->length, Pre) <= i < buffer->length ==>
	      is_in_text(buffer->data[i], escaping);
	    loop assigns bytes, buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
	    loop variant bytes.length; */
	while (bytes.length > 0)
		add_next(buffer, &bytes, escaping);
}

/* Returns how many bytes fit in `max` bytes after escaping: all, or as many as leave room for "...". */
/*@ requires readable(bytes);
    assigns \nothing;
    ensures \result <= bytes.length; */
static size_t count_fitting(struct view bytes, size_t max, enum escaping escaping)
{
	size_t used = 0, shown = 0;
	/*@ loop invariant shown <= i <= bytes.length;
	    loop assigns i, used, shown;
	    loop variant bytes.length - i; */
	for (size_t i = 0; i < bytes.length; i++) {
		used += is_plain(bytes.data[i], escaping) ? 1 : escape_length(escaping);
		if (used > max)
			return shown;
		if (used <= max - (sizeof "..." - 1))
			shown = i + 1;
	}
	return bytes.length;
}

/*@ requires buffer_is_valid(buffer);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> buffer->data[i] == '.'; */
static void add_dots(struct buffer *buffer)
{
	struct view dots = VIEW("...");
	/*@ assert dots.data[0] == '.' && dots.data[1] == '.' && dots.data[2] == '.'; */
	/*@ assert \forall integer i; 0 <= i < 3 ==> dots.data[i] == '.'; */
	buffer_add(buffer, dots);
}

/*@ requires buffer_is_valid(buffer) && readable(bytes) && is_apart(buffer, bytes);
    assigns buffer->length, buffer->truncated, buffer->data[0 .. buffer->capacity - 1];
    ensures buffer_is_valid(buffer) && buffer_grows{Pre, Post}(buffer);
    ensures \forall integer i; \old(buffer->length) <= i < buffer->length ==> is_in_text(buffer->data[i], escaping); */
static void add_max(struct buffer *buffer, struct view bytes, size_t max, enum escaping escaping)
{
	size_t shown = bytes.length;
	if (shown > max / escape_length(escaping))
		shown = count_fitting(bytes, max, escaping);
	add_all(buffer, (struct view){bytes.data, shown}, escaping);
	if (shown < bytes.length)
		add_dots(buffer);
}

void buffer_add_path(struct buffer *buffer, struct view path)
{
	add_all(buffer, path, IN_PATH);
}

void buffer_add_path_max(struct buffer *buffer, struct view path, size_t max)
{
	add_max(buffer, path, max, IN_PATH);
}

void buffer_add_query(struct buffer *buffer, struct view query)
{
	add_all(buffer, query, IN_QUERY);
}

void buffer_add_query_value(struct buffer *buffer, struct view value)
{
	add_all(buffer, value, IN_QUERY_VALUE);
}

void buffer_add_escaped(struct buffer *buffer, struct view bytes)
{
	add_all(buffer, bytes, IN_LOG);
}

void buffer_add_escaped_max(struct buffer *buffer, struct view bytes, size_t max)
{
	add_max(buffer, bytes, max, IN_LOG);
}
