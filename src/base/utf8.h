/* Characters in UTF-8 (RFC 3629). Pure. */
#ifndef MAYFLY_BASE_UTF8_H
#define MAYFLY_BASE_UTF8_H

#include "view.h"
#include <stdint.h>

enum { UTF8_LENGTH_MAX = 4 }; /* bytes of a character */

/*
 * Reads the character of more than one byte that `bytes`, which is not empty, begins with. Returns its
 * length in bytes, 2 to 4; or 0, with *character undefined, if there is none: for ASCII, and for bytes
 * that are not UTF-8 (RFC 3629 3 and 4: not the shortest form, a surrogate, above U+10FFFF, or cut off).
 */
/*@ requires readable(bytes) && bytes.length > 0 && \valid(character);
    assigns *character;
    ensures \result == 0 || 2 <= \result <= UTF8_LENGTH_MAX;
    ensures \result <= bytes.length;
    ensures \forall integer i; 0 <= i < \result ==> !(0 <= bytes.data[i] <= 127);
    ensures \result > 0 ==> 0x80 <= *character <= 0x10ffff && !(0xd800 <= *character <= 0xdfff); */
size_t utf8_read(struct view bytes, uint32_t *character);

#endif
