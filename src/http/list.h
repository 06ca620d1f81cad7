/* Comma-separated lists in field values (RFC 9110 5.6.1). */
#ifndef MAYFLY_HTTP_LIST_H
#define MAYFLY_HTTP_LIST_H

#include "base/parse.h"

/*
 * Removes the next non-empty member from the front of *rest and trims it. Returns false at the end
 * of the list. Does not support quoted strings: each comma separates.
 */
static inline bool list_next(struct view *rest, struct view *member)
{
	while (rest->length > 0) {
		(void)parse_cut(rest, ',', member);
		*member = view_trim(*member);
		if (member->length > 0)
			return true;
	}
	return false;
}

#endif
