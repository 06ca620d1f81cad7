/*
 * Responding to a request: one function per kind of response. Each writes the head, counts the hit
 * if there is one, sends, and fills in the exchange's log entry. See also respond_listing.h;
 * response.h writes the fields, exchange_send.h sends them.
 */
#ifndef MAYFLY_RESPOND_H
#define MAYFLY_RESPOND_H

#include "exchange.h"

/*
 * An error status with its page: the site's own 403.html, 404.html or 500.html, or else the built-in
 * one. Closes the connection. A 503 has Retry-After (RFC 9110 10.2.3) and does not show its reason
 * code.
 */
void respond_refusal(struct exchange *exchange, struct refusal refusal);

/*
 * 301 to the same path with a slash at its end, for a directory; without it if only --extension makes it
 * the path of a file. Keeps the query (RFC 9110 15.4.2).
 */
void respond_redirect(struct exchange *exchange);

/* 301 to the same host, path and query with the scheme https and its default port. */
void respond_https(struct exchange *exchange);

/* 301, 302, 303, 307 or 308 to where the rule of _redirects leads. */
void respond_rule(struct exchange *exchange);

/* 204 with Allow, for OPTIONS (RFC 9110 9.3.7). */
void respond_options(struct exchange *exchange);

/*
 * Answers a request for --health-path: 200 if files can be served and hits be counted, else 503. The
 * body is one word, which caches must not store. It is not counted as a hit.
 */
void respond_health(struct exchange *exchange);

/* The resource: 200, 206, 304, 412 or 416, depending on the conditions and ranges of the request. */
void respond_resource(struct exchange *exchange);

#endif
