/* Reads characters in UTF-8; see utf8.h. */
#include "utf8.h"

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
size_t utf8_read(struct view bytes, uint32_t *character)
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
