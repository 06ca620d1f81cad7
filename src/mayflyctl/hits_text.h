/*
 * The text that `mayflyctl hits export` writes and `import` reads back exactly. A line each, ended
 * by a line feed; numbers are decimal:
 *
 *   mayfly-hits 1          the format
 *   COUNT TAB PATH         the path as in a URL: what RFC 3986 does not allow there is %XX
 *   end TAB N              how many such lines there were: what was cut short is noticed
 */
#ifndef MAYFLY_MAYFLYCTL_HITS_TEXT_H
#define MAYFLY_MAYFLYCTL_HITS_TEXT_H

#include "hits_counts.h"
#include <stdio.h>

/* Writes all. Whether it could be written, `file` knows (ferror). */
void hits_text_write(FILE *file, const struct counts *counts);

/*
 * Reads all. Returns NULL, or what is wrong with line *line. Bytes of a path that need not be %XX
 * may be so, and those that should be may stand as they are, but for controls and '%'.
 */
const char *hits_text_read(FILE *file, struct counts *counts, size_t *line);

/* Decodes %XX in place; false where a '%' begins none. */
bool hits_text_decode(char *path, size_t *length);

#endif
