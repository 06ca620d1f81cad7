/* Reads characters in UTF-8; see utf8.h. */
#include "utf8.h"

/*
 * Returns the length of the sequence that begins with this byte (RFC 3629 3), and sets *bits to the
 * bits of the character in it; 0 if no sequence of several bytes begins with it.
 */
/*@ requires \valid(bits);
    assigns *bits;
    ensures \result == 0 || (2 <= \result <= UTF8_LENGTH_MAX && *bits < 32 && first > 127); */
static size_t sequence_length(unsigned char first, uint32_t *bits)
{
	if (first >= 0xc2 && first <= 0xdf) {
		*bits = first - 0xc0U;
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		*bits = first - 0xe0U;
		return 3;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		*bits = first - 0xf0U;
		return 4;
	}
	return 0;
}

/* The first character that needs so many bytes: a longer sequence than needed is invalid. */
/*@ requires 2 <= length <= UTF8_LENGTH_MAX;
    assigns \nothing;
    ensures \result >= 0x80; */
static uint32_t least(size_t length)
{
	return length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
}

/* Adds the bits of a byte that continues a sequence. Returns false if it does not. */
/*@ requires \valid(character) && *character < 1 << 26;
    assigns *character;
    ensures \result ==> !(0 <= c <= 127) && *character < 64 * \old(*character) + 64; */
static bool add_byte(char c, uint32_t *character)
{
	unsigned char byte = (unsigned char)c;
	if (byte < 0x80 || byte > 0xbf)
		return false;
	*character = *character * 64 + byte % 64;
	return true;
}

size_t utf8_read(struct view bytes, uint32_t *character)
{
	size_t length = sequence_length((unsigned char)bytes.data[0], character);
	if (length == 0 || length > bytes.length)
		return 0;
	/*@ loop invariant 1 <= i <= length;
	    loop invariant \forall integer k; 0 <= k < i ==> !(0 <= bytes.data[k] <= 127);
	    loop invariant *character < (i == 1 ? 32 : i == 2 ? 2048 : i == 3 ? 1 << 17 : 1 << 23);
	    loop assigns i, *character;
	    loop variant length - i; */
	for (size_t i = 1; i < length; i++)
		if (!add_byte(bytes.data[i], character))
			return 0;
	bool surrogate = *character >= 0xd800 && *character <= 0xdfff;
	bool shortest = *character >= least(length) && *character <= 0x10ffff;
	return shortest && !surrogate ? length : 0;
}
