/* Finding the file for a path; see resource.h. */
#include "resource.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RACES_MOST = 8 };

/* openat2(2), which no libc wraps. EAGAIN: a rename somewhere made "beneath" undecidable, try
 * again. */
static int open_beneath(int root, const char *name, int flags)
{
	struct open_how how = {
	    .flags = (unsigned)flags | O_CLOEXEC,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int file;
	int races = 0;
	do {
		file = (int)syscall(SYS_openat2, root, name, &how, sizeof how);
	} while (file < 0 && (errno == EINTR || (errno == EAGAIN && ++races < RACES_MOST)));
	return file;
}

static int open_named(int root, const char *name, bool index_named)
{
	int file = open_beneath(root, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (file >= 0 || errno != EACCES || index_named)
		return file;
	/* A directory that may be entered but not read still has a name with a slash to be sent to.
	 */
	file = open_beneath(root, name, O_PATH | O_DIRECTORY);
	if (file < 0)
		errno = EACCES;
	return file;
}

bool site_open(struct site *site, const char *root, const char *index)
{
	site->index = index;
	site->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return site->root >= 0;
}

static struct refusal refusal_of_error(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return refuse(404, "not-found");
	case EACCES:
	case EPERM:
		return refuse(403, "file-forbidden");
	case EXDEV:
		return refuse(404, "target-escapes-root");
	case ELOOP:
		return refuse(404, "symlink-loop");
	case ENAMETOOLONG:
		return refuse(404, "name-too-long");
	case ENXIO: /* a socket, or a device without a driver */
	case ENODEV:
		return refuse(404, "not-a-regular-file");
	default:
		return refuse(500, "file-open-failed");
	}
}

/* The target's path, with the index's name behind it where it ends with a slash. */
static bool name_path(const struct site *site, const struct target *target,
                      struct resource *resource)
{
	bool names_directory = target->path[target->path_length - 1] == '/';
	size_t index_length = names_directory ? strlen(site->index) : 0;
	memcpy(resource->path_buffer, target->path, target->path_length);
	memcpy(resource->path_buffer + target->path_length, site->index, index_length);
	resource->path = (struct view){resource->path_buffer, target->path_length + index_length};
	resource->path_buffer[resource->path.length] = '\0';
	return names_directory;
}

struct refusal resource_open(const struct site *site, const struct target *target,
                             struct resource *resource)
{
	resource->file = -1;
	resource->is_directory = false;
	bool index_named = name_path(site, target, resource);
	if (target_is_hidden(target_path(target)))
		return refuse(404, "hidden");
	resource->file = open_named(site->root, resource->path_buffer + 1, index_named);
	if (resource->file < 0)
		return refusal_of_error(errno);
	if (fstat(resource->file, &resource->stat) != 0)
		return refuse(500, "file-open-failed");
	resource->is_directory = S_ISDIR(resource->stat.st_mode) && !index_named;
	if (!S_ISREG(resource->stat.st_mode) && !resource->is_directory)
		return refuse(404, "not-a-regular-file");
	return ACCEPTED;
}

void resource_close(struct resource *resource)
{
	if (resource->file >= 0)
		close(resource->file);
	resource->file = -1;
}
