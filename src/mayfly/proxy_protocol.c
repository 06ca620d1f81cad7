/* Reading a front end's word on who the client is; see proxy_protocol.h. */
#include "proxy_protocol.h"
#include "clock.h"
#include "proxy/header.h"
#include <errno.h>

_Static_assert((size_t)PROXY_HEADER_MAX < (size_t)REQUEST_HEAD_MAX,
               "a header fits the receive buffer");

/* Tells the log of a connection that is closed unanswered, with the status that would have been its
 * answer. */
static bool close_unanswered(const struct server *server, struct refusal refusal)
{
	struct log_entry entry = {.status = refusal.status, .reason = refusal.reason};
	access_log_write(&server->log, &server->peer, &entry);
	return false;
}

/* No more comes, or not in time. */
static bool close_silent(const struct server *server, const struct receive_buffer *received,
                         bool too_late)
{
	if (too_late)
		return close_unanswered(server, refuse(408, "proxy-too-slow"));
	if (received->length > 0)
		return close_unanswered(server, refuse(400, "proxy-incomplete"));
	return false;
}

/* Takes the header off the front of the receive buffer. */
static bool introduce(struct server *server, struct receive_buffer *received,
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
	if (!options_trust(&server->options, server->peer.address))
		return close_unanswered(server, refuse(403, "proxy-untrusted"));
	for (;;) {
		ssize_t got =
		    connection_receive(&server->connection, received->bytes + received->length,
		                       sizeof received->bytes - received->length, deadline);
		if (got <= 0)
			return close_silent(server, received, got < 0 && errno == ETIMEDOUT);
		received->length += (size_t)got;
		switch (
		    proxy_header_parse((struct view){received->bytes, received->length}, &header)) {
		case PROXY_READ:
			return introduce(server, received, &header);
		case PROXY_MISSING:
			return close_unanswered(server, refuse(400, "proxy-missing"));
		case PROXY_MALFORMED:
			return close_unanswered(server, refuse(400, "proxy-malformed"));
		case PROXY_INCOMPLETE:
			break;
		}
	}
}
