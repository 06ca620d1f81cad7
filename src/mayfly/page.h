/*
 * The pages that the handler makes itself, in HTML: what they have in common, and those of errors.
 * Small, in the style of the site in www/, light and dark, and in need of no other file. Sends
 * nothing.
 */
#ifndef MAYFLY_PAGE_H
#define MAYFLY_PAGE_H

#include "base/buffer.h"

/* The page's beginning: up to its title. What follows is the title, in HTML. */
void page_begin(struct buffer *page);

/* From the title to the page's own content; more rules of CSS, or an empty view. */
void page_begin_content(struct buffer *page, struct view style);

void page_end(struct buffer *page);

/*
 * The page of a status: what has happened, what to do, and the reason code, by which the owner
 * finds the line in the log; NULL for none. Every 404 shows "not-found".
 */
void page_of_status(struct buffer *page, int status, const char *reason);

#endif
