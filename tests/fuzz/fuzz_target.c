/*
 * The request target: an accepted target yields a canonical path that names nothing above the root,
 * and that parses to itself when written as a URL path.
 */
#include "base/buffer.h"
#include "fuzz.h"
#include "http/target.h"

/*
 * The path begins with "/"; only the last segment may be empty, none is "." or "..", none
 * contains a NUL.
 */
static void expect_canonical(struct view path)
{
	HOLDS(path.length > 0 && path.data[0] == '/');
	HOLDS(memchr(path.data, '\0', path.length) == NULL);
	for (size_t begin = 1; begin < path.length;) {
		const char *slash = memchr(path.data + begin, '/', path.length - begin);
		size_t end = slash != NULL ? (size_t)(slash - path.data) : path.length;
		struct view segment = {path.data + begin, end - begin};
		HOLDS(segment.length > 0);
		HOLDS(!view_equal(segment, VIEW(".")) && !view_equal(segment, VIEW("..")));
		begin = end + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct target target, again;
	static char printed[3 * TARGET_PATH_MAX + 1];
	struct buffer text = BUFFER(printed);
	struct view raw = {(const char *)data, size};
	memset(&target, 0x5a, sizeof target);
	struct refusal refusal = target_parse(raw, &target);
	if (refusal.status != 0) {
		HOLDS(refusal.reason != NULL && target.path_length == 0);
		return 0;
	}
	struct view path = target_path(&target);
	HOLDS(path.length <= TARGET_PATH_MAX && target.path[path.length] == '\0');
	expect_canonical(path);
	HOLDS(target.query.length == 0 || is_inside(raw, target.query));
	HOLDS(target.authority.length == 0 || is_inside(raw, target.authority));

	buffer_add_path(&text, path);
	HOLDS(target_parse(buffer_view(&text), &again).status == 0);
	HOLDS(view_equal(target_path(&again), path) && !again.has_query);
	HOLDS(target_is_hidden(target_path(&again)) == target_is_hidden(path));
	return 0;
}
