/* Receiving a PROXY protocol header; see proxy_protocol.h. */
#include "proxy_protocol.h"
#include "base/clock.h"
#include "proxy/header.h"
#include <errno.h>

_Static_assert((size_t)PROXY_HEADER_MAX < (size_t)REQUEST_HEAD_MAX,
               "a header fits in the receive buffer");

/* Logs a connection that is closed without a response, with the status that a response would have. */
static bool refuse_connection(const struct server *server, struct refusal refusal)
{
	struct log_entry entry = {.status = refusal.status, .reason = refusal.reason};
	access_log_write(&server->log, &server->peer, &entry);
	return false;
}

/* Logs why a header is incomplete, unless the peer has sent nothing. */
static bool refuse_incomplete(const struct server *server, const struct receive_buffer *received,
                              bool is_late)
{
	if (is_late)
		return refuse_connection(server, refuse(408, "proxy-too-slow"));
	if (received->length > 0)
		return refuse_connection(server, refuse(400, "proxy-incomplete"));
	return false;
}

/* Removes the header from the receive buffer, and sets the peer. */
static bool accept_header(struct server *server, struct receive_buffer *received,
                          const struct proxy_header *header)
{
	received->length -= header->length;
	memmove(received->bytes, received->bytes + header->length, received->length);
	if (header->has_client)
		peer_set(&server->peer, &header->client, header->port);
	return true;
}

bool proxy_protocol_receive(struct server *server, struct receive_buffer *received,
                            int64_t deadline)
{
	struct proxy_header header;
	if (!options_trust(&server->options, &server->peer))
		return refuse_connection(server, refuse(403, "proxy-untrusted"));
	for (;;) {
		ssize_t got =
		    connection_receive(&server->connection, received->bytes + received->length,
		                       sizeof received->bytes - received->length, deadline);
		if (got <= 0)
			return refuse_incomplete(server, received, got < 0 && errno == ETIMEDOUT);
		received->length += (size_t)got;
		switch (
		    proxy_header_parse((struct view){received->bytes, received->length}, &header)) {
		case PROXY_READ:
			return accept_header(server, received, &header);
		case PROXY_MISSING:
			return refuse_connection(server, refuse(400, "proxy-missing"));
		case PROXY_MALFORMED:
			return refuse_connection(server, refuse(400, "proxy-malformed"));
		case PROXY_INCOMPLETE:
			break;
		}
	}
}
