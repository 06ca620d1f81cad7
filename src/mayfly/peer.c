/* Finding the peer; see peer.h. */
#include "peer.h"
#include "base/buffer.h"
#include "base/socket_address.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static bool peer_find_in_environment(struct peer *peer, const char *address_name,
                                     const char *port_name)
{
	const char *address = getenv(address_name);
	const char *port = getenv(port_name);
	if (address == NULL || port == NULL ||
	    (strcmp(address, "-") == 0 && strcmp(port, "-") == 0))
		return false;
	peer->address = view_of(address);
	peer->port = view_of(port);
	return true;
}

void peer_set(struct peer *peer, const struct ip_address *address, uint16_t port)
{
	peer->is_unix = false;
	ip_address_format(address, peer->buffer);
	peer->address = view_of(peer->buffer);
	size_t used = peer->address.length;
	struct buffer number = {peer->buffer + used, sizeof peer->buffer - used, 0, false};
	buffer_add_number(&number, port);
	peer->port = buffer_view(&number);
}

static void peer_find_by_socket(struct peer *peer)
{
	union socket_address name = {0};
	socklen_t length = sizeof name;
	struct ip_address address;
	uint16_t port;
	if (getpeername(STDIN_FILENO, &name.any, &length) != 0)
		return;
	peer->is_unix = name.any.sa_family == AF_UNIX;
	if (socket_address_read(&name, &address, &port))
		peer_set(peer, &address, port);
}

void peer_find(struct peer *peer)
{
	peer->address = VIEW("-");
	peer->port = VIEW("-");
	peer->is_unix = false;
	if (!peer_find_in_environment(peer, "TCPREMOTEIP", "TCPREMOTEPORT") &&
	    !peer_find_in_environment(peer, "REMOTE_ADDR", "REMOTE_PORT"))
		peer_find_by_socket(peer);
}
