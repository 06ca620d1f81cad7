/* Comma-separated lists in field values (RFC 9110 5.6.1). */
#ifndef MAYFLY_HTTP_LIST_H
#define MAYFLY_HTTP_LIST_H

#include "base/view.h"

/*
 * Removes the next non-empty member from the front of *rest and trims it. Returns false at the end
 * of the list. Does not support quoted strings: each comma separates.
 */
/*@ requires \valid(rest) && \valid(member) && \separated(rest, member) && readable(*rest);
    assigns *rest, *member;
    ensures readable(*rest) && is_end(*rest, \old(*rest));
    ensures \result ==> readable(*member) && is_within(*member, \old(*rest));
    ensures \result ==> 0 < member->length <= \old(rest->length) && rest->length < \old(rest->length); */
bool list_next(struct view *rest, struct view *member);

#endif
