/*
 * Showing a count at --counter-path: the badge of http/badge.h for a resource of the site. Such a request is
 * no hit, takes no lock, and is logged only if it fails.
 */
#ifndef MAYFLY_EXCHANGE_COUNTER_H
#define MAYFLY_EXCHANGE_COUNTER_H

#include "exchange.h"

/*
 * Parses the query and finds the resource whose count is asked for; exchange->resource is then that of the
 * path, without a file. `counted`: a path, or empty for the page that Referer names, of the same host. A path
 * where nothing exists is no error: its count is 0. Refusals: 400 "counter-no-referer" if Referer is missing
 * or names another host, or a code of badge_parse_query; 503 "root-unusable".
 */
struct refusal exchange_find_counter(struct exchange *exchange, struct view host,
                                     struct view counted);

/* Responds with the badge: 200, 304 or 412; or 503 if the counter file cannot be read. */
void exchange_send_counter(struct exchange *exchange);

#endif
