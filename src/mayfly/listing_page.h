/*
 * The page of a listing, with the README of the directory, and the listing's entity tag. The page is
 * written in pieces, so that a buffer for one piece is enough for a page of any length. Pure.
 */
#ifndef MAYFLY_LISTING_PAGE_H
#define MAYFLY_LISTING_PAGE_H

#include "base/buffer.h"
#include "listing.h"

enum { LISTING_PIECE_MAX = 49152 }; /* bytes; the longest is the first: it shows the path twice */

/* Appends the piece of that index. Returns false, and appends nothing, if there is none. */
bool listing_page_add(const struct listing *listing, size_t piece, struct buffer *page);

/* Appends the weak entity tag (RFC 9110 8.8.1): a hash of all that the page, or JSON, shows. */
void listing_page_add_tag(const struct listing *listing, struct buffer *tag);

#endif
