/* Escaping for JSON; see json.h. */
#include "json.h"
#include "utf8.h"

static void add_control(struct buffer *text, unsigned char byte)
{
	static const char DIGITS[] = "0123456789abcdef";
	buffer_add(text, VIEW("\\u00"));
	buffer_add_byte(text, DIGITS[byte >> 4]);
	buffer_add_byte(text, DIGITS[byte & 15]);
}

/* Appends the character that begins the bytes. Returns its length. */
static size_t add_character(struct buffer *text, struct view bytes)
{
	uint32_t character;
	unsigned char byte = (unsigned char)bytes.data[0];
	if (byte < 0x20 || byte == 0x7f) {
		add_control(text, byte);
		return 1;
	}
	if (byte < 0x80) {
		if (byte == '"' || byte == '\\')
			buffer_add_byte(text, '\\');
		buffer_add_byte(text, (char)byte);
		return 1;
	}
	size_t length = utf8_read(bytes, &character);
	buffer_add(text, length > 0 ? (struct view){bytes.data, length} : VIEW("\xef\xbf\xbd"));
	return length > 0 ? length : 1;
}

void buffer_add_json(struct buffer *text, struct view bytes)
{
	buffer_add_byte(text, '"');
	while (bytes.length > 0)
		bytes = view_from(bytes, add_character(text, bytes));
	buffer_add_byte(text, '"');
}
