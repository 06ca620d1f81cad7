/* Reading a front end's word on who the client is; see front_end.h. */
#include "front_end.h"
#include "clock.h"
#include "proxy/header.h"
#include <errno.h>

_Static_assert((size_t)PROXY_HEADER_MAX < (size_t)REQUEST_HEAD_MAX, "a header fits the inbox");

/* Whether the other end is among those whose word is taken: anybody can claim to be anybody. */
static bool is_trusted(const struct server *server)
{
	struct ip_address address;
	if (!ip_address_parse(server->peer.address, &address))
		return false;
	for (size_t i = 0; i < server->options.front_end_count; i++)
		if (ip_network_has(&server->options.front_ends[i], &address))
			return true;
	return false;
}

/* Tells the log of a connection that is closed unanswered, with the status that would have been its
 * answer. */
static bool close_unanswered(const struct server *server, struct refusal refusal)
{
	struct log_entry entry = {.status = refusal.status, .reason = refusal.reason};
	access_log_write(&server->log, &server->peer, &entry);
	return false;
}

/* No more comes, or not in time. */
static bool close_silent(const struct server *server, const struct inbox *inbox, bool too_late)
{
	if (too_late)
		return close_unanswered(server, refuse(408, "proxy-too-slow"));
	if (inbox->length > 0)
		return close_unanswered(server, refuse(400, "proxy-incomplete"));
	return false;
}

/* Takes the header off the front of the inbox. */
static bool introduce(struct server *server, struct inbox *inbox, const struct proxy_header *header)
{
	inbox->length -= header->length;
	memmove(inbox->bytes, inbox->bytes + header->length, inbox->length);
	if (header->has_client)
		peer_set(&server->peer, &header->client, header->port);
	return true;
}

bool front_end_introduces(struct server *server, struct inbox *inbox, int64_t deadline)
{
	struct proxy_header header;
	if (!is_trusted(server))
		return close_unanswered(server, refuse(403, "proxy-untrusted"));
	for (;;) {
		ssize_t got = connection_receive(&server->connection, inbox->bytes + inbox->length,
		                                 sizeof inbox->bytes - inbox->length, deadline);
		if (got <= 0)
			return close_silent(server, inbox, got < 0 && errno == ETIMEDOUT);
		inbox->length += (size_t)got;
		switch (proxy_header_parse((struct view){inbox->bytes, inbox->length}, &header)) {
		case PROXY_READ:
			return introduce(server, inbox, &header);
		case PROXY_MISSING:
			return close_unanswered(server, refuse(400, "proxy-missing"));
		case PROXY_MALFORMED:
			return close_unanswered(server, refuse(400, "proxy-malformed"));
		case PROXY_INCOMPLETE:
			break;
		}
	}
}
