/* Reads characters in UTF-8; see utf8.h. */
#include "utf8.h"

/*
 * Returns the length of the sequence that begins with this byte (RFC 3629 3), and sets *bits to the
 * bits of the character in it; 0 if no sequence of several bytes begins with it.
 */
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

size_t utf8_read(struct view bytes, uint32_t *character)
{
	/* The first character that needs so many bytes: a longer sequence than needed is invalid. */
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
