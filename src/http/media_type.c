/*
 * Looking up a media type; see media_type.h. The table, a perfect hash, is made from
 * /etc/mime.types by media_type.awk and gperf when Mayfly is built.
 */
#include "media_type.h"
#include "http/media_type_table.h"

/* What stands behind the last dot of the last segment; empty where there is no dot. */
static struct view extension_of(struct view path)
{
	for (size_t at = path.length; at > 0 && path.at[at - 1] != '/'; at--)
		if (path.at[at - 1] == '.')
			return view_from(path, at);
	return VIEW("");
}

struct view media_type_of(struct view path)
{
	struct view extension = extension_of(path);
	const struct media_type_entry *entry = media_type_find(extension.at, extension.length);
	return entry != NULL ? view_of(media_types + entry->type)
	                     : VIEW("application/octet-stream");
}
