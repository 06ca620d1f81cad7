/* Writing into a fixed buffer; see text.h. */
#include "text.h"

static const char UPPER_HEX[] = "0123456789ABCDEF";
static const char LOWER_HEX[] = "0123456789abcdef";

void text_add(struct text *text, struct view bytes)
{
	if (bytes.length > text->capacity - text->length) {
		text->truncated = true;
		return;
	}
	if (bytes.length > 0)
		memcpy(text->at + text->length, bytes.at, bytes.length);
	text->length += bytes.length;
}

void text_add_string(struct text *text, const char *string)
{
	text_add(text, view_of(string));
}

static void add_in_base(struct text *text, uint64_t number, unsigned base)
{
	char digits[20]; /* 2^64 - 1 in decimal */
	size_t first = sizeof digits;
	do {
		digits[--first] = LOWER_HEX[number % base];
		number /= base;
	} while (number > 0);
	text_add(text, (struct view){digits + first, sizeof digits - first});
}

void text_add_number(struct text *text, uint64_t number)
{
	add_in_base(text, number, 10);
}

void text_add_hex(struct text *text, uint64_t number)
{
	add_in_base(text, number, 16);
}

/* Appends bytes, those that are neither unreserved (RFC 3986 2.3) nor in `also` as %XX. */
static void add_percent_encoded(struct text *text, struct view bytes, const char *also)
{
	for (size_t i = 0; i < bytes.length; i++) {
		char c = bytes.at[i];
		unsigned char byte = (unsigned char)c;
		if (ascii_is_letter(c) || ascii_is_digit(c) ||
		    (c != '\0' && strchr(also, c) != NULL))
			text_add(text, (struct view){&c, 1});
		else
			text_add(text,
			         (struct view){
			             (char[]){'%', UPPER_HEX[byte >> 4], UPPER_HEX[byte & 15]}, 3});
	}
}

void text_add_path(struct text *text, struct view path)
{
	add_percent_encoded(text, path, "-._~!$&'()*+,;=:@/");
}

void text_add_query(struct text *text, struct view query)
{
	add_percent_encoded(text, query, "-._~!$&'()*+,;=:@/?%");
}

void text_add_escaped(struct text *text, struct view bytes, size_t most)
{
	size_t shown = bytes.length < most ? bytes.length : most;
	for (size_t i = 0; i < shown; i++) {
		unsigned char byte = (unsigned char)bytes.at[i];
		if (byte >= 0x20 && byte < 0x7f && byte != '|' && byte != '\\')
			text_add(text, (struct view){bytes.at + i, 1});
		else
			text_add(text, (struct view){(char[]){'\\', 'x', LOWER_HEX[byte >> 4],
			                                      LOWER_HEX[byte & 15]},
			                             4});
	}
	if (shown < bytes.length)
		text_add(text, VIEW("..."));
}
