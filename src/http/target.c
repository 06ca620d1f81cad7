/* Converts a request target to a canonical path; see target.h. */
#include "target.h"
#include "base/parse.h"
#include "host.h"

/*@ requires \valid_read(target) && 1 <= target->path_length <= TARGET_PATH_MAX;
    assigns \nothing;
    ensures \result <==> target->path[target->path_length - 1] == '/'; */
static bool ends_in_slash(const struct target *target)
{
	return target->path[target->path_length - 1] == '/';
}

/* Drops the last segment, which a slash follows; "/" remains as it is. */
/*@ requires \valid(target) && 1 <= target->path_length <= TARGET_PATH_MAX;
    requires target->path[0] == '/' && target->path[target->path_length - 1] == '/';
    requires is_canonical(&target->path[0], target->path_length);
    assigns target->path_length;
    ensures 1 <= target->path_length <= \old(target->path_length);
    ensures target->path[target->path_length - 1] == '/';
    ensures is_canonical(&target->path[0], target->path_length); */
static void drop_segment(struct target *target)
{
	if (target->path_length == 1)
		return;
	target->path_length--;
	/*@ loop invariant 1 <= target->path_length < \at(target->path_length, Pre);
	    loop assigns target->path_length;
	    loop variant target->path_length; */
	while (!ends_in_slash(target))
		target->path_length--;
	/*@ assert \forall integer i; 0 <= i < target->path_length - 1 && target->path[i] == '/' ==>
	      target->path[i + 1] != '/' && i + 2 < target->path_length; */
	/*@ assert \forall integer i; 0 <= i < target->path_length - 1 && target->path[i] == '/' ==>
	      is_clean_segment(&target->path[0], \at(target->path_length, Pre), i + 1); */
	/*@ assert \forall integer i; 0 <= i < target->path_length - 1 && target->path[i] == '/' &&
	      target->path[i + 1] == '.' && target->path[i + 2] == '.' ==> i + 3 < target->path_length; */
}

/* Ends the segment that begins at `start`: drops "", "." and, with its parent, ".." (RFC
 * 3986 5.2.4). */
/*@ requires \valid(target) && 1 <= start <= target->path_length <= TARGET_PATH_MAX;
    requires target->path[0] == '/' && target->path[start - 1] == '/';
    requires is_canonical(&target->path[0], start);
    requires \forall integer i; start <= i < target->path_length ==> target->path[i] != '/' && target->path[i] != '\0';
    assigns target->path_length;
    ensures 1 <= target->path_length <= \old(target->path_length);
    ensures is_canonical(&target->path[0], target->path_length);
    ensures target->path[target->path_length - 1] == '/' || target->path_length == \old(target->path_length) > start; */
static void end_segment(struct target *target, size_t start)
{
	const char *segment = target->path + start;
	size_t length = target->path_length - start;
	if (length == 0 || (length == 1 && segment[0] == '.')) {
		target->path_length = start;
		return;
	}
	bool is_parent = length == 2 && segment[0] == '.' && segment[1] == '.';
	/*@ assert \forall integer i; 0 <= i < start - 1 && target->path[i] == '/' ==> i + 2 < start; */
	/*@ assert !is_parent ==> is_clean_segment(&target->path[0], target->path_length, start); */
	/*@ assert \forall integer i; 0 <= i < start - 1 && target->path[i] == '/' ==>
	      is_clean_segment(&target->path[0], target->path_length, i + 1); */
	if (!is_parent)
		return;
	target->path_length = start;
	drop_segment(target);
}

/*@ requires \valid(target) && 1 <= target->path_length <= TARGET_PATH_MAX;
    assigns target->path_length, target->path[target->path_length];
    ensures !\result ==> target->path_length == \old(target->path_length);
    ensures \result ==> target->path_length == \old(target->path_length) + 1 <= TARGET_PATH_MAX;
    ensures \result ==> target->path[target->path_length - 1] == byte;
    ensures \forall integer i; 0 <= i < \old(target->path_length) ==> target->path[i] == \old(target->path[i]);
    ensures \forall integer start; start <= \old(target->path_length) &&
      \old(is_canonical(&target->path[0], start)) ==> is_canonical(&target->path[0], start);
    ensures \result && byte == '/' && \old(target->path[target->path_length - 1]) != '/' &&
      \old(is_canonical(&target->path[0], target->path_length)) ==> is_canonical(&target->path[0], target->path_length); */
static bool append(struct target *target, char byte)
{
	if (target->path_length == TARGET_PATH_MAX)
		return false;
	target->path[target->path_length++] = byte;
	return true;
}

/*
 * Decodes and normalizes in one pass. A segment ends at a slash, encoded or not: to the file system
 * both are the same, and servers that decode "%2f" after removing dot segments can be led out of
 * their root.
 */
/*@ requires readable(raw) && \valid(target);
    assigns target->path[0 .. TARGET_PATH_MAX], target->path_length;
    ensures 1 <= target->path_length <= TARGET_PATH_MAX;
    ensures \result.status == 0 ==> target->path[0] == '/' && target->path[target->path_length] == '\0' &&
      is_canonical(&target->path[0], target->path_length); */
static struct refusal canonicalize(struct view raw, struct target *target)
{
	size_t start = 1;
	target->path[0] = '/';
	target->path_length = 1;
	raw = view_from(raw, raw.length > 0);
	/*@ loop invariant readable(raw) && 1 <= start <= target->path_length <= TARGET_PATH_MAX;
	    loop invariant target->path[0] == '/' && target->path[start - 1] == '/';
	    loop invariant is_canonical(&target->path[0], start);
	    loop invariant \forall integer i; start <= i < target->path_length ==> target->path[i] != '/' && target->path[i] != '\0';
	    loop assigns raw, start, target->path_length, target->path[0 .. TARGET_PATH_MAX - 1];
	    loop variant raw.length; */
	while (raw.length > 0) {
		int byte = parse_percent_byte(&raw);
		if (byte < 0)
			return refuse(400, "target-bad-encoding");
		char c = (char)byte;
		if (c == '\0')
			return refuse(400, "target-nul");
		if (c == '/')
			end_segment(target, start);
		if ((c != '/' || !ends_in_slash(target)) && !append(target, c))
			return refuse(414, "target-too-long");
		if (c == '/')
			start = target->path_length;
	}
	end_segment(target, start);
	target->path[target->path_length] = '\0';
	return ACCEPTED;
}

/* absolute-form (RFC 9112 3.2.2): removes scheme and authority from the front of *raw. */
/*@ requires \valid(raw) && \valid(target) && readable(*raw) && raw->length < INT64_MAX && \separated(raw, target);
    requires readable(target->authority);
    assigns *raw, target->authority;
    ensures readable(*raw) && is_end(*raw, \old(*raw)) && readable(target->authority); */
static bool take_authority(struct view *raw, struct target *target)
{
	if (!parse_prefix(raw, VIEW("http://")) && !parse_prefix(raw, VIEW("https://")))
		return false;
	size_t length = 0;
	/*@ loop invariant length <= raw->length;
	    loop assigns length;
	    loop variant raw->length - length; */
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
	/*@ loop invariant pos <= path.length || path.length == 0;
	    loop assigns pos;
	    loop variant path.length - pos; */
	for (; pos + 1 < path.length; pos++)
		if (path.data[pos] == '/' && path.data[pos + 1] == '.')
			return true;
	return false;
}
