/*
 * What a page of records holds, piece by piece: shared by all that read the whole file. Pure;
 * internal to src/counter.
 */
#ifndef MAYFLY_COUNTER_SCAN_H
#define MAYFLY_COUNTER_SCAN_H

#include "layout.h"

struct counter_scan {
	const unsigned char *page; /* or what there is of the last one */
	size_t length;             /* bytes, as are the following */
	size_t next;               /* where the next piece begins; 0 at first */

	size_t pos;     /* where the piece begins that was found */
	bool is_record; /* the piece is a record; else it is what is between two */
	struct counter_record record;
	size_t damage; /* bytes from `pos` that are damaged, if it is not a record */
};

/*
 * Finds the next piece. Returns false after the last. Between records, zeros are no damage: the
 * next record did not fit, or a power failure took one. `pos` and `damage` leave out the zeros at
 * both ends.
 */
bool counter_scan_next(struct counter_scan *scan);

#endif
