/* What a handler has opened before it looks at the first byte of its client, and what it knows of the
 * connection. */
#ifndef MAYFLY_SERVER_H
#define MAYFLY_SERVER_H

#include "access_log.h"
#include "connection.h"
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
	    *hits_error; /* why it could not be opened; NULL where it was, or nothing is counted */
	const char *unavailable; /* reason code for which every request is answered 503, or NULL */
	int64_t started;         /* microseconds of clock_now_us */
	unsigned requests;       /* received on this connection */
};

#endif
