/* The paths that a service hides or lets handlers only read; see service_paths.h. */
#include "service_paths.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Hidden paths. --- */

static bool path_is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);
	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}

/* Whether BindPaths= or BindReadOnlyPaths= shows the path. */
static bool is_bound(const struct bus_unit *unit, const char *property, const char *path)
{
	const char *source, *destination;
	int ignore_missing;
	uint64_t flags;
	bool is_found = false;
	sd_bus_message *binds = bus_list(unit, property, "(ssbt)");
	while (!is_found && sd_bus_message_read(binds, "(ssbt)", &source, &destination,
	                                        &ignore_missing, &flags) > 0)
		is_found = path_is_below(path, destination);
	sd_bus_message_unref(binds);
	return is_found;
}

static bool hides_home(const struct bus_unit *unit)
{
	char *value = bus_string(unit, "ProtectHome");
	bool hides = value != NULL && (strcmp(value, "yes") == 0 || strcmp(value, "tmpfs") == 0);
	free(value);
	return hides;
}

const char *service_paths_find_hiding(const struct bus_unit *service, const char *path)
{
	if (is_bound(service, "BindPaths", path) || is_bound(service, "BindReadOnlyPaths", path))
		return NULL;
	if ((path_is_below(path, "/home") || path_is_below(path, "/root") ||
	     path_is_below(path, "/run/user")) &&
	    hides_home(service))
		return "ProtectHome=";
	if ((path_is_below(path, "/tmp") || path_is_below(path, "/var/tmp")) &&
	    bus_bool(service, "PrivateTmp"))
		return "PrivateTmp=";
	return NULL;
}

/* --- Read-only paths: of all directives that apply to a path, that of the longest path counts. --- */

struct rule {
	const char *path;      /* whose access is wanted */
	size_t length;         /* of the longest path of a directive so far, plus 1; 0: none */
	const char *directive; /* that makes it read-only; NULL: it is writable */
};

/* A path may begin with "-" (ignore it if missing) and "+" (relative to RootDirectory=). */
static void rule_apply(struct rule *rule, const char *path, const char *directive)
{
	path += strspn(path, "-+");
	size_t length = strcmp(path, "/") == 0 ? 1 : strlen(path) + 1;
	bool applies = length == 1 || path_is_below(rule->path, path);
	if (!applies || length < rule->length)
		return;
	rule->length = length;
	rule->directive = directive;
}

/* Applies a property that is a list of paths below `prefix`. */
static void rule_apply_list(struct rule *rule, const struct bus_unit *service, const char *property,
                            const char *prefix, const char *directive)
{
	const char *name;
	sd_bus_message *paths = bus_list(service, property, "s");
	while (sd_bus_message_read(paths, "s", &name) > 0) {
		char path[PATH_MAX];
		(void)snprintf(path, sizeof path, "%s%s", prefix, name);
		rule_apply(rule, path, directive);
	}
	sd_bus_message_unref(paths);
}

static void rule_apply_system(struct rule *rule, const struct bus_unit *service)
{
	static const char *const PATHS[] = {"/usr", "/boot", "/efi", "/etc"};
	char *value = bus_string(service, "ProtectSystem");
	bool is_full = value != NULL && strcmp(value, "full") == 0;
	bool is_on = is_full || (value != NULL && strcmp(value, "yes") == 0);
	if (value != NULL && strcmp(value, "strict") == 0)
		rule_apply(rule, "/", "ProtectSystem=");
	for (size_t i = 0; is_on && i < sizeof PATHS / sizeof PATHS[0] - (is_full ? 0 : 1); i++)
		rule_apply(rule, PATHS[i], "ProtectSystem=");
	free(value);
}

static void rule_apply_home(struct rule *rule, const struct bus_unit *service)
{
	static const char *const PATHS[] = {"/home", "/root", "/run/user"};
	char *value = bus_string(service, "ProtectHome");
	bool is_on = value != NULL && strcmp(value, "no") != 0;
	for (size_t i = 0; is_on && i < sizeof PATHS / sizeof PATHS[0]; i++)
		rule_apply(rule, PATHS[i], "ProtectHome=");
	free(value);
}

const char *service_paths_find_read_only(const struct bus_unit *service, const char *path)
{
	struct rule rule = {.path = path};
	rule_apply_system(&rule, service);
	rule_apply_home(&rule, service);
	rule_apply_list(&rule, service, "ReadOnlyPaths", "", "ReadOnlyPaths=");
	rule_apply_list(&rule, service, "ReadWritePaths", "", NULL);
	rule_apply_list(&rule, service, "StateDirectory", "/var/lib/", NULL);
	rule_apply_list(&rule, service, "CacheDirectory", "/var/cache/", NULL);
	rule_apply_list(&rule, service, "LogsDirectory", "/var/log/", NULL);
	rule_apply_list(&rule, service, "RuntimeDirectory", "/run/", NULL);
	return is_bound(service, "BindPaths", path) ? NULL : rule.directive;
}
