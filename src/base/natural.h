/* The order in which people look for names: "file2" before "File10". Pure. */
#ifndef MAYFLY_BASE_NATURAL_H
#define MAYFLY_BASE_NATURAL_H

#include "view.h"

/*
 * Compares two names: runs of digits by the number they make, however long, ASCII letters without
 * their case, all else byte by byte. Names that differ only in case or in leading zeros follow
 * each other in the order of their bytes. Returns less than, equal to or greater than 0; 0 only
 * for the same bytes.
 */
int natural_compare(struct view a, struct view b);

#endif
