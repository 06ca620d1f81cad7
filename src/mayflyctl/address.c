/* Reading and cutting addresses; see address.h. */
#include "address.h"
#include <arpa/inet.h>
#include <string.h>

struct address {
	int family;
	unsigned char bytes[16];
};

static bool parse(const char *text, struct address *address)
{
	static const unsigned char MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	address->family = AF_INET;
	if (inet_pton(AF_INET, text, address->bytes) == 1)
		return true;
	address->family = AF_INET6;
	if (inet_pton(AF_INET6, text, address->bytes) != 1)
		return false;
	if (memcmp(address->bytes, MAPPED, sizeof MAPPED) == 0) {
		address->family = AF_INET;
		memmove(address->bytes, address->bytes + sizeof MAPPED, 4);
	}
	return true;
}

bool address_normalize(const char *text, char normal[static ADDRESS_SIZE])
{
	struct address address;
	return parse(text, &address) &&
	       inet_ntop(address.family, address.bytes, normal, ADDRESS_SIZE) != NULL;
}

void address_anonymize(const char *text, char network[static ADDRESS_SIZE])
{
	struct address address;
	memcpy(network, "-", 2);
	if (!parse(text, &address))
		return;
	size_t kept = address.family == AF_INET ? 3 : 6;
	memset(address.bytes + kept, 0, sizeof address.bytes - kept);
	(void)inet_ntop(address.family, address.bytes, network, ADDRESS_SIZE);
}
