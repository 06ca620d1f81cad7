/*
 * Determines media types; see media_type.h. When Mayfly is built, media_type.awk and gperf generate the
 * table, a perfect hash, from the file media_types and from /etc/mime.types.
 */
#include "media_type.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "http/media_type_table.h"
#include <limits.h>

/* Bytes of the longest file name without an extension in the table, with its slash. */
enum { WHOLE_NAME_MAX = 32 };

_Static_assert(sizeof media_types <= USHRT_MAX && sizeof(struct media_type_names_t) <= USHRT_MAX,
               "an entry can hold each position in its strings");

static const struct media_type_entry *find(struct view name)
{
	return media_type_find(name.data, name.length);
}

static const struct media_type_entry *find_whole_name(struct view name)
{
	char key[WHOLE_NAME_MAX];
	if (name.length >= sizeof key)
		return NULL;
	key[0] = '/';
	memcpy(key + 1, name.data, name.length);
	return find((struct view){key, name.length + 1});
}

/* The bytes after the last dot of the last segment. Returns false, and the whole segment, if it has none. */
static bool cut_extension(struct view path, struct view *extension)
{
	size_t begin = path.length;
	while (begin > 0 && path.data[begin - 1] != '.' && path.data[begin - 1] != '/')
		begin--;
	*extension = view_from(path, begin);
	return begin > 0 && path.data[begin - 1] == '.';
}

static const struct media_type_entry *find_segment(struct view path)
{
	struct view name;
	return cut_extension(path, &name) ? find(name) : find_whole_name(name);
}

bool media_type_is_of_gzip(struct view path)
{
	struct view extension;
	return cut_extension(path, &extension) && (view_equal_nocase(extension, VIEW("svgz")) ||
	                                           view_equal_nocase(extension, VIEW("x3dz")) ||
	                                           view_equal_nocase(extension, VIEW("x3dvz")));
}

/* The whole path, or the name below /.well-known/ with its slash if the table has that. */
static const struct media_type_entry *find_well_known(struct view path)
{
	static const struct view WELL_KNOWN = {"/.well-known/", sizeof "/.well-known/" - 1};
	struct view name = path;
	if (path.length <= WELL_KNOWN.length || !parse_prefix(&name, WELL_KNOWN))
		return NULL;
	const struct media_type_entry *entry = find(path);
	const char *slash = memchr(name.data, '/', name.length);
	if (entry == NULL && slash != NULL)
		entry = find((struct view){path.data, (size_t)(slash - path.data) + 1});
	return entry;
}

struct view media_type_of(struct view path)
{
	const struct media_type_entry *entry = find_well_known(path);
	if (entry == NULL)
		entry = find_segment(path);
	return entry != NULL ? view_of(media_types + entry->type) : VIEW("");
}

/* Bytes that occur in no text ("binary data bytes", https://mimesniff.spec.whatwg.org/ 3). */
static bool is_binary(unsigned char byte)
{
	return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\f' && byte != '\r' &&
	       byte != 0x1b;
}

/* Whether only the end of the bytes that were read cuts off a character of UTF-8. */
static bool is_cut_off(struct view rest, struct view start)
{
	return start.length == MEDIA_TYPE_BYTES && rest.length < UTF8_LENGTH_MAX &&
	       (unsigned char)rest.data[0] >= 0xc2;
}

bool media_type_is_text(struct view start)
{
	for (struct view rest = start; rest.length > 0;) {
		uint32_t character;
		unsigned char byte = (unsigned char)rest.data[0];
		size_t length = byte < 0x80 ? 1 : utf8_read(rest, &character);
		if (length == 0)
			return is_cut_off(rest, start);
		if (is_binary(byte))
			return false;
		rest = view_from(rest, length);
	}
	return true;
}

struct view media_type_of_bytes(struct view start)
{
	return media_type_is_text(start) ? VIEW("text/plain; charset=utf-8")
	                                 : VIEW("application/octet-stream");
}
