/*
 * FNV-1a with 64 bits (RFC 9923): a hash for tables and tags. It has no key and is easily inverted:
 * it neither hides what was hashed from a determined reader nor withstands bytes chosen to collide.
 */
#ifndef MAYFLY_BASE_FNV_H
#define MAYFLY_BASE_FNV_H

#include <stddef.h>
#include <stdint.h>

/* The hash of no bytes. */
#define FNV_START UINT64_C(0xcbf29ce484222325)

/* The hash of what `hash` is the hash of, followed by `length` bytes. */
/*@ requires \valid_read((unsigned char *)data + (0 .. length - 1));
    assigns \nothing; */
uint64_t fnv_add(uint64_t hash, const void *data, size_t length);

/* The same, followed by the eight bytes of a number, the least significant first. */
/*@ assigns \nothing; */
uint64_t fnv_add_number(uint64_t hash, uint64_t number);

#endif
