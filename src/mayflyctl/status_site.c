/* The directory and the counter file of the site; see status.h. */
#include "hits_file.h"
#include "json.h"
#include "status.h"
#include "user.h"
#include <errno.h>
#include <fcntl.h>
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

struct json_object *status_hits(const struct installation *installation)
{
	struct counts counts = {0};
	uint64_t damaged = 0;
	if (*installation->hits == '\0')
		return NULL;
	struct json_object *hits = json_object_new_object();
	json_object_object_add(hits, "path", json_object_new_string(installation->hits));
	const char *wrong = hits_file_load(installation->hits, &counts, &damaged);
	if (wrong == NULL) {
		json_set_number(hits, "resources", counts.size);
		json_set_number(hits, "total", counts.total);
		json_set_number(hits, "damaged", damaged);
	} else if (errno == ENOENT) { /* until the first hit, and nothing is wrong */
		json_set_number(hits, "total", 0);
	} else if (errno == EACCES) {
		json_object_object_add(hits, "total", NULL);
	} else {
		json_object_object_add(hits, "error", json_object_new_string(wrong));
	}
	counts_free(&counts);
	return hits;
}
