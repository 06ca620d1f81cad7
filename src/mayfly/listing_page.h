/*
 * The page of a listing, piece by piece, so that one of any length is written with a buffer for one
 * piece; and its validator. Pure.
 */
#ifndef MAYFLY_LISTING_PAGE_H
#define MAYFLY_LISTING_PAGE_H

#include "base/buffer.h"
#include "listing.h"

enum { LISTING_PIECE_MAX = 49152 }; /* bytes of the longest: the path stands in the first twice */

/* Appends a piece, counted from 0. Returns false, and appends nothing, behind the last. */
bool listing_page_add(const struct listing *listing, size_t piece, struct buffer *page);

/* Bytes of all pieces together. */
uint64_t listing_page_length(const struct listing *listing);

/*
 * Appends the page's entity tag, a weak one (RFC 9110 8.8.1): another one as soon as the page would
 * show anything else.
 */
void listing_page_add_tag(const struct listing *listing, struct buffer *tag);

#endif
