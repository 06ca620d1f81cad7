/* Escaping for HTML; see html.h. */
#include "html.h"

#define REPLACEMENT VIEW("\xef\xbf\xbd")

/* How many bytes the sequence has that begins so (RFC 3629 3), and in *bits what the first one
 * gives to the character; 0 where none begins so. */
static size_t sequence_length(unsigned char first, uint32_t *bits)
{
	if (first >= 0xc2 && first <= 0xdf) {
		*bits = first & 0x1fU;
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		*bits = first & 0x0fU;
		return 3;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		*bits = first & 0x07U;
		return 4;
	}
	return 0;
}

/* A character of more than one byte: its length, or 0 where the bytes begin with none. */
static size_t read_character(struct view bytes, uint32_t *character)
{
	static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = sequence_length((unsigned char)bytes.data[0], character);
	if (length == 0 || length > bytes.length)
		return 0;
	for (size_t i = 1; i < length; i++) {
		unsigned char byte = (unsigned char)bytes.data[i];
		if ((byte & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (byte & 0x3fU);
	}
	bool surrogate = *character >= 0xd800 && *character <= 0xdfff;
	bool shortest = *character >= LEAST[length] && *character <= 0x10ffff;
	return shortest && !surrogate ? length : 0;
}

static bool is_allowed(uint32_t character)
{
	bool control = character < 0xa0;
	bool none = (character >= 0xfdd0 && character <= 0xfdef) || (character & 0xfffe) == 0xfffe;
	return !control && !none;
}

/* Appends what begins the bytes; returns how many of them that was. */
static size_t add_character(struct buffer *text, struct view bytes)
{
	uint32_t character = 0;
	size_t length = read_character(bytes, &character);
	buffer_add(text, length > 0 && is_allowed(character) ? (struct view){bytes.data, length}
	                                                     : REPLACEMENT);
	return length > 0 ? length : 1;
}

static struct view escape_of(char c)
{
	switch (c) {
	case '&':
		return VIEW("&amp;");
	case '<':
		return VIEW("&lt;");
	case '>':
		return VIEW("&gt;");
	case '"':
		return VIEW("&quot;");
	default:
		return VIEW("");
	}
}

void buffer_add_html(struct buffer *text, struct view bytes)
{
	while (bytes.length > 0) {
		size_t used = 1;
		struct view escape = escape_of(bytes.data[0]);
		if (escape.length > 0)
			buffer_add(text, escape);
		else if (bytes.data[0] >= ' ' && bytes.data[0] < 0x7f)
			buffer_add_byte(text, bytes.data[0]);
		else
			used = add_character(text, bytes);
		bytes = view_from(bytes, used);
	}
}
