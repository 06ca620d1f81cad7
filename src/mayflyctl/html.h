/* Pieces of an HTML page, written to a stream. Errors of writing stay with the stream (ferror). */
#ifndef MAYFLY_MAYFLYCTL_HTML_H
#define MAYFLY_MAYFLYCTL_HTML_H

#include <stdint.h>
#include <stdio.h>

/* Text, escaped for the content of an element or a quoted attribute. */
void html_text(FILE *page, const char *text);

/* Cells of a table. A bar is as long as the value's share of the most. */
void html_cell(FILE *page, const char *text);
void html_number_cell(FILE *page, uint64_t number);
void html_bar_cell(FILE *page, uint64_t value, uint64_t most);

/* A point in time, seconds since 1970, in the local zone; a size as people say it, "1.5 MB". */
void html_time(FILE *page, uint64_t seconds);
void html_size(FILE *page, uint64_t bytes);

#endif
