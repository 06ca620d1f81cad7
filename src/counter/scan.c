/* Going through a page of records; see scan.h. */
#include "scan.h"

enum { STEP = 8 }; /* records begin at multiples of it */

/*@ requires \valid(scan) && scan_is_valid(scan) && scan->next <= scan->length;
    assigns scan->record;
    ensures \result ==> is_record(&scan->record, scan->page + scan->next, scan->length - scan->next) &&
      scan->record.path_length <= UINT32_MAX; */
static bool is_record_next(struct counter_scan *scan)
{
	return counter_record_read(scan->page + scan->next, scan->length - scan->next,
	                           &scan->record);
}

/* Steps over eight bytes that do not begin a record. */
/*@ requires \valid(scan) && scan_is_valid(scan) && scan->next + STEP <= scan->length;
    requires scan->pos + scan->damage <= scan->next;
    assigns scan->next, scan->pos, scan->damage;
    ensures scan->next == \old(scan->next) + STEP && scan->pos + scan->damage <= scan->next;
    ensures \old(scan->pos) <= scan->pos; */
static void skip_step(struct counter_scan *scan)
{
	size_t step = scan->next;
	scan->next += STEP;
	if (counter_load64(scan->page + step) == 0)
		return;
	if (scan->damage == 0)
		scan->pos = step;
	scan->damage = scan->next - scan->pos;
}

/* Steps over what is not a record: eight bytes at least. */
/*@ requires \valid(scan) && scan_is_valid(scan) && scan->next + STEP <= scan->length;
    assigns scan->next, scan->pos, scan->is_record, scan->record, scan->damage;
    ensures scan_is_valid(scan) && scan->next > \old(scan->next) && !scan->is_record && is_found(scan, \old(scan->next)); */
static void skip_gap(struct counter_scan *scan)
{
	scan->pos = scan->next;
	scan->is_record = false;
	scan->damage = 0;
	skip_step(scan);
	/*@ loop invariant \at(scan->next, Pre) < scan->next <= scan->length && \at(scan->next, Pre) <= scan->pos;
	    loop invariant scan->pos + scan->damage <= scan->next;
	    loop assigns scan->next, scan->pos, scan->record, scan->damage;
	    loop variant scan->length - scan->next; */
	while (scan->next + STEP <= scan->length && !is_record_next(scan))
		skip_step(scan);
}

bool counter_scan_next(struct counter_scan *scan)
{
	if (scan->next + STEP > scan->length)
		return false;
	if (!is_record_next(scan)) {
		skip_gap(scan);
		return true;
	}
	scan->pos = scan->next;
	scan->is_record = true;
	scan->damage = 0;
	scan->next += counter_record_size(scan->record.path_length);
	return true;
}
