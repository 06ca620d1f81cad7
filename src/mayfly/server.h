/* What a handler has opened before it reads the first byte of its client, and its connection's state. */
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
	int hits;               /* descriptor of the counter file, or -1 */
	const char *hits_error; /* reason code if the counter file could not be opened, or NULL */
	int robots;             /* the same for the counter file of robots */
	const char *robots_error;
	struct view robots_list; /* of --robots-list; empty: none */
	const char *unavailable; /* reason code of the 503 that every request gets, or NULL */
	int64_t started;         /* microseconds of clock_now_us */
	unsigned requests;       /* received on this connection */
};

#endif
