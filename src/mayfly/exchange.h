/*
 * One exchange: a request read, answered, counted and logged. Everything that needs a right was
 * opened before and stands in the server; everything here may be reached by a client's bytes.
 */
#ifndef MAYFLY_EXCHANGE_H
#define MAYFLY_EXCHANGE_H

#include "http/request.h"
#include "http/target.h"
#include "representation.h"
#include "server.h"

/* Bytes received and not used yet: what stands behind a request is the beginning of the next. */
struct receive_buffer {
	char bytes[REQUEST_HEAD_MAX];
	size_t length;
};

enum {
	RESPONSE_HEAD_MAX =
	    65536, /* bytes; a Location may be all encoded, and the owner's fields long */
	RESPONSE_PAGE_MAX = 2048,
};

/* What is known of a request and of its response. Made anew for each. */
struct exchange {
	struct server *server;
	struct request request;
	struct target target;
	struct resource resource;
	struct representation representation;
	struct log_entry entry;
	struct timespec now; /* the response's Date */
	int64_t started;     /* microseconds of clock_now_us */
	bool is_health;      /* what is asked for is whether the site can be served */
	bool persist;        /* the connection may carry a further request */
	struct buffer head;
	char head_buffer[RESPONSE_HEAD_MAX + RESPONSE_PAGE_MAX];
};

enum next_action {
	NEXT_REQUEST, /* the connection may carry a further request */
	NEXT_CLOSE,   /* it may not */
	NEXT_DRAIN,   /* it may not, and the client may send more */
};

/*
 * Serves one request whose head must be there at the deadline (microseconds of clock_now_us). If the
 * server is unavailable, the answer to every request is 503.
 */
enum next_action exchange_serve(struct server *server, struct receive_buffer *received,
                                int64_t deadline);

#endif
