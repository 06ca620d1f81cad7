/* Which directive of a service hides a path, or makes it read-only. */
#include "mayflyctl/service_paths.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATHS_MAX = 4 };

struct sd_bus_message {
	const char *name;             /* of the property */
	const char *paths[PATHS_MAX]; /* ended by NULL */
	size_t next;
};

/* The properties of the service; NULL: systemd has none of this name. */
static struct {
	const char *home, *system;
	bool has_private_tmp;
	struct sd_bus_message lists[4]; /* those without a name are not there */
} service;

/* The program's, in place of the bus and of libsystemd. */
char *bus_string(const struct bus_unit *unit, const char *property)
{
	(void)unit;
	const char *value = strcmp(property, "ProtectHome") == 0 ? service.home : service.system;
	return value != NULL ? strdup(value) : NULL;
}

bool bus_bool(const struct bus_unit *unit, const char *property)
{
	(void)unit;
	assert_string_equal(property, "PrivateTmp");
	return service.has_private_tmp;
}

sd_bus_message *bus_list(const struct bus_unit *unit, const char *property, const char *type)
{
	(void)unit;
	(void)type;
	for (size_t i = 0; i < sizeof service.lists / sizeof service.lists[0]; i++)
		if (service.lists[i].name != NULL && strcmp(service.lists[i].name, property) == 0) {
			service.lists[i].next = 0;
			return &service.lists[i];
		}
	return NULL;
}

int sd_bus_message_read(sd_bus_message *list, const char *types, ...)
{
	va_list arguments;
	const char *path = list != NULL ? list->paths[list->next] : NULL;
	if (path == NULL)
		return 0;
	list->next++;
	va_start(arguments, types);
	if (strcmp(types, "(ssbt)") == 0)
		*va_arg(arguments, const char **) = "/source";
	*va_arg(arguments, const char **) = path;
	va_end(arguments);
	return 1;
}

sd_bus_message *sd_bus_message_unref(sd_bus_message *list)
{
	(void)list;
	return NULL;
}

static int reset_service(void **state)
{
	(void)state;
	memset(&service, 0, sizeof service);
	return 0;
}

static void expect(const char *found, const char *expected)
{
	if (expected == NULL)
		assert_null(found);
	else if (found == NULL)
		fail_msg("nothing, not %s", expected);
	else
		assert_string_equal(found, expected);
}

#define HIDES(path, directive) expect(service_paths_find_hiding(NULL, path), directive)
#define READ_ONLY(path, directive) expect(service_paths_find_read_only(NULL, path), directive)

static void test_homes_and_temporary_files_may_be_hidden(void **state)
{
	(void)state;
	HIDES("/home/a", NULL);
	HIDES("/tmp/a", NULL);
	service.home = "yes";
	service.has_private_tmp = true;
	HIDES("/home", "ProtectHome=");
	HIDES("/root/a", "ProtectHome=");
	HIDES("/run/user/7", "ProtectHome=");
	HIDES("/homes/a", NULL);
	HIDES("/srv/home", NULL);
	HIDES("/tmp/a", "PrivateTmp=");
	HIDES("/var/tmp", "PrivateTmp=");
	service.home = "tmpfs";
	HIDES("/home/a", "ProtectHome=");
	service.home = "read-only";
	HIDES("/home/a", NULL);
}

static void test_bound_paths_are_shown(void **state)
{
	(void)state;
	service.home = "yes";
	service.lists[0] = (struct sd_bus_message){"BindPaths", {"/srv", "/home/a"}, 0};
	HIDES("/home/a/b", NULL);
	HIDES("/home/b", "ProtectHome=");
	service.lists[0].name = "BindReadOnlyPaths";
	HIDES("/home/a", NULL);
}

static void test_system_may_be_read_only(void **state)
{
	(void)state;
	READ_ONLY("/usr/a", NULL);
	service.system = "no";
	READ_ONLY("/usr/a", NULL);
	service.system = "yes";
	READ_ONLY("/usr/a", "ProtectSystem=");
	READ_ONLY("/etc/a", NULL);
	service.system = "full";
	READ_ONLY("/etc/a", "ProtectSystem=");
	READ_ONLY("/srv/a", NULL);
	service.system = "strict";
	READ_ONLY("/srv/a", "ProtectSystem=");
}

static void test_homes_may_be_read_only(void **state)
{
	(void)state;
	service.home = "no";
	READ_ONLY("/home/a", NULL);
	service.home = "read-only";
	READ_ONLY("/home/a", "ProtectHome=");
	READ_ONLY("/run/user/7", "ProtectHome=");
	READ_ONLY("/srv/a", NULL);
}

static void test_longest_path_counts(void **state)
{
	(void)state;
	service.system = "strict";
	service.lists[0] = (struct sd_bus_message){"ReadOnlyPaths", {"-/srv/a/b", "/var/lib"}, 0};
	service.lists[1] = (struct sd_bus_message){"ReadWritePaths", {"+/srv/a", "/var"}, 0};
	service.lists[2] = (struct sd_bus_message){"StateDirectory", {"mayfly"}, 0};
	READ_ONLY("/srv/a", NULL);
	READ_ONLY("/srv/a/c", NULL);
	READ_ONLY("/srv/a/b/c", "ReadOnlyPaths=");
	READ_ONLY("/srv/ab", "ProtectSystem=");
	READ_ONLY("/var/lib/other", "ReadOnlyPaths=");
	READ_ONLY("/var/lib/mayfly/hits", NULL);
	service.lists[3] = (struct sd_bus_message){"BindPaths", {"/srv/a/b"}, 0};
	READ_ONLY("/srv/a/b/c", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_homes_and_temporary_files_may_be_hidden, reset_service),
	    cmocka_unit_test_setup(test_bound_paths_are_shown, reset_service),
	    cmocka_unit_test_setup(test_system_may_be_read_only, reset_service),
	    cmocka_unit_test_setup(test_homes_may_be_read_only, reset_service),
	    cmocka_unit_test_setup(test_longest_path_counts, reset_service),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
