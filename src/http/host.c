/* Reading Host; see host.h. */
#include "host.h"

static bool is_hex(char c)
{
	c = ascii_lower(c);
	return ascii_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* unreserved and sub-delims (RFC 3986 2.2, 2.3). */
static bool is_in_name(char c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || ascii_is_digit(c))
		return true;
	return c != '\0' && strchr("-._~!$&'()*+,;=", c) != NULL;
}

/* Bytes of the reg-name at the front (RFC 3986 3.2.2). */
static size_t name_length(struct view host)
{
	size_t at = 0;
	while (at < host.length) {
		if (is_in_name(host.at[at]))
			at += 1;
		else if (host.at[at] == '%' && host.length - at >= 3 && is_hex(host.at[at + 1]) &&
		         is_hex(host.at[at + 2]))
			at += 3;
		else
			break;
	}
	return at;
}

/* Bytes of the IP-literal at the front, brackets included; 0 where it does not end or is empty. */
static size_t literal_length(struct view host)
{
	size_t at = 1;
	while (at < host.length && (is_in_name(host.at[at]) || host.at[at] == ':'))
		at++;
	return at > 1 && at < host.length && host.at[at] == ']' ? at + 1 : 0;
}

bool host_is_valid(struct view host)
{
	bool literal = host.length > 0 && host.at[0] == '[';
	size_t at = literal ? literal_length(host) : name_length(host);
	if (literal && at == 0)
		return false;
	if (at < host.length && host.at[at++] != ':')
		return false;
	while (at < host.length && ascii_is_digit(host.at[at]))
		at++;
	return at == host.length;
}

bool host_folder(struct view host, struct text *folder)
{
	struct view name = {host.at, name_length(host)};
	if (name.length > 0 && name.at[name.length - 1] == '.')
		name.length--;
	if (name.length == 0 || name.at[0] == '.' || memchr(name.at, '%', name.length) != NULL)
		return false;
	for (size_t i = 0; i < name.length; i++)
		text_add(folder, (struct view){(char[]){ascii_lower(name.at[i])}, 1});
	return !folder->truncated;
}
