/*
 * Receiving a PROXY protocol header, by which a front end (a proxy or load balancer) names the client
 * whose connection it forwards. proxy/header.h parses it.
 */
#ifndef MAYFLY_PROXY_PROTOCOL_H
#define MAYFLY_PROXY_PROTOCOL_H

#include "exchange.h"

/*
 * Receives the PROXY header that must begin the connection, and makes the client that it names the
 * server's peer. `received` then holds the bytes that follow the header. `deadline`: microseconds of
 * clock_now_us. Returns false if the connection must be closed without a response. The reason is then
 * logged: "proxy-untrusted" if the peer is in no network of --proxy-from, "proxy-missing",
 * "proxy-malformed", "proxy-incomplete" or "proxy-too-slow"; nothing is logged if the peer closes
 * without having sent a byte.
 */
bool proxy_protocol_receive(struct server *server, struct receive_buffer *received,
                            int64_t deadline);

#endif
