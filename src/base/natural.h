/* Natural order of names, as people expect it: "file2" before "File10". Pure. */
#ifndef MAYFLY_BASE_NATURAL_H
#define MAYFLY_BASE_NATURAL_H

#include "view.h"

/*
 * Compares two names: digit sequences of any length by their numeric value, ASCII letters without
 * case, everything else byte by byte. Names that differ only in case or leading zeros are ordered
 * by their bytes. Returns a value less than, equal to or greater than 0; 0 only for equal bytes.
 */
int natural_compare(struct view a, struct view b);

#endif
