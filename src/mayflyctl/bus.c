/* Querying systemd; see bus.h. */
#include "bus.h"
#include "base/parse.h"
#include "memory.h"
#include "output.h"
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"

/* --- Calls. --- */

/* What could not be read; empty: nothing is missing. */
static char missing[PATH_MAX + 128];

static void note_missing(const char *what)
{
	if (*missing == '\0')
		(void)snprintf(missing, sizeof missing, "%s: information is missing", what);
}

/* Whether an error is an answer of systemd, for example that there is no such unit or property. */
static bool is_answer(const sd_bus_error *error)
{
	return sd_bus_error_has_names(error, SD_BUS_ERROR_UNKNOWN_PROPERTY,
	                              SD_BUS_ERROR_UNKNOWN_INTERFACE, SD_BUS_ERROR_UNKNOWN_METHOD,
	                              SD_BUS_ERROR_UNKNOWN_OBJECT, SD_BUS_ERROR_INVALID_ARGS) ||
	       strncmp(error->name, SYSTEMD ".", strlen(SYSTEMD ".")) == 0;
}

/* Notes the failure of a call, and frees the error. Returns the result of the call. */
static int note_result(int result, sd_bus_error *error)
{
	if (result < 0 && (!sd_bus_error_is_set(error) || !is_answer(error)))
		note_missing("systemd did not answer");
	sd_bus_error_free(error);
	return result;
}

/* --- What systemd has answered, kept until the last bus_close. --- */

/* The names of the installed unit files, and whether they are known. */
static struct {
	char **names;
	size_t count;
	bool is_known;
} unit_files;

/* The properties of units: what GetAll returned. */
static struct kept_unit {
	char *name;
	sd_bus_message *properties;
} * kept_units;
static size_t kept_unit_count;

static sd_bus_message *find_kept(const char *name)
{
	for (size_t i = 0; i < kept_unit_count; i++)
		if (strcmp(kept_units[i].name, name) == 0)
			return kept_units[i].properties;
	return NULL;
}

static void keep_unit(const char *name, sd_bus_message *properties)
{
	kept_units = memory_grow(kept_units, kept_unit_count + 1, sizeof *kept_units);
	kept_units[kept_unit_count++] =
	    (struct kept_unit){memory_copy(view_of(name)), sd_bus_message_ref(properties)};
}

static void forget_all(void)
{
	for (size_t i = 0; i < kept_unit_count; i++) {
		free(kept_units[i].name);
		sd_bus_message_unref(kept_units[i].properties);
	}
	for (size_t i = 0; i < unit_files.count; i++)
		free(unit_files.names[i]);
	free(kept_units);
	free(unit_files.names);
	kept_units = NULL;
	kept_unit_count = 0;
	memset(&unit_files, 0, sizeof unit_files);
}

/* --- Connections. --- */

static unsigned open_count;

const char *bus_open(sd_bus **bus)
{
	static char problem[128];
	*bus = NULL;
	int error = sd_booted();
	if (error == 0) {
		errno = ENODEV;
		return "systemd is not running on this machine";
	}
	if (error > 0)
		error = sd_bus_open_system(bus);
	if (error >= 0) {
		open_count++;
		return NULL;
	}
	(void)snprintf(problem, sizeof problem, "cannot reach the system bus: %s",
	               strerror(-error));
	errno = -error;
	return problem;
}

bool bus_is_absent(int error)
{
	switch (error) {
	case EACCES:
	case EAFNOSUPPORT:
	case ECONNREFUSED:
	case ENODEV:
	case ENOENT:
	case EPERM:
		return true;
	default:
		return false;
	}
}

void bus_note_unreadable(const char *file, int error)
{
	char problem[PATH_MAX + 96];
	(void)snprintf(problem, sizeof problem, "cannot read %s: %s", output_escaped(file),
	               strerror(error));
	note_missing(problem);
}

void bus_note_failure(const char *file, int error)
{
	if (error_is_of_system(error))
		bus_note_unreadable(file, error);
}

const char *bus_find_missing(void)
{
	return *missing != '\0' ? missing : NULL;
}

const char *bus_close(sd_bus *bus)
{
	if (--open_count == 0)
		forget_all();
	sd_bus_flush_close_unref(bus);
	return bus_find_missing();
}

unsigned bus_systemd_version(sd_bus *bus)
{
	char *text = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	if (note_result(sd_bus_get_property_string(bus, SYSTEMD, MANAGER_PATH, MANAGER, "Version",
	                                           &error, &text),
	                &error) < 0)
		return 0;
	struct view rest = view_of(text);
	uint64_t version;
	bool fits;
	(void)parse_digits(&rest, &version, &fits);
	free(text);
	return (unsigned)version;
}

/* --- Units. --- */

/*
 * The path of a unit's object follows from its name, so that systemd loads the unit only once. The caller frees it. NULL
 * without memory: libsystemd refuses to call that.
 */
static char *path_of_unit(const char *name)
{
	char *path = NULL;
	(void)sd_bus_path_encode(MANAGER_PATH "/unit", name, &path);
	return path;
}

static int query_properties(sd_bus *bus, const char *name, sd_bus_message **properties)
{
	char *path = path_of_unit(name);
	sd_bus_error details = SD_BUS_ERROR_NULL;
	/* An empty name of an interface stands for all. */
	int error = sd_bus_call_method(bus, SYSTEMD, path, "org.freedesktop.DBus.Properties",
	                               "GetAll", &details, properties, "s", "");
	free(path);
	return note_result(error, &details);
}

int bus_find(sd_bus *bus, const char *name, struct bus_unit *unit)
{
	int error = 0;
	unit->properties = sd_bus_message_ref(find_kept(name));
	if (unit->properties == NULL) {
		error = query_properties(bus, name, &unit->properties);
		if (error < 0)
			return error;
		keep_unit(name, unit->properties);
	}
	char *state = bus_string(unit, "LoadState");
	if (state == NULL)
		error = -EIO;
	else if (strcmp(state, "not-found") == 0)
		error = -ENOENT;
	free(state);
	if (error >= 0)
		return 0;
	bus_forget(unit);
	return error;
}

void bus_forget(struct bus_unit *unit)
{
	unit->properties = sd_bus_message_unref(unit->properties);
}

/* Moves to the value of a property. Returns false if there is no such property of this type. */
static bool find_value(const struct bus_unit *unit, const char *property, const char *type)
{
	sd_bus_message *all = unit->properties;
	const char *name;
	if (sd_bus_message_rewind(all, true) < 0 ||
	    sd_bus_message_enter_container(all, 'a', "{sv}") <= 0)
		return false;
	while (sd_bus_message_enter_container(all, 'e', "sv") > 0 &&
	       sd_bus_message_read(all, "s", &name) > 0) {
		if (strcmp(name, property) == 0)
			return sd_bus_message_enter_container(all, 'v', type) > 0;
		if (sd_bus_message_skip(all, "v") < 0 || sd_bus_message_exit_container(all) < 0)
			return false;
	}
	return false;
}

char *bus_string(const struct bus_unit *unit, const char *property)
{
	const char *value;
	if (!find_value(unit, property, "s") ||
	    sd_bus_message_read(unit->properties, "s", &value) <= 0)
		return NULL;
	return memory_copy(view_of(value));
}

bool bus_string_is(const struct bus_unit *unit, const char *property, const char *expected)
{
	char *value = bus_string(unit, property);
	bool is_equal = value != NULL && strcmp(value, expected) == 0;
	free(value);
	return is_equal;
}

/* Reads a basic type into *value, which does not change if there is no such property. */
static void get_basic(const struct bus_unit *unit, const char *property, char type, void *value)
{
	if (find_value(unit, property, (const char[]){type, '\0'}))
		(void)sd_bus_message_read_basic(unit->properties, type, value);
}

uint64_t bus_u64(const struct bus_unit *unit, const char *property)
{
	uint64_t value = 0;
	get_basic(unit, property, 't', &value);
	return value;
}

uint32_t bus_u32(const struct bus_unit *unit, const char *property)
{
	uint32_t value = 0;
	get_basic(unit, property, 'u', &value);
	return value;
}

bool bus_bool(const struct bus_unit *unit, const char *property)
{
	int value = 0;
	get_basic(unit, property, 'b', &value);
	return value != 0;
}

bool bus_property_is(sd_bus *bus, const char *name, const char *property, const char *expected)
{
	struct bus_unit unit;
	if (bus_find(bus, name, &unit) < 0)
		return false;
	bool is_equal = bus_string_is(&unit, property, expected);
	bus_forget(&unit);
	return is_equal;
}

sd_bus_message *bus_list(const struct bus_unit *unit, const char *property, const char *type)
{
	char array[32];
	sd_bus_message *value = NULL;
	(void)snprintf(array, sizeof array, "a%s", type);
	if (!find_value(unit, property, array))
		return NULL;
	/* A message that is never sent, as libsystemd has no other container of values. */
	int error = sd_bus_message_new_signal(sd_bus_message_get_bus(unit->properties), &value, "/",
	                                      SYSTEMD, "Value");
	if (error >= 0)
		error = sd_bus_message_copy(value, unit->properties, true);
	if (error >= 0)
		error = sd_bus_message_seal(value, 1, 0);
	if (error >= 0)
		error = sd_bus_message_rewind(value, true);
	if (error >= 0)
		error = sd_bus_message_enter_container(value, 'a', type);
	return error >= 0 ? value : sd_bus_message_unref(value);
}

bool bus_needs_reload(sd_bus *bus, const char *name)
{
	const struct bus_unit kept = {find_kept(name)};
	int needs_reload = 0;
	sd_bus_error details = SD_BUS_ERROR_NULL;
	if (kept.properties != NULL)
		return bus_bool(&kept, "NeedDaemonReload");
	char *path = path_of_unit(name);
	int error = sd_bus_get_property_trivial(bus, SYSTEMD, path, SYSTEMD ".Unit",
	                                        "NeedDaemonReload", &details, 'b', &needs_reload);
	free(path);
	(void)note_result(error, &details);
	return needs_reload != 0;
}

/* --- Lists of units. --- */

/*
 * Calls a method of the manager with a list of states (none if NULL) and one pattern. Returns its
 * reply, an array of these structures, for bus_next_unit; NULL on failure.
 */
static sd_bus_message *list_units(sd_bus *bus, const char *method, const char *state,
                                  const char *pattern, const char *structure)
{
	sd_bus_message *call = NULL, *reply = NULL;
	sd_bus_error details = SD_BUS_ERROR_NULL;
	int error =
	    sd_bus_message_new_method_call(bus, &call, SYSTEMD, MANAGER_PATH, MANAGER, method);
	if (error >= 0)
		error = sd_bus_message_append_strv(call, (char *[]){(char *)state, NULL});
	if (error >= 0)
		error = sd_bus_message_append_strv(call, (char *[]){(char *)pattern, NULL});
	if (error >= 0)
		error = sd_bus_call(bus, call, 0, &details, &reply);
	(void)note_result(error, &details);
	if (error >= 0)
		error = sd_bus_message_enter_container(reply, 'a', structure);
	sd_bus_message_unref(call);
	if (error >= 0)
		return reply;
	sd_bus_message_unref(reply);
	return NULL;
}

sd_bus_message *bus_connections(sd_bus *bus, const char *instance)
{
	char pattern[255 + sizeof "@*.service"]; /* names of units have at most 255 bytes */
	(void)snprintf(pattern, sizeof pattern, "%.*s@*.service", (int)strcspn(instance, "@"),
	               instance);
	return list_units(bus, "ListUnitsByPatterns", "active", pattern, "(ssssssouso)");
}

const char *bus_next_unit(sd_bus_message *units)
{
	const char *name, *members;
	if (sd_bus_message_peek_type(units, NULL, &members) <= 0 ||
	    sd_bus_message_enter_container(units, 'r', members) <= 0 ||
	    sd_bus_message_read(units, "s", &name) <= 0 ||
	    sd_bus_message_skip(units, members + 1) < 0 || sd_bus_message_exit_container(units) < 0)
		return NULL;
	const char *slash = strrchr(name, '/');
	return slash != NULL ? slash + 1 : name;
}

/* Adds the names in a reply to unit_files. */
static void keep_unit_files(sd_bus_message *reply)
{
	const char *name;
	while ((name = bus_next_unit(reply)) != NULL) {
		unit_files.names =
		    memory_grow(unit_files.names, unit_files.count + 1, sizeof *unit_files.names);
		unit_files.names[unit_files.count++] = memory_copy(view_of(name));
	}
}

/* systemd takes long to list them: it looks for the links of each. */
static void query_unit_files(sd_bus *bus)
{
	sd_bus_message *reply = list_units(bus, "ListUnitFilesByPatterns", NULL, "mayfly*", "(ss)");
	unit_files.is_known = reply != NULL;
	if (unit_files.is_known)
		keep_unit_files(reply);
	sd_bus_message_unref(reply);
}

const char *bus_next_unit_file(sd_bus *bus, const char *pattern, size_t *pos)
{
	if (!unit_files.is_known)
		query_unit_files(bus);
	while (*pos < unit_files.count) {
		const char *name = unit_files.names[(*pos)++];
		if (fnmatch(pattern, name, 0) == 0)
			return name;
	}
	return NULL;
}

bool bus_instance_address(const char *name, char address[static IP_ADDRESS_SIZE])
{
	struct ip_address client;
	const char *start = strrchr(name, '-');
	const char *end = strrchr(name, ':');
	if (start == NULL || end == NULL || end < start)
		return false;
	start++;
	if (*start == '[' && end[-1] == ']') { /* as newer versions of systemd write it */
		start++;
		end--;
	}
	if (!ip_address_parse((struct view){start, (size_t)(end - start)}, &client))
		return false;
	ip_address_format(&client, address);
	return true;
}
