/* Parses the PROXY header; see header.h. */
#include "header.h"
#include "base/parse.h"

/* Whether the bytes begin with the prefix, or are too short to decide. */
/*@ requires readable(bytes) && readable(front);
    assigns \nothing; */
static bool may_begin_with(struct view bytes, struct view front)
{
	size_t length = bytes.length < front.length ? bytes.length : front.length;
	return view_equal((struct view){bytes.data, length}, (struct view){front.data, length});
}

/* A port, without leading zeros (2.1). */
/*@ requires readable(digits) && \valid(port);
    assigns *port; */
static bool read_port(struct view digits, uint16_t *port)
{
	uint64_t number = 0;
	if (!parse_number(digits, 0, UINT16_MAX, &number) ||
	    (digits.data[0] == '0' && digits.length > 1))
		return false;
	*port = (uint16_t)number;
	return true;
}

/* An address of the family that the line names. */
/*@ requires readable(word) && \valid(address);
    assigns *address; */
static bool read_address(struct view word, bool is_v6, struct ip_address *address)
{
	bool has_colon = view_contains(word, ':');
	return has_colon == is_v6 && ip_address_parse(word, address);
}

/* The line after "PROXY ": "TCP4 192.0.2.7 192.0.2.1 51034 80", or "UNKNOWN" and anything. */
/*@ requires readable(rest) && \valid(header);
    assigns header->has_client, header->client, header->port; */
static enum proxy_outcome read_line(struct view rest, struct proxy_header *header)
{
	struct ip_address server;
	uint16_t server_port;
	struct view family = parse_word(&rest);
	if (view_equal(family, VIEW("UNKNOWN")))
		return PROXY_READ;
	bool is_v6 = view_equal(family, VIEW("TCP6"));
	if (!is_v6 && !view_equal(family, VIEW("TCP4")))
		return PROXY_MALFORMED;
	header->has_client = read_address(parse_word(&rest), is_v6, &header->client) &&
	                     read_address(parse_word(&rest), is_v6, &server) &&
	                     read_port(parse_word(&rest), &header->port) &&
	                     read_port(rest, &server_port);
	return header->has_client ? PROXY_READ : PROXY_MALFORMED;
}

/*@ requires readable(received) && readable(front) && front.length <= 16 && \valid(header);
    assigns *header;
    ensures \result == PROXY_READ ==> 0 < header->length <= received.length && header->length <= PROXY_LINE_MAX; */
static enum proxy_outcome parse_version_1(struct view received, struct view front,
                                          struct proxy_header *header)
{
	size_t max = received.length < PROXY_LINE_MAX ? received.length : PROXY_LINE_MAX;
	size_t newline = view_find((struct view){received.data, max}, '\n');
	if (newline == max)
		return max == PROXY_LINE_MAX ? PROXY_MALFORMED : PROXY_INCOMPLETE;
	header->length = newline + 1;
	if (header->length < front.length + 2 || received.data[newline - 1] != '\r')
		return PROXY_MALFORMED;
	struct view line = {received.data, header->length - 2};
	return read_line(view_from(line, front.length), header);
}

enum {
	FIXED_SIZE = 16, /* bytes before the addresses: signature, version, family, length */
	VERSION_LOCAL = 0x20,
	VERSION_PROXY = 0x21,
	FAMILY_UNSPECIFIED = 0x00,
	FAMILY_TCP4 = 0x11,
	FAMILY_TCP6 = 0x21,
};

/*@ requires readable(bytes) && pos < bytes.length;
    assigns \nothing;
    ensures \result <= 255; */
static unsigned byte_at(struct view bytes, size_t pos)
{
	return (unsigned char)bytes.data[pos];
}

/* Reads two addresses and two ports, of which the client's comes first. Ignores the TLVs after them. */
/*@ requires readable(rest) && (length == 4 || length == 16) && \valid(header);
    assigns header->has_client, header->client, header->port; */
static enum proxy_outcome read_addresses(struct view rest, size_t length,
                                         struct proxy_header *header)
{
	size_t port_pos = 2 * length;
	if (rest.length < port_pos + 4)
		return PROXY_MALFORMED;
	header->has_client = true;
	header->client = ip_address_of(rest.data, length);
	header->port = (uint16_t)(byte_at(rest, port_pos) * 256 + byte_at(rest, port_pos + 1));
	return PROXY_READ;
}

/* Version 2 (2.2). Its length field covers the addresses and all TLVs, so skipping it skips these. */
/*@ requires readable(received) && \valid(header);
    assigns *header;
    ensures \result == PROXY_READ ==> 0 < header->length <= received.length && header->length <= PROXY_HEADER_MAX; */
static enum proxy_outcome parse_version_2(struct view received, struct proxy_header *header)
{
	if (received.length < FIXED_SIZE)
		return PROXY_INCOMPLETE;
	unsigned version = byte_at(received, 12), family = byte_at(received, 13);
	header->length = FIXED_SIZE + (byte_at(received, 14) * 256 + byte_at(received, 15));
	if ((version != VERSION_LOCAL && version != VERSION_PROXY) ||
	    header->length > PROXY_HEADER_MAX)
		return PROXY_MALFORMED;
	if (received.length < header->length)
		return PROXY_INCOMPLETE;
	struct view rest = {received.data + FIXED_SIZE, header->length - FIXED_SIZE};
	if (version == VERSION_LOCAL || family == FAMILY_UNSPECIFIED)
		return PROXY_READ;
	if (family == FAMILY_TCP4)
		return read_addresses(rest, 4, header);
	return family == FAMILY_TCP6 ? read_addresses(rest, 16, header) : PROXY_MALFORMED;
}

enum proxy_outcome proxy_header_parse(struct view received, struct proxy_header *header)
{
	struct view line = VIEW("PROXY "), binary = VIEW("\r\n\r\n\0\r\nQUIT\n");
	*header = (struct proxy_header){0};
	if (may_begin_with(received, binary))
		return parse_version_2(received, header);
	if (may_begin_with(received, line))
		return parse_version_1(received, line, header);
	return PROXY_MISSING;
}
