/*
 * Answering: one function a kind of response. Each writes the head, counts the hit where there is
 * one, and sends; what happened stands in the exchange's log entry. How a head is written is
 * response.h's.
 */
#ifndef MAYFLY_RESPOND_H
#define MAYFLY_RESPOND_H

#include "exchange.h"

/*
 * An error status with its page: the site's own 403.html, 404.html or 500.html, else a built-in
 * one. The connection ends with it. A 503 has Retry-After (RFC 9110 10.2.3) and shows no reason code.
 */
void respond_refusal(struct exchange *exchange, struct refusal refusal);

/* 301 to the directory's name with its slash, the query kept (RFC 9110 15.4.2). */
void respond_redirect(struct exchange *exchange);

/* 204 with Allow, for OPTIONS (RFC 9110 9.3.7). */
void respond_options(struct exchange *exchange);

/*
 * Whether the site can be served: 200, or 503 if the root directory cannot be entered or hits are to
 * be counted and cannot be. The body is a word, which no cache may store; nothing is counted.
 */
void respond_health(struct exchange *exchange);

/* The resource: 200, 206, 304, 412 or 416, as conditions and ranges decide. */
void respond_resource(struct exchange *exchange);

/* The folder's listing: 200, 304 or 412. It is no hit. */
void respond_listing(struct exchange *exchange);

#endif
