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

/*@ predicate scan_is_valid(struct counter_scan *s) = \valid_read(s->page + (0 .. s->length - 1)) &&
      s->length <= COUNTER_PAGE && s->next < s->length + 8;
    // What was found lies in the page, after what was found before.
    predicate is_found(struct counter_scan *s, integer before) = before <= s->pos && s->pos + s->damage <= s->next &&
      (s->is_record ? s->pos == before && s->damage == 0 && is_record(&s->record, s->page + s->pos, s->length - s->pos)
                    : s->next <= s->length); */

/*
 * Finds the next piece. Returns false after the last. Between records, zeros are no damage: the
 * next record did not fit, or a power failure took one. `pos` and `damage` leave out the zeros at
 * both ends.
 */
/*@ requires \valid(scan) && scan_is_valid(scan);
    assigns scan->next, scan->pos, scan->is_record, scan->record, scan->damage;
    ensures scan_is_valid(scan);
    ensures \result ==> scan->next > \old(scan->next) && is_found(scan, \old(scan->next)); */
bool counter_scan_next(struct counter_scan *scan);

#endif
