/* The order of a listing's rows. */
#ifndef MAYFLY_LISTING_SORT_H
#define MAYFLY_LISTING_SORT_H

#include "listing.h"

/*
 * Sorts directories before files, each by listing->order; rows that are equal in it by name
 * (base/natural.h), ascending.
 */
void listing_sort(struct listing *listing);

#endif
