/*
 * A listing as JSON, for scripts: an array of one object per entry, with the keys of nginx's
 * autoindex_format json, and the hits. Written in pieces, as listing_page.h. Pure.
 */
#ifndef MAYFLY_LISTING_JSON_H
#define MAYFLY_LISTING_JSON_H

#include "base/buffer.h"
#include "listing.h"

/* Appends the piece of that index. Returns false, and appends nothing, if there is none. */
bool listing_json_add(const struct listing *listing, size_t piece, struct buffer *text);

#endif
