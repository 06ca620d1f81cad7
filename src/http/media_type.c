/*
 * Looks up a media type; see media_type.h. When Mayfly is built, media_type.awk and gperf generate
 * the table, a perfect hash, from /etc/mime.types.
 */
#include "media_type.h"
#include "http/media_type_table.h"
#include <limits.h>

_Static_assert(sizeof media_types <= USHRT_MAX &&
                   sizeof(struct media_type_extensions_t) <= USHRT_MAX,
               "an entry has room for each place in its strings");

/* The bytes after the last dot. If the dot is in an earlier segment, they contain a slash and are in no
 * table. */
static struct view extension_of(struct view path)
{
	const char *dot = memrchr(path.data, '.', path.length);
	return dot != NULL ? view_from(path, (size_t)(dot - path.data) + 1) : VIEW("");
}

struct view media_type_of(struct view path)
{
	struct view extension = extension_of(path);
	const struct media_type_entry *entry = media_type_find(extension.data, extension.length);
	return entry != NULL ? view_of(media_types + entry->type)
	                     : VIEW("application/octet-stream");
}
