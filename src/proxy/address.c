/* Reading and comparing addresses; see address.h. */
#include "address.h"
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

/* The bytes of an address as it is written: how many there are, or 0 where it is none. */
static size_t read_bytes(struct view text, unsigned char *bytes)
{
	char string[INET6_ADDRSTRLEN];
	if (text.length >= sizeof string || memchr(text.data, '\0', text.length) != NULL)
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

/* A number of bits, from 0 to `most`. */
static bool read_prefix(struct view digits, unsigned most, unsigned *prefix)
{
	unsigned number = 0;
	if (digits.length == 0 || digits.length > 3)
		return false;
	for (size_t i = 0; i < digits.length; i++) {
		if (!ascii_is_digit(digits.data[i]))
			return false;
		number = number * 10 + (unsigned)(digits.data[i] - '0');
	}
	*prefix = number;
	return number <= most;
}

/* Whether the first bits are the same, as far as both addresses have them. */
static bool share_prefix(const unsigned char *a, const unsigned char *b, unsigned prefix)
{
	unsigned rest = prefix % 8, whole = prefix / 8;
	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool is_zero_behind(const struct ip_network *network)
{
	unsigned char masked[V6] = {0};
	unsigned rest = network->prefix % 8, whole = network->prefix / 8;
	memcpy(masked, network->address.bytes, whole);
	if (rest > 0)
		masked[whole] = (unsigned char)(network->address.bytes[whole] & (0xff00 >> rest));
	return memcmp(masked, network->address.bytes, network->address.length) == 0;
}

bool ip_network_parse(struct view text, struct ip_network *network)
{
	unsigned char bytes[V6];
	const char *slash = text.length > 0 ? memchr(text.data, '/', text.length) : NULL;
	size_t written = slash != NULL ? (size_t)(slash - text.data) : text.length;
	size_t length = read_bytes((struct view){text.data, written}, bytes);
	if (length == 0)
		return false;
	unsigned bits = (unsigned)length * 8;
	network->prefix = bits;
	if (slash != NULL && !read_prefix(view_from(text, written + 1), bits, &network->prefix))
		return false;
	network->address = ip_address_of(bytes, length);
	/* Of ::ffff:0:0/96 the bits that say "IPv4" are left out; a prefix that cuts through them
	 * says nothing that anybody could mean. */
	unsigned left_out = bits - (unsigned)network->address.length * 8;
	if (network->prefix < left_out)
		return false;
	network->prefix -= left_out;
	return is_zero_behind(network);
}

bool ip_network_has(const struct ip_network *network, const struct ip_address *address)
{
	return network->address.length == address->length &&
	       share_prefix(network->address.bytes, address->bytes, network->prefix);
}
