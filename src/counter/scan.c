/* Going through a page of records; see scan.h. */
#include "scan.h"

enum { STEP = 8 }; /* records begin at multiples of it */

static bool is_record_next(struct counter_scan *scan)
{
	return counter_record_read(scan->page + scan->next, scan->length - scan->next,
	                           &scan->record);
}

/* Steps over what is not a record. */
static void skip_gap(struct counter_scan *scan)
{
	scan->pos = scan->next;
	scan->is_record = false;
	scan->damage = 0;
	for (; scan->next + STEP <= scan->length && !is_record_next(scan); scan->next += STEP) {
		if (counter_load64(scan->page + scan->next) == 0)
			continue;
		if (scan->damage == 0)
			scan->pos = scan->next;
		scan->damage = scan->next + STEP - scan->pos;
	}
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
