/* Escaping for HTML; see html.h. */
#include "html.h"
#include "utf8.h"

#define REPLACEMENT VIEW("\xef\xbf\xbd")

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
	size_t length = utf8_read(bytes, &character);
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
