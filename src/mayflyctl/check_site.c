/*
 * The checks of the handler's files; see check_site.h. A command for another user's file runs as
 * that user, who may replace the file by a link to another one before the command runs.
 */
#include "check_site.h"
#include "counter/verify.h"
#include "hits_file.h"
#include "http/rules.h"
#include "output.h"
#include "user.h"
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FINDINGS_OF_A_KIND = 10 };

/* --- Commands. --- */

/* Writes `TOOL NAME`, to be run by root but with the rights of this user. */
static void command_as(char command[static CHECK_COMMAND_SIZE], uid_t owner, const char *tool,
                       const char *name)
{
	const struct passwd *user = owner != 0 ? getpwuid(owner) : NULL;
	const char *quoted = output_quoted(name);
	if (owner == 0)
		(void)snprintf(command, CHECK_COMMAND_SIZE, "%s %s", tool, quoted);
	else if (user != NULL)
		(void)snprintf(command, CHECK_COMMAND_SIZE, "runuser -u %s -- %s %s",
		               output_quoted(user->pw_name), tool, quoted);
	else
		(void)snprintf(command, CHECK_COMMAND_SIZE,
		               "setpriv --reuid=%u --regid=%u --clear-groups %s %s",
		               (unsigned)owner, (unsigned)owner, tool, quoted);
}

static uid_t owner_of(const char *name)
{
	struct stat status;
	return stat(name, &status) == 0 ? status.st_uid : 0;
}

/* --- The user. --- */

/* The package creates its user by a sysusers.d file. */
static void add_missing_user(const struct unit_config *config, struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	(void)snprintf(command, sizeof command, "useradd --system %s", output_quoted(config->user));
	findings_add(findings, NULL,
	             strcmp(config->user, "mayfly") == 0 ? "systemd-sysusers mayfly.conf" : command,
	             "there is no user %s", output_escaped(config->user));
	findings_mark_critical(findings);
}

bool check_user(const struct unit_config *config, struct findings *findings)
{
	if (user_find(config->user) != NULL)
		return true;
	if (errno == ENOENT)
		add_missing_user(config, findings);
	else
		findings_add_unchecked(findings, "cannot find user %s: %s",
		                       output_escaped(config->user), strerror(errno));
	return false;
}

bool check_become_user(const struct unit_config *config, const char *unchecked,
                       struct findings *findings)
{
	if (unit_config_become_user(config))
		return true;
	findings_add_unchecked(findings, "%s is not checked: cannot act as user %s: %s", unchecked,
	                       config->user, strerror(errno));
	return false;
}

/* --- The root directory. --- */

/* Reports the first directory on the path that the user cannot enter. */
static void add_path_problem(const struct unit_config *config, struct findings *findings)
{
	const char *path = config->root;
	char part[PATH_MAX], command[CHECK_COMMAND_SIZE];
	for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t length = slash == path ? 1 : (size_t)(slash - path);
		(void)snprintf(part, sizeof part, "%.*s", (int)length, path);
		if (faccessat(AT_FDCWD, part, X_OK, AT_EACCESS) == 0 || errno != EACCES)
			continue;
		command_as(command, owner_of(part), "chmod o+x", part);
		findings_add(findings, NULL, command,
		             "user %s cannot enter %s, on the path of the root directory %s",
		             config->user, output_escaped(part), output_escaped(path));
		return;
	}
	command_as(command, owner_of(path), "chmod o+rx", path);
	findings_add(findings, NULL, command, "user %s cannot enter the root directory %s",
	             config->user, output_escaped(path));
}

/* Opens it as the handler does. Returns -1 after a finding. */
static int open_root(const struct unit_config *config, struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	int root = open(config->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0 && faccessat(root, ".", X_OK, AT_EACCESS) == 0)
		return root;
	int error = errno;
	if (root >= 0)
		close(root);
	if (error_is_of_system(error)) {
		findings_add_unchecked(findings, "the root directory %s is not checked: %s",
		                       output_escaped(config->root), strerror(error));
		return -1;
	}
	(void)snprintf(command, sizeof command, "mkdir -p %s", output_quoted(config->root));
	if (error == EACCES)
		add_path_problem(config, findings);
	else
		findings_add(findings, "create it, or set another --root",
		             error == ENOENT ? command : NULL, "the root directory %s: %s",
		             output_escaped(config->root), strerror(error));
	findings_mark_critical(findings);
	return -1;
}

/* --- The files in it. --- */

/* Opens a name of a host, after the host's directory. */
static int open_in_host(int root, const struct absolute_path *absolute, const char *name,
                        size_t host_length, enum opening opening)
{
	char host[NAME_MAX + 2];
	(void)snprintf(host, sizeof host, "/%.*s", (int)host_length, name);
	int directory = real_path_open(root, absolute, host + 1, OPENING_DIRECTORY);
	if (directory < 0)
		return -1;
	struct absolute_path below = *absolute;
	below.host = view_of(host);
	int file = real_path_open(directory, &below, name + host_length + 1, opening);
	int error = errno;
	(void)close(directory);
	errno = error;
	return file;
}

int check_open(int root, const struct unit_config *config, const char *name, enum opening opening)
{
	struct absolute_path absolute = absolute_path_of(VIEW(""), view_of(config->root));
	size_t host_length = strcspn(name, "/");
	if (name[host_length] == '/' && unit_config_has_option(config, "--vhosts"))
		return open_in_host(root, &absolute, name, host_length, opening);
	return real_path_open(root, &absolute, name, opening);
}

/* Files with the same problem: the first ones are named, the others counted. */
struct problem_kind {
	const char *problem; /* printed after the name */
	const char *advice;
	size_t count;
};

struct problem_kinds {
	struct problem_kind unreadable, rules, leaving, dangling, looping, failing;
};

/* Whether this user can read the file, or enter the directory. If not, errno says why. */
static bool is_readable(int root, const char *name, const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_F:
		return faccessat(root, name, R_OK, AT_EACCESS) == 0;
	case FTS_D:
	case FTS_DNR:
		return faccessat(root, name, X_OK, AT_EACCESS) == 0;
	default:
		return true;
	}
}

/* Whether the handler reads the file for its rules, and does not serve it. */
static bool is_rules_file(const struct unit_config *config, const char *name)
{
	const char *slash = strchr(name, '/');
	if (unit_config_has_option(config, "--vhosts"))
		name = slash != NULL ? slash + 1 : "";
	return rules_are_at(view_of(name)) && !unit_config_has_option(config, "--no-rules");
}

/*
 * Whether a link to this file leads to a directory that contains the link: each file there then has endless names.
 */
static bool leads_to_ancestor(const FTSENT *link, const struct stat *target)
{
	const FTSENT *parent = link->fts_parent;
	while (parent->fts_level >= FTS_ROOTLEVEL &&
	       (parent->fts_ino != target->st_ino || parent->fts_dev != target->st_dev))
		parent = parent->fts_parent;
	return parent->fts_level >= FTS_ROOTLEVEL;
}

static struct problem_kind *problem_of_link(int root, const struct unit_config *config,
                                            const char *name, const FTSENT *link,
                                            struct problem_kinds *kinds)
{
	struct stat target;
	int file = check_open(root, config, name, OPENING_LOOK);
	if (file < 0 && errno == EXDEV)
		return &kinds->leaving;
	if (file < 0 && error_is_of_system(errno))
		return &kinds->failing;
	if (file < 0)
		return errno == ENOENT || errno == ELOOP ? &kinds->dangling : NULL;
	bool is_known = fstat(file, &target) == 0;
	close(file);
	if (!is_known)
		return &kinds->failing;
	return leads_to_ancestor(link, &target) ? &kinds->looping : NULL;
}

static struct problem_kind *problem_of(int root, const struct unit_config *config, const char *name,
                                       const FTSENT *entry, struct problem_kinds *kinds)
{
	if (entry->fts_info == FTS_SL)
		return problem_of_link(root, config, name, entry, kinds);
	if (is_readable(root, name, entry))
		return NULL;
	if (error_is_of_system(errno))
		return &kinds->failing;
	return is_rules_file(config, name) ? &kinds->rules : &kinds->unreadable;
}

/* Whether only root can replace a file in this directory, or a directory on its path. */
static bool is_controlled_by_root(const FTSENT *directory)
{
	for (; directory->fts_level >= FTS_ROOTLEVEL; directory = directory->fts_parent)
		if (directory->fts_statp->st_uid != 0 ||
		    (directory->fts_statp->st_mode & (S_IWGRP | S_IWOTH)) != 0)
			return false;
	return true;
}

/* The command that solves the problem of this file; NULL if there is none. */
static const char *solution_of(const struct problem_kinds *kinds, const struct problem_kind *kind,
                               const FTSENT *entry)
{
	static char command[CHECK_COMMAND_SIZE];
	const FTSENT *parent = entry->fts_level > 0 ? entry->fts_parent : entry;
	bool is_link = entry->fts_info == FTS_SL;
	uid_t owner = is_link ? parent->fts_statp->st_uid : entry->fts_statp->st_uid;
	if (kind == &kinds->leaving || kind == &kinds->failing ||
	    (owner == 0 && !is_controlled_by_root(parent)))
		return NULL;
	command_as(command, owner,
	           is_link                    ? "rm"
	           : entry->fts_info == FTS_F ? "chmod o+r"
	                                      : "chmod o+rx",
	           entry->fts_path);
	return command;
}

static void add_problem(struct findings *findings, const struct problem_kinds *kinds,
                        struct problem_kind *kind, const FTSENT *entry)
{
	if (kind->count++ < FINDINGS_OF_A_KIND)
		findings_add(findings, kind->advice, solution_of(kinds, kind, entry), "%s: %s",
		             output_escaped(entry->fts_path), kind->problem);
}

static void add_others(struct findings *findings, const struct problem_kind *kind)
{
	if (kind->count > FINDINGS_OF_A_KIND)
		findings_add(findings, "solve those above, then check again", "mayflyctl check",
		             "%zu more: %s", kind->count - FINDINGS_OF_A_KIND, kind->problem);
}

/* Handlers do not serve hidden files. */
static bool is_hidden(const FTSENT *entry)
{
	return entry->fts_level > 0 && entry->fts_name[0] == '.' &&
	       strcmp(entry->fts_name, ".well-known") != 0;
}

/* Reports a file or a directory whose content could not be read, unless this user may not. */
static void add_unread(struct findings *findings, const FTSENT *entry)
{
	bool is_unread =
	    entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR;
	if (is_unread && error_is_of_system(entry->fts_errno))
		findings_add_unchecked(findings, "%s is not checked: %s",
		                       output_escaped(entry->fts_path), strerror(entry->fts_errno));
}

/* Walks the tree as this process's user, and tests each file as the handler's user. */
static void check_tree(int root, const struct unit_config *config, FTS *files,
                       struct findings *findings)
{
	struct problem_kinds kinds = {
	    .unreadable = {"the handler cannot read it (403)", "let the handler's user read it", 0},
	    .rules = {"the handler cannot read it: none of its rules applies",
	              "let the handler's user read it", 0},
	    .leaving = {"a link that leads out of the root directory (404)",
	                "copy its target into the root directory, or bind-mount it there", 0},
	    .dangling = {"a link that leads nowhere (404)", "create its target, or remove it", 0},
	    .failing = {"not checked: the system failed to open it", "check again", 0},
	    .looping = {"a link to a directory that contains it, so that files have endless names",
	                "remove it, as crawlers follow it up to 40 times", 0},
	};
	size_t prefix = strlen(config->root);
	FTSENT *entry;
	while ((entry = fts_read(files)) != NULL) {
		if (is_hidden(entry)) {
			(void)fts_set(files, entry, FTS_SKIP);
			continue;
		}
		add_unread(findings, entry);
		const char *name = entry->fts_path + prefix;
		name += strspn(name, "/");
		name = *name != '\0' ? name : ".";
		if (!check_become_user(config, "a part of the root directory", findings))
			break;
		struct problem_kind *kind = problem_of(root, config, name, entry, &kinds);
		unit_config_leave_user();
		if (kind != NULL)
			add_problem(findings, &kinds, kind, entry);
	}
	if (entry == NULL && errno != 0)
		findings_add_unchecked(findings, "not all files are checked: %s", strerror(errno));
	add_others(findings, &kinds.unreadable);
	add_others(findings, &kinds.rules);
	add_others(findings, &kinds.leaving);
	add_others(findings, &kinds.dangling);
	add_others(findings, &kinds.looping);
	add_others(findings, &kinds.failing);
}

/* mayfly-accept keeps what it saw at its start, so it must be restarted. */
static void edit_service(char command[static CHECK_COMMAND_SIZE], const struct unit_config *config)
{
	const char *service = unit_config_service_file(config);
	bool is_busy = strcmp(service, SERVICE_BUSY) == 0;
	(void)snprintf(command, CHECK_COMMAND_SIZE, "systemctl edit %s%s%s", service,
	               is_busy ? " && systemctl try-restart " : "", is_busy ? service : "");
}

static void add_hidden_root(const struct unit_config *config, struct findings *findings)
{
	char advice[2 * PATH_MAX], command[CHECK_COMMAND_SIZE];
	const char *service = unit_config_service_file(config);
	(void)snprintf(
	    advice, sizeof advice, "set %sBindReadOnlyPaths=%s in the section [Service]",
	    strcmp(config->root_hidden_by, "ProtectHome=") == 0 ? "ProtectHome=tmpfs and " : "",
	    output_escaped(config->root));
	edit_service(command, config);
	findings_add(findings, advice, command,
	             "%s: %s hides the root directory %s: every response is 503", service,
	             config->root_hidden_by, output_escaped(config->root));
	findings_mark_critical(findings);
}

int check_root(const struct unit_config *config, struct findings *findings)
{
	if (config->root_hidden_by != NULL)
		add_hidden_root(config, findings);
	if (!check_user(config, findings) ||
	    !check_become_user(config, "the root directory", findings))
		return -1;
	int root = open_root(config, findings);
	unit_config_leave_user();
	return root;
}

void check_files(int root, const struct unit_config *config, struct findings *findings)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, "%s", config->root);
	char *const paths[] = {path, NULL};
	FTS *files = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (files == NULL) {
		findings_add_unchecked(findings, "the files in %s are not checked: %s",
		                       output_escaped(config->root), strerror(errno));
		return;
	}
	check_tree(root, config, files, findings);
	(void)fts_close(files);
}

/* --- The counter file. --- */

/* Only their number matters here; `mayflyctl hits verify --hits FILE` prints each. */
static void ignore_fault(void *context, const struct counter_fault *fault)
{
	(void)context;
	(void)fault;
}

static void verify_hits_file(int file, const char *name, struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE], old[PATH_MAX + sizeof ".old"];
	struct counter_verify_result result;
	errno = 0;
	const char *reason = counter_verify(file, ignore_fault, NULL, &result);
	int error = errno;
	/* EINTR: the lock was not free in time. */
	if (reason != NULL && error != 0 && error != EINTR) {
		findings_add_unchecked(findings, "the counter file %s is not checked: %s",
		                       output_escaped(name), strerror(error));
	} else if (reason != NULL && strcmp(reason, "hits-locked") == 0) {
		findings_add(findings, "find the program that has locked it", "lslocks",
		             "the counter file %s: %s", output_escaped(name),
		             hits_file_problem(reason));
	} else if (reason != NULL) {
		(void)snprintf(old, sizeof old, "%s.old", name);
		(void)snprintf(command, sizeof command, "mv -nT %s %s", output_quoted(name),
		               output_quoted(old));
		findings_add(findings, "move it away; the next hit creates a new one", command,
		             "the counter file %s: %s", output_escaped(name),
		             hits_file_problem(reason));
	} else if (result.faults > 0) {
		(void)snprintf(command, sizeof command, "mayflyctl hits verify --repair --hits %s",
		               output_quoted(name));
		findings_add(findings, NULL, command, "the counter file %s has %" PRIu64 " fault%s",
		             output_escaped(name), result.faults, result.faults == 1 ? "" : "s");
	}
}

/* A new record needs space on the disk. */
static void check_space(int file, const char *name, struct findings *findings)
{
	struct statvfs space;
	if (fstatvfs(file, &space) != 0)
		findings_add_unchecked(findings,
		                       "the space for the counter file %s is not checked: %s",
		                       output_escaped(name), strerror(errno));
	else if (space.f_bavail == 0)
		findings_add(findings, "make room on that file system", NULL,
		             "the counter file %s: the disk is full: hits are lost",
		             output_escaped(name));
}

/* Whether the handler could create a missing file. */
static void check_directory(const struct unit_config *config, const char *hits,
                            struct findings *findings)
{
	char directory[PATH_MAX], command[CHECK_COMMAND_SIZE];
	(void)snprintf(directory, sizeof directory, "%s", hits);
	char *slash = strrchr(directory, '/');
	if (slash == NULL)
		return;
	*(slash == directory ? slash + 1 : slash) = '\0';
	if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0)
		return;
	int error = errno;
	if (error == EROFS) {
		findings_add(findings, "set --hits to a file on a file system that is writable",
		             NULL,
		             "the counter file cannot be created in %s: %s: no hit is counted",
		             output_escaped(directory), strerror(error));
		return;
	}
	const char *user = output_quoted(config->user), *name = output_quoted(directory);
	/* Neither command follows a link that another user may have put there. */
	if (error == ENOENT)
		(void)snprintf(command, sizeof command, "mkdir -m 750 %s && chown -h %s %s", name,
		               user, name);
	else
		(void)snprintf(command, sizeof command, "chown -h %s %s", user, name);
	findings_add(findings,
	             error == ENOENT
	                 ? NULL
	                 : "set --hits to a file in a directory of its own; if this is one",
	             command, "user %s cannot create the counter file in %s: %s", config->user,
	             output_escaped(directory), strerror(error));
}

/* The service makes the counter file read-only. */
static void add_read_only(const struct unit_config *config, struct findings *findings)
{
	char directory[PATH_MAX], advice[2 * PATH_MAX], command[CHECK_COMMAND_SIZE];
	(void)snprintf(directory, sizeof directory, "%s", config->hits);
	char *slash = strrchr(directory, '/');
	if (slash == NULL)
		return;
	*(slash == directory ? slash + 1 : slash) = '\0';
	(void)snprintf(advice, sizeof advice, "set ReadWritePaths=%s in the section [Service]",
	               output_escaped(directory));
	edit_service(command, config);
	findings_add(findings, advice, command,
	             "%s: %s makes the counter file %s read-only: no hit is counted",
	             unit_config_service_file(config), config->hits_read_only_by,
	             output_escaped(config->hits));
}

/* Acts as the handler's user already. */
static void check_counter_file(const struct unit_config *config, const char *name,
                               struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	int file = open(name, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (file >= 0) {
		verify_hits_file(file, name, findings);
		check_space(file, name, findings);
		close(file);
	} else if (errno == ENOENT) {
		check_directory(config, name, findings);
	} else {
		int error = errno;
		/* -h: the user may have replaced the file by a link meanwhile */
		(void)snprintf(command, sizeof command, "chown -h %s %s",
		               output_quoted(config->user), output_quoted(name));
		findings_add(findings, error == EACCES ? NULL : "set another file by --hits",
		             error == EACCES ? command : NULL,
		             "user %s cannot write the counter file %s: %s", config->user,
		             output_escaped(name), strerror(error));
	}
}

void check_hits_file(const struct unit_config *config, struct findings *findings)
{
	if (*config->hits == '\0' || !check_user(config, findings) ||
	    !check_become_user(config, "the counter file", findings))
		return;
	if (config->hits_read_only_by != NULL)
		add_read_only(config, findings);
	check_counter_file(config, config->hits, findings);
	if (*config->robots != '\0')
		check_counter_file(config, config->robots, findings);
	unit_config_leave_user();
}
