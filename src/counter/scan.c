/* Stepping through a page of records; see scan.h. */
#include "scan.h"

enum { STEP = 8 }; /* records begin at multiples of it */

static bool finds_record(struct counter_scan *scan)
{
	return counter_record_read(scan->page + scan->next, scan->length - scan->next,
	                           &scan->record);
}

/* Steps over what is no record. */
static void take_gap(struct counter_scan *scan)
{
	scan->pos = scan->next;
	scan->is_record = false;
	scan->damage = 0;
	for (; scan->next + STEP <= scan->length && !finds_record(scan); scan->next += STEP) {
		if (counter_load64(scan->page + scan->next) == 0)
			continue;
		if (scan->damage == 0)
			scan->pos = scan->next;
		scan->damage = scan->next + STEP - scan->pos;
	}
}

bool counter_scan(struct counter_scan *scan)
{
	if (scan->next + STEP > scan->length)
		return false;
	if (!finds_record(scan)) {
		take_gap(scan);
		return true;
	}
	scan->pos = scan->next;
	scan->is_record = true;
	scan->damage = 0;
	scan->next += counter_record_size(scan->record.path_length);
	return true;
}
