/* Parses Host; see host.h. */
#include "host.h"
#include "base/parse.h"

/* unreserved and sub-delims (RFC 3986 2.2, 2.3). */
/*@ assigns \nothing;
    ensures \result ==> is_in_url(c) && c != '?'; */
static bool is_in_name(char c)
{
	return ascii_is_unreserved(c) || ascii_is_sub_delim(c);
}

/* Length of the reg-name at the beginning (RFC 3986 3.2.2). */
/*@ requires readable(host);
    assigns \nothing;
    ensures \result <= host.length; */
static size_t name_length(struct view host)
{
	struct view rest = host;
	/*@ loop invariant readable(rest) && rest.length <= host.length;
	    loop assigns rest;
	    loop variant rest.length; */
	while (rest.length > 0 && (is_in_name(rest.data[0]) || rest.data[0] == '%') &&
	       parse_percent_byte(&rest) >= 0)
		continue;
	return host.length - rest.length;
}

/* dec-octet: 0 to 255, without leading zeros. */
/*@ requires readable(part);
    assigns \nothing; */
static bool is_octet(struct view part)
{
	uint64_t value = 0;
	return parse_number(part, 0, 255, &value) && (part.data[0] != '0' || part.length == 1);
}

/*@ requires readable(rest);
    assigns \nothing; */
static bool is_ipv4_address(struct view rest)
{
	size_t octets = 0;
	struct view part;
	bool more = true;
	/*@ loop invariant readable(rest) && octets + rest.length <= \at(rest.length, Pre) + (more ? 0 : 1);
	    loop assigns rest, part, more, octets;
	    loop variant rest.length + more; */
	while (more) {
		more = parse_cut(&rest, '.', &part);
		octets++;
		if (!is_octet(part))
			return false;
	}
	return octets == 4;
}

/*@ requires readable(part);
    assigns \nothing; */
static bool is_hex_number(struct view part)
{
	/*@ loop invariant i <= part.length;
	    loop assigns i;
	    loop variant part.length - i; */
	for (size_t i = 0; i < part.length; i++)
		if (ascii_hex_value(part.data[i]) < 0)
			return false;
	return part.length > 0;
}

enum { GROUPS = 8 };

/* Counts groups of one to four hex digits between colons; an IPv4address at the end counts as two.
 * Returns too many for anything else. */
/*@ requires readable(rest) && rest.length < INT64_MAX;
    assigns \nothing;
    ensures \result <= rest.length + 2 || \result == GROUPS + 1; */
static size_t count_groups(struct view rest, bool is_end)
{
	size_t groups = 0;
	struct view part;
	bool more = rest.length > 0;
	/*@ loop invariant readable(rest) && groups + rest.length <= \at(rest.length, Pre) + (more ? 0 : 2);
	    loop assigns rest, part, more, groups;
	    loop variant rest.length + more; */
	while (more) {
		more = parse_cut(&rest, ':', &part);
		if (part.length <= 4 && is_hex_number(part))
			groups += 1;
		else if (is_end && !more && is_ipv4_address(part))
			groups += 2;
		else
			return GROUPS + 1;
	}
	return groups;
}

/* IPv6address: eight groups, or "::" once instead of one or more groups. */
/*@ requires readable(address) && address.length < INT64_MAX;
    assigns \nothing; */
static bool is_ipv6_address(struct view address)
{
	/*@ loop invariant pos <= address.length;
	    loop assigns pos;
	    loop variant address.length - pos; */
	for (size_t pos = 0; pos + 1 < address.length; pos++)
		if (address.data[pos] == ':' && address.data[pos + 1] == ':')
			return count_groups((struct view){address.data, pos}, false) +
			           count_groups(view_from(address, pos + 2), true) <
			       GROUPS;
	return count_groups(address, true) == GROUPS;
}

/* IPvFuture: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ). */
/*@ requires readable(rest);
    assigns \nothing; */
static bool is_future_address(struct view rest)
{
	struct view version;
	if (!parse_cut(&rest, '.', &version) || version.length == 0 ||
	    ascii_lower(version.data[0]) != 'v' || !is_hex_number(view_from(version, 1)))
		return false;
	/*@ loop invariant i <= rest.length;
	    loop assigns i;
	    loop variant rest.length - i; */
	for (size_t i = 0; i < rest.length; i++)
		if (!is_in_name(rest.data[i]) && rest.data[i] != ':')
			return false;
	return rest.length > 0;
}

/* Length of the IP-literal at the beginning, including brackets; 0 if there is none. */
/*@ requires readable(host) && 0 < host.length < INT64_MAX;
    assigns \nothing;
    ensures \result <= host.length; */
static size_t literal_length(struct view host)
{
	struct view rest = view_from(host, 1);
	struct view address;
	if (!parse_cut(&rest, ']', &address))
		return 0;
	return is_ipv6_address(address) || is_future_address(address) ? address.length + 2 : 0;
}

/* Length of the host without its port; 0 if it is an invalid IP literal. */
/*@ requires readable(host) && host.length < INT64_MAX;
    assigns \nothing;
    ensures \result <= host.length; */
static size_t host_length(struct view host)
{
	bool is_literal = host.length > 0 && host.data[0] == '[';
	return is_literal ? literal_length(host) : name_length(host);
}

bool host_is_valid(struct view host)
{
	size_t pos = host_length(host);
	/* The length is 0 for an invalid IP literal: then this is its bracket. */
	if (pos < host.length && host.data[pos] != ':')
		return false;
	pos += pos < host.length;
	/*@ loop invariant pos <= host.length;
	    loop assigns pos;
	    loop variant host.length - pos; */
	while (pos < host.length && ascii_is_digit(host.data[pos]))
		pos++;
	return pos == host.length;
}

struct view host_without_port(struct view host)
{
	return (struct view){host.data, host_length(host)};
}

bool host_add_directory(struct view host, struct buffer *directory)
{
	struct view name = {host.data, name_length(host)};
	if (name.length > 0 && name.data[name.length - 1] == '.')
		name.length--;
	if (name.length == 0 || name.data[0] == '.' || view_contains(name, '%'))
		return false;
	/*@ loop invariant i <= name.length && buffer_is_valid(directory);
	    loop assigns i, directory->length, directory->truncated, directory->data[0 .. directory->capacity - 1];
	    loop variant name.length - i; */
	for (size_t i = 0; i < name.length; i++)
		buffer_add_byte(directory, ascii_lower(name.data[i]));
	return !directory->truncated;
}
