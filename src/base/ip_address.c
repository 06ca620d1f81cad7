/* Reading, writing and comparing addresses; see ip_address.h. */
#include "ip_address.h"
#include "parse.h"
#include <arpa/inet.h>

enum { V4 = 4, V6 = 16, V4_IN_V6_AT = V6 - V4 };

static const unsigned char V4_IN_V6[V4_IN_V6_AT] = {[10] = 0xff, [11] = 0xff};

struct ip_address ip_address_of(const void *bytes, size_t length)
{
	struct ip_address address = {.length = length};
	const unsigned char *from = bytes;
	if (length == V6 && memcmp(from, V4_IN_V6, sizeof V4_IN_V6) == 0) {
		from += V4_IN_V6_AT;
		address.length = V4;
	}
	memcpy(address.bytes, from, address.length);
	return address;
}

/* Parses an address without converting IPv4-mapped ones. Returns its length, or 0 if it is invalid. */
static size_t read_bytes(struct view text, unsigned char *bytes)
{
	char string[INET6_ADDRSTRLEN];
	if (text.length >= sizeof string || view_contains(text, '\0'))
		return 0;
	memcpy(string, text.data, text.length);
	string[text.length] = '\0';
	if (inet_pton(AF_INET, string, bytes) == 1)
		return V4;
	return inet_pton(AF_INET6, string, bytes) == 1 ? V6 : 0;
}

bool ip_address_parse(struct view text, struct ip_address *address)
{
	unsigned char bytes[V6];
	size_t length = read_bytes(text, bytes);
	if (length == 0)
		return false;
	*address = ip_address_of(bytes, length);
	return true;
}

void ip_address_format(const struct ip_address *address, char text[static IP_ADDRESS_SIZE])
{
	(void)inet_ntop(address->length == V4 ? AF_INET : AF_INET6, address->bytes, text,
	                IP_ADDRESS_SIZE);
}

struct ip_address ip_address_mask(const struct ip_address *address, unsigned prefix)
{
	struct ip_address first = {.length = address->length};
	unsigned rest = prefix % 8, whole = prefix / 8;
	memcpy(first.bytes, address->bytes, whole);
	if (rest > 0)
		first.bytes[whole] = (unsigned char)(address->bytes[whole] & (0xff00 >> rest));
	return first;
}

/* Whether the first `prefix` bits are equal. */
static bool share_prefix(const unsigned char *a, const unsigned char *b, unsigned prefix)
{
	unsigned rest = prefix % 8, whole = prefix / 8;
	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool ip_network_parse(struct view text, struct ip_network *network)
{
	unsigned char bytes[V6];
	struct view address;
	bool has_prefix = parse_cut(&text, '/', &address);
	size_t length = read_bytes(address, bytes);
	if (length == 0)
		return false;
	unsigned bits = (unsigned)length * 8;
	uint64_t prefix = bits;
	if (has_prefix && (text.length > 3 || !parse_number(text, 0, bits, &prefix)))
		return false;
	network->prefix = (unsigned)prefix;
	network->address = ip_address_of(bytes, length);
	/* ip_address_of removes the 96 bits of ::ffff:0:0/96; a shorter prefix of such an address is
	 * probably a mistake. */
	unsigned left_out = bits - (unsigned)network->address.length * 8;
	if (network->prefix < left_out)
		return false;
	network->prefix -= left_out;
	struct ip_address first = ip_address_mask(&network->address, network->prefix);
	return memcmp(first.bytes, network->address.bytes, first.length) == 0;
}

bool ip_network_has(const struct ip_network *network, const struct ip_address *address)
{
	return network->address.length == address->length &&
	       share_prefix(network->address.bytes, address->bytes, network->prefix);
}
