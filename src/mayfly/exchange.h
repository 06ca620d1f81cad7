/*
 * One exchange: a request read, answered, counted and logged. Everything that needs a right was
 * opened before and stands in the server; everything here may be reached by a client's bytes.
 */
#ifndef MAYFLY_EXCHANGE_H
#define MAYFLY_EXCHANGE_H

#include "access_log.h"
#include "connection.h"
#include "http/request.h"
#include "options.h"
#include "peer.h"
#include "resource.h"

struct server {
	struct options options;
	struct connection connection;
	struct peer peer;
	struct access_log log;
	struct site site;
	int hits; /* descriptor of the counter file, or -1 */
	const char
	    *hits_loss; /* why it could not be opened; NULL where it was, or nothing is counted */
};

/* Bytes received and not used yet: what stands behind a request is the beginning of the next. */
struct inbox {
	char bytes[REQUEST_HEAD_MAX];
	size_t length;
};

enum outcome {
	OUTCOME_NEXT,  /* the connection may carry a further request */
	OUTCOME_CLOSE, /* it may not */
	OUTCOME_DRAIN, /* nor has all been read that the client sends */
};

/* Serves one request whose head must be there at the deadline (microseconds of clock_now_us). */
enum outcome exchange_serve(struct server *server, struct inbox *inbox, int64_t deadline);

#endif
