/*
 * Which responses are hits: the GETs by which a client begins to fetch a resource, or learns that its
 * copy is current. Pure. Counting them is counter/add.h's; mayfly-hits(5) describes the rule to users.
 */
#ifndef MAYFLY_HTTP_HIT_H
#define MAYFLY_HTTP_HIT_H

#include "range.h"
#include "request.h"

/*
 * Whether the client fetches in advance what a user may never see: the token of Sec-Purpose (an item
 * of RFC 9651 3.3, whose parameters, such as ;prerender, do not matter) or the value of Purpose, which
 * older browsers send, is "prefetch".
 */
bool hit_is_prefetch(const struct request *request);

/*
 * Whether a 206 whose first range is this one is a hit: it begins at byte 0 and has more than 2 bytes.
 * Resuming a download, fetching it in parts and seeking in a video begin elsewhere; players ask for the
 * bytes 0 and 1 to learn whether they can seek.
 */
bool hit_begins_with(struct range first);

#endif
