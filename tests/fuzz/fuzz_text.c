/*
 * Bytes as text: the first MEDIA_TYPE_BYTES of a text are text as well, characters are whole, and any bytes
 * become a valid string of JSON.
 */
#include "base/json.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "http/media_type.h"

enum { BYTES_MAX = MEDIA_TYPE_BYTES + 512 };

static bool is_ascii(char byte)
{
	return (unsigned char)byte < 0x80;
}

/* Reading may end within a character. */
static void expect_text_of_its_start(struct view text)
{
	if (text.length > MEDIA_TYPE_BYTES)
		HOLDS(media_type_is_text((struct view){text.data, MEDIA_TYPE_BYTES}));
}

static void expect_whole_characters(struct view bytes)
{
	for (; bytes.length > 0; bytes = view_from(bytes, 1)) {
		uint32_t character;
		size_t length = utf8_read(bytes, &character);
		HOLDS(length == 0 || (!is_ascii(bytes.data[0]) && length >= 2 &&
		                      length <= UTF8_LENGTH_MAX && length <= bytes.length));
		HOLDS(length == 0 || (character >= 0x80 && character <= 0x10ffff));
	}
}

static void expect_json(struct view bytes)
{
	static char buffer[JSON_CHARACTER_MAX * BYTES_MAX + 2];
	struct buffer text = BUFFER(buffer);
	uint32_t character;
	buffer_add_json(&text, bytes);
	HOLDS(!text.truncated && text.length >= 2 && buffer[0] == '"' &&
	      buffer[text.length - 1] == '"');
	struct view rest = {buffer + 1, text.length - 2};
	while (rest.length > 0) {
		char byte = rest.data[0];
		size_t length = byte == '\\' ? 2 : 1;
		if (!is_ascii(byte))
			length = utf8_read(rest, &character);
		HOLDS(length > 0 && length <= rest.length && byte != '"' &&
		      (unsigned char)byte >= ' ');
		rest = view_from(rest, length);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view bytes = {(const char *)data, size < BYTES_MAX ? size : BYTES_MAX};
	if (media_type_is_text(bytes))
		expect_text_of_its_start(bytes);
	expect_whole_characters(bytes);
	expect_json(bytes);
	return 0;
}
