/* FNV-1a; see fnv.h. */
#include "fnv.h"

#define PRIME UINT64_C(0x100000001b3)

uint64_t fnv_add(uint64_t hash, const void *data, size_t length)
{
	const unsigned char *bytes = data;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * PRIME;
	return hash;
}

uint64_t fnv_add_number(uint64_t hash, uint64_t number)
{
	/*@ loop invariant i <= 8;
	    loop assigns i, hash, number;
	    loop variant 8 - i; */
	for (size_t i = 0; i < sizeof number; i++, number >>= 8)
		hash = (hash ^ (number & 0xff)) * PRIME;
	return hash;
}
