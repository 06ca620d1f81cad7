/*
 * The rules in a site's own directory, for an exchange: reads the file _redirects if there is nothing
 * at the path, and _headers for each response. What they mean is in http/redirects.h and
 * http/header_rules.h. With --no-rules the functions do nothing.
 */
#ifndef MAYFLY_EXCHANGE_RULES_H
#define MAYFLY_EXCHANGE_RULES_H

#include "exchange.h"

/*
 * Applies _redirects to a request that has been refused. Returns the refusal if no rule applies, or the
 * one that the rule asks for. If a rule leads elsewhere, sets exchange->rule and returns ACCEPTED; if
 * its target is to be served, exchange->resource is that file. Refusals: 404 "redirects-too-large" and
 * "redirects-unreadable"; 414 "redirect-too-long" if the request makes the target too long.
 */
struct refusal exchange_redirect(struct exchange *exchange, struct view host,
                                 struct refusal refusal);

/*
 * Collects the fields that _headers has for the response: none if no site is open. If the file is larger
 * than its limit, or cannot be read, none apply, and the log shows "headers-too-large" or
 * "headers-unreadable".
 */
const struct header_rules *exchange_read_header_rules(struct exchange *exchange);

/* The Content-Type that the rules set for a file; empty if they do not. */
struct view exchange_own_media_type(const struct exchange *exchange);

/*
 * Appends fields that have a value of the server's own as well: Vary, to which the rules add, and
 * Cache-Control, whose `value` they replace. `request_field`: the field that has selected the response; empty
 * for none.
 */
void exchange_add_vary(struct exchange *exchange, struct view request_field);
void exchange_add_cache_control(struct exchange *exchange, struct view value);

#endif
