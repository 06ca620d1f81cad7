/* Converts a request target to a canonical path; see target.h. */
#include "target.h"
#include "base/parse.h"
#include "host.h"

/* Ends the segment that begins at `start`: drops "", "." and, with its parent, ".." (RFC
 * 3986 5.2.4). */
static void end_segment(struct target *target, size_t start)
{
	struct view segment = {target->path + start, target->path_length - start};
	if (view_equal(segment, VIEW("")) || view_equal(segment, VIEW("."))) {
		target->path_length = start;
		return;
	}
	if (!view_equal(segment, VIEW("..")))
		return;
	target->path_length = start > 1 ? start - 1 : start;
	while (target->path[target->path_length - 1] != '/')
		target->path_length--;
}

/*
 * Decodes and normalizes in one pass. A segment ends at a slash, encoded or not: to the file system
 * both are the same, and servers that decode "%2f" after removing dot segments can be led out of
 * their root.
 */
static struct refusal canonicalize(struct view raw, struct target *target)
{
	size_t start = 1;
	target->path[0] = '/';
	target->path_length = 1;
	raw = view_from(raw, raw.length > 0);
	while (raw.length > 0) {
		int byte = parse_percent_byte(&raw);
		if (byte < 0)
			return refuse(400, "target-bad-encoding");
		if (byte == '\0')
			return refuse(400, "target-nul");
		if (byte == '/') {
			end_segment(target, start);
			if (target->path[target->path_length - 1] == '/') {
				start = target->path_length;
				continue;
			}
		}
		if (target->path_length == TARGET_PATH_MAX)
			return refuse(414, "target-too-long");
		target->path[target->path_length++] = (char)byte;
		if (byte == '/')
			start = target->path_length;
	}
	end_segment(target, start);
	target->path[target->path_length] = '\0';
	return ACCEPTED;
}

/* absolute-form (RFC 9112 3.2.2): removes scheme and authority from the front of *raw. */
static bool take_authority(struct view *raw, struct target *target)
{
	if (!parse_prefix(raw, VIEW("http://")) && !parse_prefix(raw, VIEW("https://")))
		return false;
	size_t length = 0;
	while (length < raw->length && raw->data[length] != '/' && raw->data[length] != '?')
		length++;
	target->authority = (struct view){raw->data, length};
	*raw = view_from(*raw, length);
	/* A URI without a host, such as ":80", must be refused (RFC 9110 4.2.1). */
	return length > 0 && target->authority.data[0] != ':' && host_is_valid(target->authority);
}

struct refusal target_parse(struct view raw, struct target *target)
{
	target->path_length = 0;
	target->query = VIEW("");
	target->authority = VIEW("");

	if (view_contains(raw, '#'))
		return refuse(400, "target-fragment");
	if ((raw.length == 0 || raw.data[0] != '/') && !take_authority(&raw, target))
		return refuse(400, "target-form");
	struct view path;
	target->has_query = parse_cut(&raw, '?', &path);
	if (target->has_query)
		target->query = raw;
	struct refusal refusal = canonicalize(path, target);
	if (refusal.status != 0)
		target->path_length = 0;
	return refusal;
}

bool target_is_hidden(struct view path)
{
	static const char WELL_KNOWN[] = "/.well-known/";
	size_t pos = 0;
	if (path.length >= sizeof WELL_KNOWN - 1 &&
	    memcmp(path.data, WELL_KNOWN, sizeof WELL_KNOWN - 1) == 0)
		pos = sizeof WELL_KNOWN - 2;
	for (; pos + 1 < path.length; pos++)
		if (path.data[pos] == '/' && path.data[pos + 1] == '.')
			return true;
	return false;
}
