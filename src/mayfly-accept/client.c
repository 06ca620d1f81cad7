/* Reading addresses; see client.h. */
#include "client.h"
#include <stdio.h>
#include <string.h>

enum { NETWORK_SIZE = 8 };

void client_read(struct client *client, const union client_address *address)
{
	struct ip_address ip;
	*client = (struct client){UINT64_MAX, "-", "-"}; /* in ff00::/8, multicast: no client's */
	if (address->any.sa_family == AF_INET)
		ip = ip_address_of(&address->in.sin_addr, sizeof address->in.sin_addr);
	else if (address->any.sa_family == AF_INET6)
		ip = ip_address_of(&address->in6.sin6_addr, sizeof address->in6.sin6_addr);
	else
		return;

	/* An IPv4 address alone equals no client's /64: 0000::/8 is reserved (RFC 4291 2.4). */
	client->network = 0;
	size_t size = ip.length < NETWORK_SIZE ? ip.length : NETWORK_SIZE;
	memcpy((char *)&client->network + NETWORK_SIZE - size, ip.bytes, size);
	ip_address_format(&ip, client->address);
	/* Both families have the port in the same place. */
	(void)snprintf(client->port, sizeof client->port, "%u", ntohs(address->in.sin_port));
}
