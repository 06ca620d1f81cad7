/* Finding the word that a misspelt one is nearest to; see nearest_word.h. */
#include "nearest_word.h"
#include <stdint.h>
#include <string.h>

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;
	return smaller < c ? smaller : c;
}

/* How many letters must be inserted, removed, replaced or swapped with their neighbour. */
static size_t word_distance(const char *a, const char *b)
{
	size_t rows[NEAREST_WORD_MAX + 1][NEAREST_WORD_MAX + 1];
	size_t length = strlen(a), width = strlen(b);
	if (length > NEAREST_WORD_MAX || width > NEAREST_WORD_MAX)
		return SIZE_MAX / 2;
	for (size_t i = 0; i <= length; i++)
		for (size_t j = 0; j <= width; j++) {
			if (i == 0 || j == 0) {
				rows[i][j] = i + j;
				continue;
			}
			rows[i][j] = smallest(rows[i - 1][j] + 1, rows[i][j - 1] + 1,
			                      rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    rows[i - 2][j - 2] + 1 < rows[i][j])
				rows[i][j] = rows[i - 2][j - 2] + 1;
		}
	return rows[length][width];
}

void nearest_word_try(struct nearest_word *nearest, const char *candidate)
{
	size_t distance = word_distance(nearest->word, candidate);
	if (2 * distance > strlen(nearest->word) ||
	    (nearest->found != NULL && distance >= nearest->distance))
		return;
	nearest->distance = distance;
	nearest->found = candidate;
}
