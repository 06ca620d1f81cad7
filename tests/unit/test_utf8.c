/* Characters in UTF-8: all of them, against the definition (RFC 3629 3), and each way to be invalid. */
#include "base/utf8.h"
#include "heap_copy.h"

/* Reads a heap copy. */
static size_t read_copy(const unsigned char *bytes, size_t length, uint32_t *character)
{
	struct view copy = heap_copy((struct view){(const char *)bytes, length});
	size_t result = utf8_read(copy, character);
	heap_free(copy);
	return result;
}

/* Writes the sequence of `length` bytes for the bits of a character, whether valid or not. */
static void encode(uint32_t character, size_t length, unsigned char *bytes)
{
	static const unsigned char FIRST[] = {0, 0, 0xc0, 0xe0, 0xf0};
	for (size_t i = length; i-- > 1; character >>= 6)
		bytes[i] = (unsigned char)(0x80 | (character & 0x3f));
	bytes[0] = (unsigned char)(FIRST[length] | character);
}

static size_t length_of(uint32_t character)
{
	if (character >= 0x10000)
		return 4;
	return character >= 0x800 ? 3 : 2;
}

static void test_every_character_beyond_ascii_is_read(void **state)
{
	unsigned char bytes[4];
	(void)state;
	for (uint32_t expected = 0x80; expected <= 0x10ffff; expected++) {
		uint32_t character = 0;
		size_t length = length_of(expected);
		bool is_surrogate = expected >= 0xd800 && expected <= 0xdfff;
		encode(expected, length, bytes);
		size_t result = utf8_read((struct view){(char *)bytes, length}, &character);
		if (result != (is_surrogate ? 0 : length) ||
		    (!is_surrogate && character != expected))
			fail_msg("U+%X: %zu, U+%X", expected, result, character);
	}
}

static void test_longer_sequences_than_needed_and_larger_characters_are_invalid(void **state)
{
	static const struct {
		uint32_t character;
		size_t length;
	} CASES[] = {{0, 2},     {0x2f, 2},  {0x7f, 2},   {0, 3},        {0x80, 3},
	             {0x7ff, 3}, {0x7ff, 4}, {0xffff, 4}, {0x110000, 4}, {0x13ffff, 4}};
	unsigned char bytes[4];
	uint32_t character;
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		encode(CASES[i].character, CASES[i].length, bytes);
		if (read_copy(bytes, CASES[i].length, &character) != 0)
			fail_msg("U+%X in %zu bytes", CASES[i].character, CASES[i].length);
	}
}

/* The number of bytes in a sequence with this first byte; 0 if there is none. */
static size_t expected_length(unsigned char first)
{
	if (first < 0xc2 || first > 0xf4)
		return 0;
	if (first < 0xe0)
		return 2;
	return first < 0xf0 ? 3 : 4;
}

static void test_first_byte_determines_the_length(void **state)
{
	uint32_t character;
	(void)state;
	for (unsigned first = 0; first <= 0xff; first++) {
		/* Valid after each first byte, except 0xf4, after which the second is at most 0x8f. */
		unsigned char bytes[] = {(unsigned char)first, first == 0xf4 ? 0x8f : 0x9f, 0x80,
		                         0x80, 0x80};
		if (first == 0xe0)
			bytes[1] = 0xa0;
		size_t expected = expected_length(bytes[0]);
		for (size_t length = 1; length <= sizeof bytes; length++)
			if (read_copy(bytes, length, &character) !=
			    (length < expected ? 0 : expected))
				fail_msg("0x%02x in %zu bytes", first, length);
	}
}

static void test_other_bytes_are_0x80_to_0xbf(void **state)
{
	uint32_t character;
	(void)state;
	for (size_t length = 2; length <= 4; length++)
		for (size_t i = 1; i < length; i++)
			for (unsigned byte = 0; byte <= 0xff; byte++) {
				unsigned char bytes[4];
				encode(length == 4   ? 0x50000
				       : length == 3 ? 0x5000
				                     : 0x500,
				       length, bytes);
				bytes[i] = (unsigned char)byte;
				bool is_valid = byte >= 0x80 && byte <= 0xbf;
				if (read_copy(bytes, length, &character) != (is_valid ? length : 0))
					fail_msg("byte %zu of %zu: 0x%02x", i + 1, length, byte);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_character_beyond_ascii_is_read),
	    cmocka_unit_test(test_longer_sequences_than_needed_and_larger_characters_are_invalid),
	    cmocka_unit_test(test_first_byte_determines_the_length),
	    cmocka_unit_test(test_other_bytes_are_0x80_to_0xbf),
	};
	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
