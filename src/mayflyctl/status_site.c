/* The directory and the counter file of the site; see status.h. */
#include "hits/hits.h"
#include "status.h"
#include "user.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether the user can go into the directory: 0, or an errno. */
static int enter_as(const char *name, const char *directory)
{
	if (!user_become(name))
		return ESRCH;
	int error = faccessat(AT_FDCWD, directory, X_OK, AT_EACCESS) == 0 ? 0 : errno;
	user_return();
	return error;
}

struct json_object *status_root(const struct installation *installation)
{
	struct json_object *root = json_object_new_object();
	json_object_object_add(root, "path", json_object_new_string(installation->root));
	json_object_object_add(root, "user", json_object_new_string(installation->user));
	if (!user_can_become(installation->user)) {
		json_object_object_add(root, "enterable", NULL);
		return root;
	}
	int error = enter_as(installation->user, installation->root);
	json_object_object_add(root, "enterable", json_object_new_boolean(error == 0));
	if (error != 0)
		json_object_object_add(root, "error",
		                       json_object_new_string(error == ESRCH
		                                                  ? "there is no such user"
		                                                  : strerror(error)));
	return root;
}

/* The paths that were counted, to find those that come twice; see hits_each. */
struct tally {
	char **paths;
	size_t count, room;
	uint64_t total;
	bool out_of_memory;
};

static void add_record(void *context, const char *path, size_t path_length, uint64_t count)
{
	struct tally *tally = context;
	tally->total += count;
	if (tally->count == tally->room) {
		size_t room = tally->room * 2 + 64;
		char **paths = reallocarray(tally->paths, room, sizeof *paths);
		tally->out_of_memory = tally->out_of_memory || paths == NULL;
		if (paths == NULL)
			return;
		tally->paths = paths;
		tally->room = room;
	}
	tally->paths[tally->count] = strndup(path, path_length);
	if (tally->paths[tally->count] == NULL)
		tally->out_of_memory = true;
	else
		tally->count++;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* How many different paths there are; frees them. */
static size_t count_paths(struct tally *tally)
{
	size_t different = 0;
	if (tally->count > 0)
		qsort(tally->paths, tally->count, sizeof *tally->paths, compare);
	for (size_t i = 0; i < tally->count; i++)
		different += i == 0 || strcmp(tally->paths[i], tally->paths[i - 1]) != 0;
	for (size_t i = 0; i < tally->count; i++)
		free(tally->paths[i]);
	free(tally->paths);
	return different;
}

/* Reads the whole file; returns what keeps it from being read, or NULL. */
static const char *add_counts(struct json_object *hits, int file)
{
	struct tally tally = {0};
	uint64_t damaged = 0;
	const char *why = hits_each(file, add_record, &tally, &damaged);
	size_t resources = count_paths(&tally);
	if (why != NULL || tally.out_of_memory)
		return why != NULL ? why : strerror(ENOMEM);
	json_object_object_add(hits, "resources", json_object_new_uint64(resources));
	json_object_object_add(hits, "total", json_object_new_uint64(tally.total));
	json_object_object_add(hits, "damaged", json_object_new_uint64(damaged));
	return NULL;
}

struct json_object *status_hits(const struct installation *installation)
{
	if (*installation->hits == '\0')
		return NULL;
	struct json_object *hits = json_object_new_object();
	json_object_object_add(hits, "path", json_object_new_string(installation->hits));
	int file = open(installation->hits, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *why = file < 0 ? strerror(errno) : add_counts(hits, file);
	if (file < 0 && errno == ENOENT) /* until the first hit, and nothing is wrong */
		json_object_object_add(hits, "total", json_object_new_uint64(0));
	else if (file < 0 && errno == EACCES)
		json_object_object_add(hits, "total", NULL);
	else if (why != NULL)
		json_object_object_add(hits, "error", json_object_new_string(why));
	if (file >= 0)
		(void)close(file);
	return hits;
}
