/* Querying systemd; see bus.h. */
#include "bus.h"
#include "base/parse.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"

static const char INTERFACES[][sizeof SYSTEMD ".Service"] = {
    [BUS_UNIT] = SYSTEMD ".Unit",
    [BUS_SOCKET] = SYSTEMD ".Socket",
    [BUS_SERVICE] = SYSTEMD ".Service",
    [BUS_SLICE] = SYSTEMD ".Slice",
};

/* Whether a call got no answer. */
static bool has_failed;

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
		has_failed = true;
	sd_bus_error_free(error);
	return result;
}

const char *bus_open(sd_bus **bus)
{
	static char problem[128];
	*bus = NULL;
	if (sd_booted() <= 0) {
		errno = ENODEV;
		return "systemd is not running on this machine";
	}
	int error = sd_bus_open_system(bus);
	if (error >= 0)
		return NULL;
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

const char *bus_close(sd_bus *bus)
{
	sd_bus_flush_close_unref(bus);
	return has_failed ? "systemd did not answer: information is missing" : NULL;
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

int bus_find(sd_bus *bus, const char *name, struct bus_unit *unit)
{
	sd_bus_message *reply = NULL;
	sd_bus_error details = SD_BUS_ERROR_NULL;
	const char *path;
	*unit = (struct bus_unit){bus, NULL};
	int error = sd_bus_call_method(bus, SYSTEMD, MANAGER_PATH, MANAGER, "LoadUnit", &details,
	                               &reply, "s", name);
	(void)note_result(error, &details);
	if (error >= 0)
		error = sd_bus_message_read(reply, "o", &path);
	if (error >= 0)
		unit->path = strdup(path);
	sd_bus_message_unref(reply);
	if (error < 0)
		return error;
	char *state = bus_string(unit, BUS_UNIT, "LoadState");
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
	free(unit->path);
	unit->path = NULL;
}

char *bus_string(const struct bus_unit *unit, enum bus_interface interface, const char *property)
{
	char *value = NULL;
	sd_bus_error details = SD_BUS_ERROR_NULL;
	int error = sd_bus_get_property_string(unit->bus, SYSTEMD, unit->path,
	                                       INTERFACES[interface], property, &details, &value);
	return note_result(error, &details) < 0 ? NULL : value;
}

/* Reads a basic type into *value, which does not change if there is no such property. */
static void get_trivial(const struct bus_unit *unit, enum bus_interface interface,
                        const char *property, char type, void *value)
{
	sd_bus_error details = SD_BUS_ERROR_NULL;
	int error = sd_bus_get_property_trivial(
	    unit->bus, SYSTEMD, unit->path, INTERFACES[interface], property, &details, type, value);
	(void)note_result(error, &details);
}

uint64_t bus_u64(const struct bus_unit *unit, enum bus_interface interface, const char *property)
{
	uint64_t value = 0;
	get_trivial(unit, interface, property, 't', &value);
	return value;
}

uint32_t bus_u32(const struct bus_unit *unit, enum bus_interface interface, const char *property)
{
	uint32_t value = 0;
	get_trivial(unit, interface, property, 'u', &value);
	return value;
}

bool bus_bool(const struct bus_unit *unit, enum bus_interface interface, const char *property)
{
	int value = 0;
	get_trivial(unit, interface, property, 'b', &value);
	return value != 0;
}

bool bus_property_is(sd_bus *bus, const char *name, const char *property, const char *expected)
{
	struct bus_unit unit;
	if (bus_find(bus, name, &unit) < 0)
		return false;
	char *value = bus_string(&unit, BUS_UNIT, property);
	bool is_equal = value != NULL && strcmp(value, expected) == 0;
	free(value);
	bus_forget(&unit);
	return is_equal;
}

sd_bus_message *bus_value(const struct bus_unit *unit, enum bus_interface interface,
                          const char *property, const char *type)
{
	sd_bus_message *value = NULL;
	sd_bus_error details = SD_BUS_ERROR_NULL;
	int error = sd_bus_get_property(unit->bus, SYSTEMD, unit->path, INTERFACES[interface],
	                                property, &details, &value, type);
	return note_result(error, &details) < 0 ? NULL : value;
}

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

sd_bus_message *bus_unit_files(sd_bus *bus, const char *pattern)
{
	return list_units(bus, "ListUnitFilesByPatterns", NULL, pattern, "(ss)");
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
	if (end < start || !ip_address_parse((struct view){start, (size_t)(end - start)}, &client))
		return false;
	ip_address_format(&client, address);
	return true;
}
