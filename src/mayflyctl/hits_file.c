/* Finding, opening and reading the counter file; see hits_file.h. */
#include "hits_file.h"
#include "bus.h"
#include "counter/each.h"
#include "counter/open.h"
#include "output.h"
#include "safe_path.h"
#include "unit_config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Returns 0, or a negative errno: -ENODEV if there is no bus, -ENOENT if there is no such
 * site, -ENOTCONN if information is missing (bus_find_missing).
 */
static int read_units(const char *site_name, struct unit_config *config)
{
	static struct site_list sites;
	sd_bus *bus;
	if (bus_open(&bus) != NULL)
		return bus_is_absent(errno) ? -ENODEV : -errno;
	site_list_find(&sites, bus);
	const struct site *site = site_list_get(&sites, site_name);
	int error = site != NULL ? site_read_config(site, bus, config) : -ENOENT;
	unit_config_free(config);
	return bus_close(bus) == NULL ? error : -ENOTCONN;
}

/* `error`: of read_units. Returns EXIT_DONE if the defaults of the main site apply. */
static enum exit_status units_error(const char *site, int error)
{
	bool is_main = site == NULL || strcmp(site, SITE_MAIN) == 0;
	if (error >= 0 || (is_main && (error == -ENODEV || error == -ENOENT)))
		return EXIT_DONE;
	if (error == -ENOENT)
		return site_unknown(site);
	return command_error("site %s: %s", is_main ? SITE_MAIN : output_escaped(site),
	                     error == -ENODEV     ? "systemd is not running"
	                     : error == -ENOTCONN ? bus_find_missing()
	                                          : strerror(-error));
}

/* Copies the name, unless it is empty; then the handler has no such option. */
static enum exit_status copy_name(const char *found, const char *site, const char *option,
                                  char name[static PATH_MAX])
{
	if (*found == '\0')
		return command_error("site %s counts nothing%s: its handler has no %s",
		                     site != NULL ? output_escaped(site) : SITE_MAIN,
		                     strcmp(option, "--robots") == 0 ? " for robots" : "", option);
	if (strlen(found) >= PATH_MAX)
		return command_error("the counter file: %s", strerror(ENAMETOOLONG));
	memcpy(name, found, strlen(found) + 1);
	return EXIT_DONE;
}

enum exit_status hits_file_find(const char *asked, const char *site, char name[static PATH_MAX])
{
	static struct unit_config config;
	if (asked != NULL)
		return copy_name(asked, site, "--hits", name);
	int error = read_units(site != NULL ? site : SITE_MAIN, &config);
	enum exit_status status = units_error(site, error);
	if (status != EXIT_DONE)
		return status;
	return copy_name(error >= 0 ? config.hits : DEFAULT_HITS, site, "--hits", name);
}

/* Copies the name of the file "robots" in the directory of this counter file. */
static enum exit_status find_beside(const char *hits, char name[static PATH_MAX])
{
	const char *slash = strrchr(hits, '/');
	int length = slash != NULL ? (int)(slash + 1 - hits) : 0;
	if (snprintf(name, PATH_MAX, "%.*srobots", length, hits) < PATH_MAX)
		return EXIT_DONE;
	return command_error("the counter file: %s", strerror(ENAMETOOLONG));
}

enum exit_status hits_file_find_robots(const char *asked, const char *site,
                                       char name[static PATH_MAX])
{
	static struct unit_config config;
	if (asked != NULL)
		return find_beside(asked, name);
	int error = read_units(site != NULL ? site : SITE_MAIN, &config);
	enum exit_status status = units_error(site, error);
	if (status != EXIT_DONE)
		return status;
	return copy_name(error >= 0 ? config.robots : DEFAULT_ROBOTS, site, "--robots", name);
}

/* The same, but an empty name if there is none, or if there is no such site. */
static enum exit_status find_optional_robots(const char *asked, const char *site,
                                             char name[static PATH_MAX])
{
	static struct unit_config config;
	*name = '\0';
	if (asked != NULL && find_beside(asked, name) != EXIT_DONE)
		return EXIT_FAILED;
	int comparison = asked != NULL ? file_compare(name, asked) : 0;
	if (comparison < 0)
		return file_compare_error(name, asked);
	if (comparison > 0)
		*name = '\0';
	if (asked != NULL)
		return EXIT_DONE;
	int error = read_units(site != NULL ? site : SITE_MAIN, &config);
	if (error >= 0)
		memcpy(name, config.robots, PATH_MAX);
	return error == -ENOENT || error == -ENODEV ? EXIT_DONE : units_error(site, error);
}

static const char *opening_problem(int error)
{
	static char problem[128];
	if (error == ENOENT)
		return "no such file";
	if (error == EACCES || error == EPERM)
		return "permission denied; try as root";
	(void)snprintf(problem, sizeof problem, "cannot open: %s", safe_path_problem(error));
	return problem;
}

int hits_file_open(const char *name, int flags)
{
	int file = safe_path_open(name, flags);
	if (file < 0)
		(void)command_error("%s: %s", output_escaped(name), opening_problem(errno));
	return file;
}

static int create_file(const struct safe_path *path)
{
	return openat(path->directory, path->name,
	              O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)0640);
}

/*
 * Creates the file as the directory's owner, if this process is root: the handler can open it from
 * the start, and root creates nothing that the owner could not create. Returns -1 on failure
 * (errno).
 */
static int create_as_owner(const struct safe_path *path)
{
	struct stat status;
	if (geteuid() != 0)
		return create_file(path);
	if (fstat(path->directory, &status) != 0)
		return -1;
	bool is_owner = setegid(status.st_gid) == 0 && seteuid(status.st_uid) == 0;
	int file = is_owner ? create_file(path) : -1;
	int error = errno;
	bool is_root = seteuid(0) == 0 && setegid(0) == 0;
	if (is_root) {
		errno = error;
		return file;
	}
	if (file >= 0)
		(void)close(file);
	return -1;
}

int hits_file_open_or_create(const char *name)
{
	struct safe_path path;
	int file = safe_path_open(name, O_RDWR);
	if (file >= 0)
		return file;
	if (errno != ENOENT) {
		(void)command_error("%s: %s", output_escaped(name), opening_problem(errno));
		return -1;
	}
	if (safe_path_find(&path, name, SAFE_PATH_FOLLOW_LINK)) {
		file = create_as_owner(&path);
		int error = errno;
		(void)close(path.directory);
		errno = error;
	}
	if (file < 0 && errno == EEXIST) /* a handler created it meanwhile */
		file = safe_path_open(name, O_RDWR);
	if (file < 0)
		(void)command_error("%s: cannot be created: %s", output_escaped(name),
		                    errno == ENOENT ? "no such directory"
		                                    : safe_path_problem(errno));
	return file;
}

static const char *read_counts(int file, struct counts *counts, uint64_t *damaged)
{
	const char *error = counter_each(file, counts_add, counts, damaged);
	if (error != NULL)
		return hits_file_problem(error);
	return counts->problem;
}

static const char *add_file(const char *name, struct counts *counts, uint64_t *damaged)
{
	int file = safe_path_open(name, O_RDONLY);
	if (file < 0) {
		int error = errno;
		const char *problem = opening_problem(error);
		errno = error;
		return problem;
	}
	const char *problem = read_counts(file, counts, damaged);
	(void)close(file);
	errno = 0;
	return problem;
}

static enum exit_status print_problem(const char *name, const char *problem)
{
	if (problem != hits_file_problem("hits-damaged"))
		return command_error("%s: %s", output_escaped(name), problem);
	return command_error("%s: %s; run \"mayflyctl hits verify --hits %s\"",
	                     output_escaped(name), problem, output_quoted(name));
}

const char *hits_file_load(const char *name, struct counts *counts, uint64_t *damaged)
{
	const char *problem = add_file(name, counts, damaged);
	return problem == NULL ? counts_combine(counts) : problem;
}

enum exit_status hits_file_read(const char *name, struct counts *counts, uint64_t *damaged)
{
	const char *problem = hits_file_load(name, counts, damaged);
	return problem == NULL ? EXIT_DONE : print_problem(name, problem);
}

const char *hits_file_problem(const char *reason)
{
	static const struct {
		const char *reason, *problem;
	} PROBLEMS[] = {
	    {"hits-foreign", "not a counter file, or one of another version"},
	    {"hits-not-a-file", "not a regular file"},
	    {"hits-damaged", "damaged or unreadable"},
	    {"hits-locked", "locked by another program for 5 seconds"},
	    {"hits-disk-full", "cannot grow: the disk or a quota is full"},
	    {"hits-write-failed", "cannot be written"},
	    {"hits-read-only", "cannot be written: read-only file system"},
	};
	for (size_t i = 0; i < sizeof PROBLEMS / sizeof PROBLEMS[0]; i++)
		if (strcmp(PROBLEMS[i].reason, reason) == 0)
			return PROBLEMS[i].problem;
	return "cannot be used";
}

enum exit_status hits_file_error(const char *name, const char *reason)
{
	return print_problem(name, hits_file_problem(reason));
}

bool hits_file_misses_counts(const char *problem)
{
	if (errno != 0)
		return error_is_of_system(errno);
	return problem != hits_file_problem("hits-foreign") &&
	       problem != hits_file_problem("hits-not-a-file");
}

enum exit_status hits_file_load_robots(const char *asked, const char *site, struct counts *counts,
                                       bool *is_loaded)
{
	char name[PATH_MAX];
	uint64_t damaged = 0;
	*is_loaded = false;
	enum exit_status status = find_optional_robots(asked, site, name);
	if (status != EXIT_DONE || *name == '\0')
		return status;
	const char *problem = hits_file_load(name, counts, &damaged);
	*is_loaded = problem == NULL;
	if (problem == NULL && damaged > 0)
		return hits_file_error(name, "hits-damaged");
	if (problem == NULL || !hits_file_misses_counts(problem))
		return EXIT_DONE;
	return print_problem(name, problem);
}
