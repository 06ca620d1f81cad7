/* Resolving symbolic links; see real_path.h. */
#include "real_path.h"
#include "parse.h"
#include <errno.h>

enum {
	LINKS_MAX = 40, /* as many as the kernel follows (path_resolution(7)) */
	PENDING_MAX = 2 * PATH_MAX,
};

/* Components that links have inserted and that are not resolved yet. They fill `bytes` from its end. */
struct pending {
	int directory; /* what all paths are relative to */
	const struct absolute_path *absolute;
	size_t length;
	unsigned links; /* read so far */
	char bytes[PENDING_MAX];
};

static bool set_errno(int error)
{
	errno = error;
	return false;
}

/* Inserts the path of a link, and a slash after it. */
static bool pending_prepend(struct pending *pending, struct view path)
{
	if (path.length >= sizeof pending->bytes - pending->length)
		return set_errno(ENAMETOOLONG);
	pending->length += path.length + 1;
	char *begin = pending->bytes + sizeof pending->bytes - pending->length;
	memcpy(begin, path.data, path.length);
	begin[path.length] = '/';
	return true;
}

/* Removes the first component from a path, and returns it; it is empty between two slashes. */
static struct view take_component(struct view *path)
{
	struct view component;
	(void)parse_cut(path, '/', &component);
	return component;
}

static struct view pending_take(struct pending *pending)
{
	struct view rest = {pending->bytes + sizeof pending->bytes - pending->length,
	                    pending->length};
	struct view component = take_component(&rest);
	pending->length = rest.length;
	return component;
}

static void real_path_truncate(struct real_path *real, size_t length)
{
	real->length = length;
	real->bytes[length] = '\0';
}

static bool real_path_append(struct real_path *real, struct view component)
{
	size_t begin = real->length > 0 ? real->length + 1 : 0;
	if (component.length >= sizeof real->bytes - begin)
		return set_errno(ENAMETOOLONG);
	if (begin > 0)
		real->bytes[real->length] = '/';
	memcpy(real->bytes + begin, component.data, component.length);
	real_path_truncate(real, begin + component.length);
	return true;
}

/* Resolves "..": an error at the top, where it leads out of the directory. */
static bool real_path_drop_last(struct real_path *real)
{
	if (real->length == 0)
		return set_errno(EXDEV);
	size_t length = real->length - 1;
	while (length > 0 && real->bytes[length] != '/')
		length--;
	real_path_truncate(real, length);
	return true;
}

/* Removes the first component that is neither empty nor ".", and returns it; it is empty at the end. */
static struct view take_name(struct view *path)
{
	struct view component = VIEW("");
	while (path->length > 0 && (component.length == 0 || view_equal(component, VIEW("."))))
		component = take_component(path);
	return view_equal(component, VIEW(".")) ? VIEW("") : component;
}

/* Removes the components of `prefix` from the front of *text. Returns false if it does not begin so. */
static bool cut_prefix(struct view *text, struct view prefix)
{
	for (;;) {
		struct view name = take_name(&prefix);
		if (name.length == 0)
			return true;
		if (!view_equal(take_name(text), name))
			return false;
	}
}

/* Removes the directory's absolute path from the text of a link. Returns false if it does not begin so. */
static bool absolute_path_cut(const struct absolute_path *absolute, struct view *text)
{
	return absolute->root.length > 0 && cut_prefix(text, absolute->working) &&
	       cut_prefix(text, absolute->root) && cut_prefix(text, absolute->host);
}

/* Appends a component or, if it is a link, makes the path in it pending. */
static bool real_path_enter(struct real_path *real, struct view component, struct pending *pending)
{
	char buffer[PATH_MAX];
	size_t parent = real->length;
	if (!real_path_append(real, component))
		return false;
	ssize_t length = read_link_beneath(pending->directory, real->bytes, buffer, sizeof buffer);
	if (length <= 0)
		return length == 0;
	if (++pending->links > LINKS_MAX)
		return set_errno(ELOOP);
	struct view text = {buffer, (size_t)length};
	bool is_absolute = buffer[0] == '/';
	if (is_absolute && !absolute_path_cut(pending->absolute, &text))
		return set_errno(EXDEV);
	real_path_truncate(real, is_absolute ? 0 : parent);
	return pending_prepend(pending, text);
}

static bool real_path_follow(struct real_path *real, struct pending *pending)
{
	while (pending->length > 0) {
		struct view component = pending_take(pending);
		if (component.length == 0 || view_equal(component, VIEW(".")))
			continue;
		bool done = view_equal(component, VIEW(".."))
		                ? real_path_drop_last(real)
		                : real_path_enter(real, component, pending);
		if (!done)
			return false;
	}
	return true;
}

/* Whether a directory is `path`, or contains it. */
static bool real_path_contains(const struct real_path *directory, struct view path)
{
	size_t length = directory->length;
	return length <= path.length && memcmp(directory->bytes, path.data, length) == 0 &&
	       (length == 0 || length == path.length || path.data[length] == '/');
}

/* Appends a component of the given path or, if it is a link, the real path of its destination. */
static bool real_path_enter_given(struct real_path *real, struct view component,
                                  struct pending *pending)
{
	char parent[PATH_MAX];
	size_t parent_length = real->length;
	memcpy(parent, real->bytes, parent_length);
	unsigned links_before = pending->links;
	if (!real_path_enter(real, component, pending) || !real_path_follow(real, pending))
		return false;
	real->ends_in_link = pending->links != links_before;
	if (!real->ends_in_link)
		return true;
	real->links++;
	real->loops = real->loops || real_path_contains(real, (struct view){parent, parent_length});
	return true;
}

bool real_path_allows_given(const struct real_path *real)
{
	return real->links <= 1 && !real->loops;
}

bool real_path_find(struct real_path *real, int directory, const struct absolute_path *absolute,
                    struct view path)
{
	struct pending pending;
	pending.directory = directory;
	pending.absolute = absolute;
	pending.length = pending.links = 0;
	real_path_truncate(real, 0);
	real->links = 0;
	real->ends_in_link = real->loops = false;
	while (path.length > 0) {
		struct view component = take_component(&path);
		if (component.length > 0 && !real_path_enter_given(real, component, &pending))
			return false;
	}
	return true;
}

/* Not inlined: its frame of several pages is only for the rare name that needs it. */
__attribute__((noinline)) static int open_by_real_path(int directory,
                                                       const struct absolute_path *absolute,
                                                       const char *name, enum opening opening)
{
	struct real_path real;
	if (!real_path_find(&real, directory, absolute, view_of(name)))
		return -1;
	return open_beneath(directory, real.length > 0 ? real.bytes : ".", opening);
}

/* Removes the last component of the absolute path of a directory; "/" remains. */
static void drop_last(struct view *path)
{
	while (path->length > 0 && path->data[path->length - 1] != '/')
		path->length--;
	if (path->length > 1)
		path->length--;
}

struct absolute_path absolute_path_of(struct view working, struct view root)
{
	struct absolute_path absolute = {VIEW(""), root, VIEW("")};
	if (root.length > 0 && root.data[0] == '/')
		return absolute;
	for (struct view rest = root; view_equal(take_name(&rest), VIEW("..")); root = rest)
		drop_last(&working);
	absolute.working = working;
	absolute.root = root.length > 0 ? root : VIEW(".");
	return working.length > 0 ? absolute : (struct absolute_path){.root = VIEW("")};
}

int real_path_open(int directory, const struct absolute_path *absolute, const char *name,
                   enum opening opening)
{
	int file = open_beneath(directory, name, opening);
	bool may_be_inside = file < 0 && errno == EXDEV && absolute->root.length > 0;
	return may_be_inside ? open_by_real_path(directory, absolute, name, opening) : file;
}
