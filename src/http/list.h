/* Lists as fields have them, members joined by commas (RFC 9110 5.6.1). */
#ifndef MAYFLY_HTTP_LIST_H
#define MAYFLY_HTTP_LIST_H

#include "base/parse.h"

/*
 * Takes the next member off the front of a list, without the white space around it; empty ones are
 * skipped. Returns false at the list's end. Knows no quoted strings: a comma always separates.
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
