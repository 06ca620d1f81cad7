/* Opening files as root in directories of other users; see safe_path.h. */
#include "safe_path.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* the kernel's limit (path_resolution(7)) */

/* A path that is being resolved, name by name. */
struct walk {
	int directory;       /* where the next name is looked up */
	uid_t user;          /* the owner of a link that was followed; 0 if root owns all */
	unsigned links;      /* followed so far */
	char rest[PATH_MAX]; /* the names that are left */
};

static bool walk_fail(int error)
{
	errno = error;
	return false;
}

/* Continues in this directory; the walk closes it later. Returns false if it is not open. */
static bool walk_enter(struct walk *walk, int directory)
{
	if (directory < 0)
		return false;
	if (walk->directory >= 0)
		(void)close(walk->directory);
	walk->directory = directory;
	return true;
}

/* Inserts `path`, which is not empty, before the rest. */
static bool walk_prepend(struct walk *walk, const char *path)
{
	char rest[2 * PATH_MAX];
	int length = snprintf(rest, sizeof rest, "%s/%s", path, walk->rest);
	if ((size_t)length >= sizeof walk->rest)
		return walk_fail(ENAMETOOLONG);
	memcpy(walk->rest, rest, (size_t)length + 1);
	if (*path != '/' && walk->directory >= 0)
		return true;
	return walk_enter(walk, open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* Removes the next name from the rest. Returns false (errno) if it is missing or too long. */
static bool walk_next_name(struct walk *walk, char name[static NAME_MAX + 1])
{
	const char *start = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(start, "/");
	if (length == 0 || length > NAME_MAX)
		return walk_fail(length == 0 ? EISDIR : ENAMETOOLONG);
	memcpy(name, start, length);
	name[length] = '\0';
	start += length + strspn(start + length, "/");
	memmove(walk->rest, start, strlen(start) + 1);
	return true;
}

/* The rule for symbolic links: fails if a user's link leads to a file of another user. */
static bool walk_check_owner(const struct walk *walk, const struct stat *status)
{
	bool is_allowed = walk->user == 0 || status->st_uid == walk->user;
	if (!is_allowed)
		errno = ENOLINK;
	return is_allowed;
}

static bool walk_follow(struct walk *walk, int link, const struct stat *status)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(link, "", target, sizeof target - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	if (++walk->links > LINKS_MAX)
		return walk_fail(ELOOP);
	if (status->st_uid != 0 && !walk_check_owner(walk, status))
		return false;
	if (status->st_uid != 0)
		walk->user = status->st_uid;
	return walk_prepend(walk, target);
}

/* The second half of walk_step; `node` is the name, open. */
static bool walk_into(struct walk *walk, int node, enum safe_path_end end, bool *done)
{
	struct stat status;
	bool last = *walk->rest == '\0';
	if (fstat(node, &status) != 0)
		return false;
	if (S_ISLNK(status.st_mode) && (!last || end == SAFE_PATH_FOLLOW_LINK))
		return walk_follow(walk, node, &status);
	*done = last;
	if (last)
		return walk_check_owner(walk, &status);
	if (!S_ISDIR(status.st_mode))
		return walk_fail(ENOTDIR);
	return walk_enter(walk, fcntl(node, F_DUPFD_CLOEXEC, 0));
}

/* Looks up the next name. Sets *done if it is the last one and not a link to follow. */
static bool walk_step(struct walk *walk, enum safe_path_end end, char name[static NAME_MAX + 1],
                      bool *done)
{
	if (!walk_next_name(walk, name))
		return false;
	int node = openat(walk->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (node < 0) {
		*done = *walk->rest == '\0' && errno == ENOENT;
		return *done;
	}
	bool good = walk_into(walk, node, end, done);
	int error = errno;
	(void)close(node);
	errno = error;
	return good;
}

/* safe_path_find for root. `path` does not end with a slash. */
static bool find_as_root(struct safe_path *found, const char *path, enum safe_path_end end)
{
	struct walk walk = {.directory = -1};
	struct stat status;
	bool done = false;
	bool good = walk_prepend(&walk, path);
	while (good && !done)
		good = walk_step(&walk, end, found->name, &done);
	if (good)
		good = fstat(walk.directory, &status) == 0 && walk_check_owner(&walk, &status);
	found->directory = walk.directory;
	if (!good && walk.directory >= 0) {
		int error = errno;
		(void)close(walk.directory);
		return walk_fail(error);
	}
	return good;
}

bool safe_path_find(struct safe_path *found, const char *path, enum safe_path_end end)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	if (strlen(path) >= sizeof directory || strlen(name) > NAME_MAX)
		return walk_fail(ENAMETOOLONG);
	if (*name == '\0')
		return walk_fail(*path == '\0' ? ENOENT : EISDIR);
	if (geteuid() == 0)
		return find_as_root(found, path, end);
	(void)snprintf(directory, sizeof directory, "%.*s", (int)(name - path), path);
	(void)snprintf(found->name, sizeof found->name, "%s", name);
	found->directory = open(slash == NULL ? "." : directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return found->directory >= 0;
}

/* Fails (errno) if this user must not write to a file in this directory; see safe_path.h. */
static bool check_write(int directory, const struct stat *file)
{
	struct stat status;
	if (geteuid() != 0)
		return true;
	if (fstat(directory, &status) != 0)
		return false;
	bool is_shared = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
	if ((status.st_uid != 0 && file->st_uid != status.st_uid) ||
	    (is_shared && file->st_nlink > 1))
		return walk_fail(EMLINK);
	return true;
}

/*
 * Opens the file of an O_PATH descriptor: the file that was checked, even if its name has changed.
 */
static int reopen(int node, int flags)
{
	char name[sizeof "/proc/self/fd/" + 3 * sizeof node];
	int file;
	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", node);
	do
		file = open(name, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (file < 0 && errno == EINTR);
	return file;
}

int safe_path_open(const char *path, int flags)
{
	struct safe_path place;
	struct stat status;
	int file = -1;
	if (!safe_path_find(&place, path, SAFE_PATH_FOLLOW_LINK))
		return -1;
	int keep_link = geteuid() == 0 ? O_NOFOLLOW : 0;
	int node = openat(place.directory, place.name, O_PATH | O_CLOEXEC | keep_link);
	if (node >= 0 && fstat(node, &status) == 0) {
		if (!S_ISREG(status.st_mode))
			errno = ENODEV;
		else if ((flags & O_ACCMODE) == O_RDONLY || check_write(place.directory, &status))
			file = reopen(node, flags);
	}
	int error = errno;
	if (node >= 0)
		(void)close(node);
	(void)close(place.directory);
	errno = error;
	return file;
}

const char *safe_path_problem(int error)
{
	switch (error) {
	case ENOLINK:
		return "another user's symbolic link leads there; name the file without it";
	case EMLINK:
		return "its owner is not its directory's, or it has several hard links; root does "
		       "not write to it";
	case ENODEV:
		return "not a regular file";
	default:
		return strerror(error);
	}
}
