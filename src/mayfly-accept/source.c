/* Reading addresses; see source.h. */
#include "source.h"
#include <stdio.h>
#include <string.h>

enum { NETWORK_SIZE = 8 };

void source_read(struct source *source, const union address *address)
{
	struct ip_address ip;
	*source = (struct source){UINT64_MAX, "-", "-"}; /* of ff00::/8, whence nobody connects */
	if (address->any.sa_family == AF_INET)
		ip = ip_address_of(&address->in.sin_addr, sizeof address->in.sin_addr);
	else if (address->any.sa_family == AF_INET6)
		ip = ip_address_of(&address->in6.sin6_addr, sizeof address->in6.sin6_addr);
	else
		return;

	/* An IPv4 address alone stands for no other's /64: 0000::/8 is nobody's (RFC 4291 2.4). */
	source->network = 0;
	size_t size = ip.length < NETWORK_SIZE ? ip.length : NETWORK_SIZE;
	memcpy((char *)&source->network + NETWORK_SIZE - size, ip.bytes, size);
	ip_address_format(&ip, source->address);
	/* Both families have the port in the same place. */
	(void)snprintf(source->port, sizeof source->port, "%u", ntohs(address->in.sin_port));
}
