/* Lists as fields have them, members joined by commas (RFC 9110 5.6.1). */
#ifndef MAYFLY_HTTP_LIST_H
#define MAYFLY_HTTP_LIST_H

#include "base/view.h"

/*
 * Takes the next member off the front of a list, without the white space around it; empty ones are
 * skipped. Returns false at the list's end. Knows no quoted strings: a comma always separates.
 */
static inline bool list_next(struct view *rest, struct view *member)
{
	while (rest->length > 0) {
		const char *comma = memchr(rest->data, ',', rest->length);
		size_t length = comma != NULL ? (size_t)(comma - rest->data) : rest->length;
		*member = view_trim((struct view){rest->data, length});
		*rest = view_from(*rest, comma != NULL ? length + 1 : length);
		if (member->length > 0)
			return true;
	}
	return false;
}

#endif
