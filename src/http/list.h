/* Comma-separated lists in field values (RFC 9110 5.6.1). */
#ifndef MAYFLY_HTTP_LIST_H
#define MAYFLY_HTTP_LIST_H

#include "base/view.h"

/*
 * Removes the next non-empty member from the front of *rest and trims it. Returns false at the end
 * of the list. Does not support quoted strings: each comma separates.
 */
bool list_next(struct view *rest, struct view *member);

#endif
