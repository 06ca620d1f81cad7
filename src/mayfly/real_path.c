/* Following links by hand; see real_path.h. */
#include "real_path.h"
#include "beneath.h"
#include <errno.h>

enum {
	LINKS_MAX = 40, /* as many as the kernel follows (path_resolution(7)) */
	PENDING_MAX = 2 * PATH_MAX,
};

/* What links have led to and is not resolved yet: at the end of its bytes, which are filled from there. */
struct pending {
	size_t length;
	unsigned links; /* read so far */
	char bytes[PENDING_MAX];
};

static bool fail(int error)
{
	errno = error;
	return false;
}

static bool prepend(struct pending *pending, struct view text)
{
	if (text.length > sizeof pending->bytes - pending->length)
		return fail(ENAMETOOLONG);
	pending->length += text.length;
	memcpy(pending->bytes + sizeof pending->bytes - pending->length, text.data, text.length);
	return true;
}

/* Takes the first component off a path; it is empty between two slashes. */
static struct view take_component(struct view *path)
{
	const char *slash = memchr(path->data, '/', path->length);
	size_t length = slash != NULL ? (size_t)(slash - path->data) : path->length;
	struct view component = {path->data, length};
	*path = view_from(*path, slash != NULL ? length + 1 : length);
	return component;
}

static struct view take_pending(struct pending *pending)
{
	struct view rest = {pending->bytes + sizeof pending->bytes - pending->length,
	                    pending->length};
	struct view component = take_component(&rest);
	pending->length = rest.length;
	return component;
}

static void cut(struct real_path *real, size_t length)
{
	real->length = length;
	real->bytes[length] = '\0';
}

static bool append(struct real_path *real, struct view component)
{
	size_t begin = real->length > 0 ? real->length + 1 : 0;
	if (component.length >= sizeof real->bytes - begin)
		return fail(ENAMETOOLONG);
	if (begin > 0)
		real->bytes[real->length] = '/';
	memcpy(real->bytes + begin, component.data, component.length);
	cut(real, begin + component.length);
	return true;
}

/* "..", which leads out of the directory from its top. */
static bool drop_last(struct real_path *real)
{
	if (real->length == 0)
		return fail(EXDEV);
	size_t length = real->length - 1;
	while (length > 0 && real->bytes[length] != '/')
		length--;
	cut(real, length);
	return true;
}

/* Appends a component; in place of a link, what it says becomes pending. */
static bool enter(struct real_path *real, int directory, struct view component,
                  struct pending *pending)
{
	char text[PATH_MAX];
	size_t parent = real->length;
	if (!append(real, component))
		return false;
	ssize_t length = read_link_beneath(directory, real->bytes, text, sizeof text);
	if (length <= 0)
		return length == 0;
	if (++pending->links > LINKS_MAX)
		return fail(ELOOP);
	if (text[0] == '/')
		return fail(EXDEV);
	cut(real, parent);
	return prepend(pending, VIEW("/")) && prepend(pending, (struct view){text, (size_t)length});
}

static bool follow(struct real_path *real, int directory, struct pending *pending)
{
	while (pending->length > 0) {
		struct view component = take_pending(pending);
		if (component.length == 0 || view_equal(component, VIEW(".")))
			continue;
		bool done = view_equal(component, VIEW(".."))
		                ? drop_last(real)
		                : enter(real, directory, component, pending);
		if (!done)
			return false;
	}
	return true;
}

/* Whether a directory contains what is called `path`, or is it. */
static bool contains(const struct real_path *directory, struct view path)
{
	size_t length = directory->length;
	return length <= path.length && memcmp(directory->bytes, path.data, length) == 0 &&
	       (length == 0 || length == path.length || path.data[length] == '/');
}

/* Appends a component of the given path, or what it leads to if it is a link. */
static bool enter_given(struct real_path *real, int directory, struct view component,
                        struct pending *pending)
{
	char parent[PATH_MAX];
	size_t parent_length = real->length;
	memcpy(parent, real->bytes, parent_length);
	unsigned links_before = pending->links;
	if (!enter(real, directory, component, pending) || !follow(real, directory, pending))
		return false;
	if (pending->links == links_before)
		return true;
	real->links++;
	real->loops = real->loops || contains(real, (struct view){parent, parent_length});
	return true;
}

bool real_path_find(struct real_path *real, int directory, struct view path)
{
	struct pending pending;
	pending.length = pending.links = 0;
	cut(real, 0);
	real->links = 0;
	real->loops = false;
	while (path.length > 0) {
		struct view component = take_component(&path);
		if (component.length > 0 && !enter_given(real, directory, component, &pending))
			return false;
	}
	return true;
}
