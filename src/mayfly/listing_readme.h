/* The README of a listed directory, which its listing shows. */
#ifndef MAYFLY_LISTING_README_H
#define MAYFLY_LISTING_README_H

#include "listing.h"
#include "resource.h"

/*
 * Reads README.md or, if the listing has none, README.txt into the listing: at most LISTING_README_MAX
 * bytes. Nothing if it cannot be read, or is not UTF-8 text.
 */
void listing_read_readme(struct listing *listing, const struct resource *directory);

#endif
