/*
 * What a page of records holds, piece by piece: what all share who read, mend or empty a counter
 * file as a whole. Pure; internal to src/counter.
 */
#ifndef MAYFLY_COUNTER_SCAN_H
#define MAYFLY_COUNTER_SCAN_H

#include "layout.h"

/* A page, or what there is of the last one, and where the scan of it stands. */
struct counter_scan {
	const unsigned char *page;
	size_t length;
	size_t next; /* where the next piece begins; 0 at first */

	size_t pos; /* where the piece begins that was found */
	bool is_record;
	struct counter_record record; /* where it is one */
	size_t damage;                /* bytes from `pos` that are damaged, where it is none */
};

/*
 * Finds the next piece: a record, or what stands between two. Of the latter, zeros at both ends
 * belong: they are where the next record did not fit, or where a power failure took what stood
 * there. What is between them is damage, and `pos` is where it begins. Returns false behind the
 * last.
 */
bool counter_scan(struct counter_scan *scan);

#endif
