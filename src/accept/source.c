/* Reading addresses; see source.h. */
#include "source.h"
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { IN_SIZE = 4, NETWORK_SIZE = 8 };

void source_read(struct source *source, const union address *address)
{
	const struct in6_addr *in6 = &address->in6.sin6_addr;
	bool is_in6 = address->any.sa_family == AF_INET6;
	bool is_in = address->any.sa_family == AF_INET || (is_in6 && IN6_IS_ADDR_V4MAPPED(in6));
	*source = (struct source){UINT64_MAX, "-", "-"}; /* of ff00::/8, whence nobody connects */
	if (!is_in && !is_in6)
		return;

	const unsigned char *bytes = (const unsigned char *)&address->in.sin_addr;
	if (is_in6)
		bytes = &in6->s6_addr[is_in ? sizeof *in6 - IN_SIZE : 0];
	/* An IPv4 address alone stands for no other's /64: 0000::/8 is nobody's (RFC 4291 2.4). */
	source->network = 0;
	size_t size = is_in ? IN_SIZE : NETWORK_SIZE;
	memcpy((char *)&source->network + NETWORK_SIZE - size, bytes, size);
	(void)inet_ntop(is_in ? AF_INET : AF_INET6, bytes, source->address, INET6_ADDRSTRLEN);
	in_port_t port = is_in6 ? address->in6.sin6_port : address->in.sin_port;
	(void)snprintf(source->port, sizeof source->port, "%u", ntohs(port));
}
