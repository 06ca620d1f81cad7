/*
 * A front end before the handler, a proxy or load balancer: its word on whose connection it passes
 * on. How it says that is proxy/header.h's.
 */
#ifndef MAYFLY_PROXY_PROTOCOL_H
#define MAYFLY_PROXY_PROTOCOL_H

#include "exchange.h"

/*
 * Takes the PROXY header off the front of the connection, by the deadline (microseconds of
 * clock_now_us); what came behind it stays in the receive buffer. Where it tells of a client, that
 * is the server's peer from then on. Returns false where there is nobody to serve: the connection
 * is to be closed without an answer, and the log was told why: "proxy-untrusted" it does not come
 * from where
 * --proxy-from says, "proxy-missing", "proxy-malformed", "proxy-incomplete", "proxy-too-slow". Who
 * leaves without a byte is not told of.
 */
bool proxy_protocol_receive(struct server *server, struct receive_buffer *received,
                            int64_t deadline);

#endif
