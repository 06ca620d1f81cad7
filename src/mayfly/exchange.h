/*
 * One exchange: reads a request, responds to it, counts the hit and logs it. Whatever needs a right
 * was opened before and is in `struct server`: this code handles bytes that a client has sent.
 */
#ifndef MAYFLY_EXCHANGE_H
#define MAYFLY_EXCHANGE_H

#include "http/badge.h"
#include "http/header_rules.h"
#include "http/request.h"
#include "http/target.h"
#include "representation.h"
#include "server.h"

/* Bytes received and not parsed yet: after the head of a request, the beginning of the next one. */
struct receive_buffer {
	size_t length;
	char bytes[REQUEST_HEAD_MAX];
};

enum {
	/* Bytes. Holds a Location of which each byte is encoded, and the fields of --header and _headers. */
	RESPONSE_HEAD_MAX = 86016,
	RESPONSE_PAGE_MAX = 2048, /* bytes of a built-in page */
};

/* The rule of _redirects that applies. */
struct exchange_rule {
	int status; /* 0: none */
	char name[32];
	struct view to; /* for Location */
};

/*
 * A request and its response. Cleared before each request. What each exchange writes comes first, and large
 * buffers at the end of their struct, so that a handler that serves one request touches few pages.
 */
struct exchange {
	struct server *server;
	struct view rules_path; /* canonical: _headers applies to it; empty: unknown */
	struct representation representation;
	struct exchange_rule rule;
	const struct header_rules *header_rules; /* of _headers; set by exchange_begin_head */
	struct log_entry entry;
	struct timespec now; /* for the Date field, and to compare other dates with */
	int64_t started;     /* microseconds of clock_now_us */
	bool is_health;      /* the target is --health-path */
	/* The target is below --counter-path; BADGE_NONE: it is not. */
	enum badge_format badge_format;
	bool badge_is_of_referer; /* the target names no path */
	struct badge badge;
	bool needs_https; /* --https-redirect applies */
	bool persist;     /* the connection may carry a further request */
	/* An HTML file, and the end in the head of the charset that it may contradict; 0: there is none. */
	int charset_file;
	size_t charset_end;
	struct buffer head;
	struct request request;
	struct target target;
	struct resource resource;
	char head_buffer[RESPONSE_HEAD_MAX + RESPONSE_PAGE_MAX];
};

enum next_action {
	NEXT_REQUEST, /* the connection may carry a further request */
	NEXT_CLOSE,   /* close the connection */
	NEXT_DRAIN,   /* close it, but first read what the client may still send */
};

/* The host of the request: the authority of an absolute-form target precedes Host (RFC 9112 3.2.2). */
struct view exchange_host(const struct exchange *exchange);

/*
 * Serves one request. `received`: bytes that have already come; keeps those of the next request.
 * `deadline`: when the head must be complete, in microseconds of clock_now_us. Responds 503 to every
 * request if server->unavailable is set.
 * Closes what it has opened only before a further request: otherwise the process exits soon.
 */
enum next_action exchange_serve(struct server *server, struct receive_buffer *received,
                                int64_t deadline);

#endif
