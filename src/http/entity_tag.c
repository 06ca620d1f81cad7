/* Formats and compares entity tags; see entity_tag.h. */
#include "entity_tag.h"
#include "base/fnv.h"

/* Seconds: FAT has the coarsest timestamps of the file systems in use. */
enum { TIMESTAMP_STEP_MAX = 2 };

/*@ requires now.tv_sec >= INT64_MIN + TIMESTAMP_STEP_MAX;
    assigns \nothing;
    ensures time.tv_sec > now.tv_sec - TIMESTAMP_STEP_MAX ==> \result; */
static bool is_recent(struct timespec time, struct timespec now)
{
	time_t limit = now.tv_sec - TIMESTAMP_STEP_MAX;
	return time.tv_sec > limit || (time.tv_sec == limit && time.tv_nsec > now.tv_nsec);
}

/* Nanoseconds since 1970 modulo 2^64: equal numbers are 584 years apart. */
/*@ assigns \nothing; */
static uint64_t hash_time(uint64_t hash, struct timespec time)
{
	return fnv_add_number(hash, (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec);
}

/*@ requires \valid_read(file);
    assigns \nothing; */
static uint64_t hash_state(const struct file_state *file)
{
	uint64_t hash = hash_time(hash_time(FNV_START, file->modified), file->changed);
	return fnv_add_number(fnv_add_number(hash, file->device), file->inode);
}

void entity_tag_add(struct buffer *text, const struct file_state *file, struct view coding,
                    struct timespec now)
{
	bool weak = is_recent(file->modified, now) || is_recent(file->changed, now);
	/* A hexadecimal number contains no w, so the opaque part differs from that of a strong tag. */
	buffer_add(text, weak ? VIEW("W/\"w-") : VIEW("\""));
	buffer_add_hex(text, hash_state(file));
	buffer_add(text, VIEW("-"));
	buffer_add_hex(text, file->size);
	if (coding.length > 0)
		buffer_add(text, VIEW("-"));
	buffer_add(text, coding);
	buffer_add(text, VIEW("\""));
}

/*@ requires readable(tag);
    assigns \nothing;
    ensures \result <==> tag.length >= 2 && tag.data[0] == 'W' && tag.data[1] == '/'; */
static bool is_weak(struct view tag)
{
	return tag.length >= 2 && tag.data[0] == 'W' && tag.data[1] == '/';
}

bool entity_tag_equal(struct view a, struct view b, enum comparison comparison)
{
	if (comparison == COMPARE_STRONG && (is_weak(a) || is_weak(b)))
		return false;
	if (is_weak(a))
		a = view_from(a, 2);
	if (is_weak(b))
		b = view_from(b, 2);
	return a.length > 0 && view_equal(a, b);
}

/* The length of the entity tag at the beginning of a view; 0 if there is none. */
/*@ requires readable(v);
    assigns \nothing;
    ensures \result <= v.length; */
static size_t tag_length(struct view v)
{
	size_t pos = is_weak(v) ? 2 : 0;
	if (pos == v.length || v.data[pos] != '"')
		return 0;
	/*@ loop invariant pos <= v.length;
	    loop assigns pos;
	    loop variant v.length - pos; */
	for (pos++; pos < v.length; pos++) {
		unsigned char byte = (unsigned char)v.data[pos];
		if (byte == '"')
			return pos + 1;
		if (byte <= ' ' || byte == 0x7f)
			return 0;
	}
	return 0;
}

bool entity_tag_in_list(struct view list, struct view tag, enum comparison comparison)
{
	bool found = false;
	/*@ loop invariant readable(rest) && rest.length <= list.length && (found ==> tag.length > 0 && list.length > 0);
	    loop assigns rest, found;
	    loop variant rest.length; */
	for (struct view rest = view_trim(list); rest.length > 0; rest = view_trim(rest)) {
		if (rest.data[0] == ',') {
			rest = view_from(rest, 1);
			continue;
		}
		struct view member = {rest.data, tag_length(rest)};
		if (member.length == 0)
			return false;
		found = found || entity_tag_equal(member, tag, comparison);
		rest = view_trim(view_from(rest, member.length));
		if (rest.length > 0 && rest.data[0] != ',')
			return false;
	}
	return found;
}
