/*
 * Looking up a media type; see media_type.h. The table, a perfect hash, is made from
 * /etc/mime.types by media_type.awk and gperf when Mayfly is built.
 */
#include "media_type.h"
#include "http/media_type_table.h"
#include <limits.h>

_Static_assert(sizeof media_types <= USHRT_MAX &&
                   sizeof(struct media_type_extensions_t) <= USHRT_MAX,
               "an entry has room for each place in its strings");

/* What stands behind the last dot; where that is in an earlier segment, no table has such a thing.
 */
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
