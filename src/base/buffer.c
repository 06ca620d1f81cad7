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

static void add_in_base(struct buffer *buffer, uint64_t number, unsigned base)
{
	char digits[20]; /* 2^64 - 1 in decimal */
	size_t first = sizeof digits;
	do {
		digits[--first] = LOWER_HEX[number % base];
		number /= base;
	} while (number > 0);
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

/* Appends bytes, those that are neither unreserved (RFC 3986 2.3) nor in `also` as %XX. */
static void add_percent_encoded(struct buffer *buffer, struct view bytes, const char *also)
{
	for (size_t i = 0; i < bytes.length; i++) {
		char c = bytes.data[i];
		unsigned char byte = (unsigned char)c;
		if (ascii_is_letter(c) || ascii_is_digit(c) ||
		    (c != '\0' && strchr(also, c) != NULL))
			buffer_add_byte(buffer, c);
		else
			buffer_add(buffer, (struct view){(char[]){'%', UPPER_HEX[byte >> 4],
			                                          UPPER_HEX[byte & 15]},
			                                 3});
	}
}

void buffer_add_path(struct buffer *buffer, struct view path)
{
	add_percent_encoded(buffer, path, "-._~!$&'()*+,;=:@/");
}

void buffer_add_query(struct buffer *buffer, struct view query)
{
	add_percent_encoded(buffer, query, "-._~!$&'()*+,;=:@/?%");
}

void buffer_add_escaped(struct buffer *buffer, struct view bytes, size_t most)
{
	size_t shown = bytes.length < most ? bytes.length : most;
	for (size_t i = 0; i < shown; i++) {
		unsigned char byte = (unsigned char)bytes.data[i];
		if (byte >= 0x20 && byte < 0x7f && byte != '|' && byte != '\\')
			buffer_add_byte(buffer, bytes.data[i]);
		else
			buffer_add(buffer, (struct view){(char[]){'\\', 'x', LOWER_HEX[byte >> 4],
			                                          LOWER_HEX[byte & 15]},
			                                 4});
	}
	if (shown < bytes.length)
		buffer_add(buffer, VIEW("..."));
}
