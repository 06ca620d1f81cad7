/* Bytes for tests: whether one is among others, and random numbers. */
#ifndef MAYFLY_TESTS_UNIT_BYTES_H
#define MAYFLY_TESTS_UNIT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool byte_is_among(int byte, const char *bytes)
{
	return byte != '\0' && strchr(bytes, byte) != NULL;
}

/* A generator (xorshift64) that yields the same numbers in each run. Its state must not be 0. */
static inline size_t random_below(uint64_t *state, size_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (size_t)(*state >> 11) % limit;
}

#endif
