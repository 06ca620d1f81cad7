/*
 * The text that `mayflyctl hits export` writes and `import` reads back exactly. Lines end with a
 * line feed; numbers are decimal:
 *
 *   mayfly-hits 1          the format
 *   COUNT TAB PATH         one line per resource; the path as in a URL (RFC 3986)
 *   end TAB N              the number of such lines, so that a truncated text is noticed
 */
#ifndef MAYFLY_MAYFLYCTL_HITS_TEXT_H
#define MAYFLY_MAYFLYCTL_HITS_TEXT_H

#include "hits_counts.h"
#include <stdio.h>

/* Writes all counts. If that fails, ferror(file) or counts->problem says so. */
void hits_text_write(FILE *file, struct counts *counts);

/*
 * Reads a text. Returns NULL, or what is wrong with line *line. In a path, bytes may be
 * percent-encoded that need not be; and any byte may stand as it is but '%' and control bytes.
 */
const char *hits_text_read(FILE *file, struct counts *counts, size_t *line);

#endif
