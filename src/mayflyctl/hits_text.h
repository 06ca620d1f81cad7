/*
 * The text that `mayflyctl hits export` writes and `hits import` reads. Lines end with a line feed;
 * numbers are decimal:
 *
 *   mayfly-hits 1          the format
 *   # WORD TEXT            comments, all before the first count: what a history stores (history.h)
 *   COUNT TAB PATH         one line per resource; the path as in a URL (RFC 3986)
 *   end TAB N              the number of such lines, so that a truncated text is noticed
 */
#ifndef MAYFLY_MAYFLYCTL_HITS_TEXT_H
#define MAYFLY_MAYFLYCTL_HITS_TEXT_H

#include "base/view.h"
#include "hits_counts.h"
#include <stdio.h>

/*
 * The parts of a text: the line of the format, a line with a count after `prefix` for each count, and
 * the counts with the end marker. Between the first and the last, comments may be written. The caller
 * checks ferror(file) and counts->problem.
 */
void hits_text_write_format(FILE *file);
void hits_text_write_lines(FILE *file, struct counts *counts, const char *prefix);
void hits_text_write_counts(FILE *file, struct counts *counts);

/* A function that is called for each count, for example counts_add. */
typedef void hits_text_each(void *context, const char *path, size_t path_length, uint64_t count);

/* What hits_text_read_part calls. */
struct hits_text_reader {
	hits_text_each *each;
	void *context;
	const char *const *problem; /* reading ends when this is set; or NULL */
	/* For the text of each comment, after "# "; returns NULL, or an error. May be NULL. */
	const char *(*comment)(void *context, struct view text);
	void *comment_context;
};

/*
 * Reads a text up to its end marker; other data may follow. *line is the number of the line before
 * the text, and afterwards that of the end marker or of the error. Returns NULL, or the error. In a
 * path any byte may be percent-encoded; only '%' and control bytes must be.
 */
const char *hits_text_read_part(FILE *file, const struct hits_text_reader *reader, size_t *line);

/*
 * Parses "COUNT TAB PATH" and passes it on, as a line of a text. Returns NULL, or the error.
 */
const char *hits_text_parse_count(struct view line, hits_text_each *each, void *context);

#endif
