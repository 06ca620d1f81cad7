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
    ensures buffer_is_valid(buffer) && buffer->length >= \old(buffer->length); */
static void add_in_base(struct buffer *buffer, uint64_t number, unsigned base)
{
	char digits[20]; /* 2^64 - 1 in decimal */
	size_t first = sizeof digits;
	/*@ loop invariant 0 < first <= 20;
	    loop assigns first, number, digits[0 .. 19];
	    loop variant first; */
	do {
		digits[--first] = LOWER_HEX[number % base];
		number /= base;
	} while (number > 0 && first > 0);
	buffer_add(buffer, (struct view){digits + first, sizeof digits - first});
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

/* Which bytes are appended unchanged, and how the others are escaped. */
struct escaping {
	bool (*is_plain)(char c);
	size_t size; /* bytes of an escape */
	void (*add)(struct buffer *buffer, unsigned char byte);
};

static void add_percent_encoded(struct buffer *buffer, unsigned char byte)
{
	buffer_add(buffer,
	           (struct view){(char[]){'%', UPPER_HEX[byte >> 4], UPPER_HEX[byte & 15]}, 3});
}

static void add_backslash_x(struct buffer *buffer, unsigned char byte)
{
	buffer_add(buffer, (struct view){
	                       (char[]){'\\', 'x', LOWER_HEX[byte >> 4], LOWER_HEX[byte & 15]}, 4});
}

static bool is_unreserved_or(char c, const char *others)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || (c != '\0' && strchr(others, c) != NULL);
}

static bool is_plain_in_path(char c)
{
	return is_unreserved_or(c, "-._~!$&'()*+,;=:@/");
}

static bool is_plain_in_query(char c)
{
	return is_unreserved_or(c, "-._~!$&'()*+,;=:@/?%");
}

static bool is_plain_in_query_value(char c)
{
	return is_unreserved_or(c, "-._~/");
}

static bool is_plain_in_log(char c)
{
	return c >= ' ' && c <= '~' && c != '|' && c != '\\';
}

static void add_all(struct buffer *buffer, struct view bytes, struct escaping escaping)
{
	while (bytes.length > 0) {
		size_t plain = 0;
		while (plain < bytes.length && escaping.is_plain(bytes.data[plain]))
			plain++;
		buffer_add(buffer, (struct view){bytes.data, plain});
		bytes = view_from(bytes, plain);
		if (bytes.length == 0)
			return;
		escaping.add(buffer, (unsigned char)bytes.data[0]);
		bytes = view_from(bytes, 1);
	}
}

/* Returns how many bytes fit in `max` bytes after escaping: all, or as many as leave room for "...". */
static size_t count_fitting(struct view bytes, size_t max, struct escaping escaping)
{
	size_t used = 0, shown = 0;
	for (size_t i = 0; i < bytes.length; i++) {
		used += escaping.is_plain(bytes.data[i]) ? 1 : escaping.size;
		if (used > max)
			return shown;
		if (used <= max - (sizeof "..." - 1))
			shown = i + 1;
	}
	return bytes.length;
}

static void add_max(struct buffer *buffer, struct view bytes, size_t max, struct escaping escaping)
{
	size_t shown = bytes.length;
	if (shown > max / escaping.size)
		shown = count_fitting(bytes, max, escaping);
	add_all(buffer, (struct view){bytes.data, shown}, escaping);
	if (shown < bytes.length)
		buffer_add(buffer, VIEW("..."));
}

#define IN_PATH ((struct escaping){is_plain_in_path, 3, add_percent_encoded})
#define IN_QUERY ((struct escaping){is_plain_in_query, 3, add_percent_encoded})
#define IN_QUERY_VALUE ((struct escaping){is_plain_in_query_value, 3, add_percent_encoded})
#define IN_LOG ((struct escaping){is_plain_in_log, 4, add_backslash_x})

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
