/*
 * Responding to a request for a directory that has no index file. listing.h reads the directory,
 * listing_page.h writes the page.
 */
#ifndef MAYFLY_RESPOND_LISTING_H
#define MAYFLY_RESPOND_LISTING_H

#include "exchange.h"

/* Sends the listing, or its 304 or 412. It is not counted as a hit. */
void respond_listing(struct exchange *exchange);

#endif
