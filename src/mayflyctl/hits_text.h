/*
 * The text that `mayflyctl hits export` writes and `hits import` reads. Lines end with a line feed;
 * numbers are decimal:
 *
 *   mayfly-hits 1          the format
 *   COUNT TAB PATH         one line per resource; the path as in a URL (RFC 3986)
 *   end TAB N              the number of such lines, so that a truncated text is noticed
 */
#ifndef MAYFLY_MAYFLYCTL_HITS_TEXT_H
#define MAYFLY_MAYFLYCTL_HITS_TEXT_H

#include "hits_counts.h"
#include <stdio.h>

/* Writes all counts. The caller checks ferror(file) and counts->problem. */
void hits_text_write(FILE *file, struct counts *counts);

/*
 * Reads a text. Returns NULL, or the error in line *line. In a path any byte may be
 * percent-encoded; only '%' and control bytes must be.
 */
const char *hits_text_read(FILE *file, struct counts *counts, size_t *line);

#endif
