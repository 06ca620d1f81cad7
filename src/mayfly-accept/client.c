/* Reading addresses; see client.h. */
#include "client.h"
#include <stdio.h>
#include <string.h>

enum { NETWORK_SIZE = 8 };

void client_read(struct client *client, const union socket_address *address)
{
	struct ip_address ip;
	uint16_t port;
	*client = (struct client){UINT64_MAX, "-", "-"}; /* in ff00::/8, multicast: no client's */
	if (!socket_address_read(address, &ip, &port))
		return;

	/* An IPv4 address alone equals no client's /64: 0000::/8 is reserved (RFC 4291 2.4). */
	client->network = 0;
	size_t size = ip.length < NETWORK_SIZE ? ip.length : NETWORK_SIZE;
	memcpy((char *)&client->network + NETWORK_SIZE - size, ip.bytes, size);
	ip_address_format(&ip, client->address);
	(void)snprintf(client->port, sizeof client->port, "%u", port);
}
