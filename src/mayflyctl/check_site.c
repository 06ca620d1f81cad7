/* Checking the site; see checks.h. */
#include "checks.h"
#include "user.h"
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Files that have one fault: the first of them are named, the rest only counted. */
struct kind {
	const char *problem; /* behind the name */
	const char *remedy;
	size_t count;
};

struct faults {
	struct kind unreadable, leaving, dangling, looping;
};

static void add(struct findings *findings, struct kind *kind, const char *name)
{
	if (kind->count++ < FINDINGS_OF_A_KIND)
		found(findings, kind->remedy, "%s %s", shown_name(name), kind->problem);
}

static void add_rest(struct findings *findings, const struct kind *kind)
{
	if (kind->count > FINDINGS_OF_A_KIND)
		found(findings, kind->remedy, "%zu more of what %s",
		      kind->count - FINDINGS_OF_A_KIND, kind->problem);
}

/* Names the first part of the path that bars the way to the rest. */
static void blame_component(const char *path, const char *user, struct findings *findings)
{
	char part[PATH_MAX];
	char remedy[REMEDY_SIZE];
	for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t length = slash == path ? 1 : (size_t)(slash - path);
		(void)snprintf(part, sizeof part, "%.*s", (int)length, path);
		if (faccessat(AT_FDCWD, part, X_OK, AT_EACCESS) == 0)
			continue;
		(void)snprintf(remedy, sizeof remedy, "chmod o+x %s", quoted_name(part));
		found(findings, remedy, "%s bars %s from the root directory %s", shown_name(part),
		      user, shown_name(path));
		return;
	}
	(void)snprintf(remedy, sizeof remedy, "chmod o+rx %s", quoted_name(path));
	found(findings, remedy, "%s may not enter the root directory %s", user, shown_name(path));
}

/* Opens the root as the handler does, as its user. */
static int open_root(const struct installation *installation, struct findings *findings)
{
	const char *path = installation->root;
	int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0 && faccessat(root, ".", X_OK, AT_EACCESS) == 0)
		return root;
	int error = root >= 0 ? EACCES : errno;
	if (root >= 0)
		close(root);
	if (error == EACCES)
		blame_component(path, installation->user, findings);
	else
		found(findings, "make the directory, or name another with --root",
		      "the root directory %s: %s", shown_name(path), strerror(error));
	return -1;
}

/* Whether a link leads to a directory that contains it, so that each file there has endless names.
 */
static bool leads_to_ancestor(const FTSENT *link, int file)
{
	struct stat target;
	if (fstat(file, &target) != 0)
		return false;
	const FTSENT *parent = link->fts_parent;
	while (parent->fts_level >= FTS_ROOTLEVEL &&
	       (parent->fts_ino != target.st_ino || parent->fts_dev != target.st_dev))
		parent = parent->fts_parent;
	return parent->fts_level >= FTS_ROOTLEVEL;
}

/* What is wrong with a link, if anything is. */
static struct kind *fault_of_link(int root, const char *name, const FTSENT *link,
                                  struct faults *faults)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC,
	                       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	int file = (int)syscall(SYS_openat2, root, name, &how, sizeof how);
	if (file < 0 && errno == EXDEV)
		return &faults->leaving;
	if (file < 0)
		return errno == ENOENT || errno == ELOOP ? &faults->dangling : NULL;
	bool looping = leads_to_ancestor(link, file);
	close(file);
	return looping ? &faults->looping : NULL;
}

/* What is hidden is never served: it may be as it likes. */
static bool is_hidden(const FTSENT *entry)
{
	return entry->fts_level > 0 && entry->fts_name[0] == '.' &&
	       strcmp(entry->fts_name, ".well-known") != 0;
}

/* A file has to be read, a directory to be entered. */
static bool may_not_be_used(int root, const char *name, const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_F:
		return faccessat(root, name, R_OK, AT_EACCESS) != 0;
	case FTS_D:
	case FTS_DNR:
		return faccessat(root, name, X_OK, AT_EACCESS) != 0;
	default:
		return false;
	}
}

static struct kind *fault_of_entry(int root, const char *name, const FTSENT *entry,
                                   struct faults *faults)
{
	if (entry->fts_info == FTS_SL)
		return fault_of_link(root, name, entry, faults);
	return may_not_be_used(root, name, entry) ? &faults->unreadable : NULL;
}

/* Walks as root, where it can, and asks as the handler's user. */
static void walk(int root, const struct installation *installation, FTS *files,
                 struct findings *findings)
{
	struct faults faults = {
	    .unreadable = {"cannot be read by the handler: 403", "chmod -R o+rX what is to be read",
	                   0},
	    .leaving = {"is a link that leaves the root directory: 404",
	                "put what it names into the root directory, or mount it there", 0},
	    .dangling = {"is a link to nothing: 404", "remove it, or make what it names", 0},
	    .looping = {"is a link to a directory that contains it: names without end",
	                "remove it: crawlers follow it up to 40 times", 0},
	};
	size_t prefix = strlen(installation->root) + 1;
	FTSENT *entry;
	while ((entry = fts_read(files)) != NULL) {
		if (is_hidden(entry)) {
			(void)fts_set(files, entry, FTS_SKIP);
			continue;
		}
		const char *name = entry->fts_level > 0 ? entry->fts_path + prefix : ".";
		(void)user_become(installation->user);
		struct kind *fault = fault_of_entry(root, name, entry, &faults);
		user_return();
		if (fault != NULL)
			add(findings, fault, name);
	}
	add_rest(findings, &faults.unreadable);
	add_rest(findings, &faults.leaving);
	add_rest(findings, &faults.dangling);
	add_rest(findings, &faults.looping);
}

void check_site(const struct installation *installation, struct findings *findings)
{
	char path[PATH_MAX];
	if (!user_become(installation->user)) {
		found(findings, "systemd-sysusers", "there is no user %s",
		      shown_name(installation->user));
		return;
	}
	int root = open_root(installation, findings);
	user_return();
	if (root < 0)
		return;
	(void)snprintf(path, sizeof path, "%s", installation->root);
	char *const paths[] = {path, NULL};
	FTS *files = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (files != NULL) {
		walk(root, installation, files, findings);
		(void)fts_close(files);
	}
	close(root);
}
