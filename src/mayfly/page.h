/*
 * The HTML pages that the handler generates: what they have in common, and the page of a status.
 * They have the style of the site in www/, light and dark, and load no other file. Pure.
 */
#ifndef MAYFLY_PAGE_H
#define MAYFLY_PAGE_H

#include "base/buffer.h"

/*
 * Appends the page up to its title; the caller appends the title, in HTML. `meta`: further elements of the
 * head, may be empty.
 */
void page_begin(struct buffer *page, struct view meta);

/* Appends what is between the title and the content. `style`: further CSS rules, may be empty. */
void page_begin_content(struct buffer *page, struct view style);

/* Appends what follows the content. */
void page_end(struct buffer *page);

/*
 * Appends the page of a status: what happened, what to do, and the reason code, by which the owner
 * finds the log entry. `reason`: NULL if there is none. Every 404 shows "not-found"; a 503 shows no
 * reason.
 */
void page_add_status(struct buffer *page, int status, const char *reason);

#endif
