/* The word that a misspelt one is nearest to, for "did you mean". Pure. */
#ifndef MAYFLY_MAYFLYCTL_NEAREST_WORD_H
#define MAYFLY_MAYFLYCTL_NEAREST_WORD_H

#include <stddef.h>

enum { NEAREST_WORD_MAX = 24 }; /* letters; longer words are near to nothing */

/* Begins as {.word = what was typed}. */
struct nearest_word {
	const char *word;
	const char *found; /* NULL: nothing is near */
	size_t distance;   /* of `found` */
};

/*
 * Makes a candidate the one that is found if it is nearer than those before it. At most half of the
 * typed letters may have to be inserted, removed, replaced or swapped with their neighbour.
 */
void nearest_word_try(struct nearest_word *nearest, const char *candidate);

#endif
