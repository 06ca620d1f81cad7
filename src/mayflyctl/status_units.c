/* What systemd knows of the socket and of the slice; see status.h. */
#include "status.h"
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS_MAX = 8192 };

static void add_string(struct json_object *object, const struct bus_unit *unit,
                       enum bus_interface interface, const char *property)
{
	char *value = bus_string(unit, interface, property);
	json_object_object_add(object, property,
	                       json_object_new_string(value != NULL ? value : ""));
	free(value);
}

static void add_u32(struct json_object *object, const struct bus_unit *unit, const char *property)
{
	json_object_object_add(object, property,
	                       json_object_new_int64(bus_u32(unit, BUS_SOCKET, property)));
}

static struct json_object *listen_addresses(const struct bus_unit *unit)
{
	struct json_object *addresses = json_object_new_array();
	sd_bus_message *listening = bus_value(unit, BUS_SOCKET, "Listen", "a(ss)");
	const char *type, *address;
	if (listening != NULL && sd_bus_message_enter_container(listening, 'a', "(ss)") >= 0)
		while (sd_bus_message_read(listening, "(ss)", &type, &address) > 0)
			json_object_array_add(addresses, json_object_new_string(address));
	sd_bus_message_unref(listening);
	return addresses;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The longest run of equal addresses among those that are sorted. */
static void add_longest_run(struct json_object *socket, char (*sources)[IP_ADDRESS_SIZE],
                            size_t count)
{
	size_t longest = 0, start = 0, best = 0;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(sources[i], sources[start]) != 0)
			start = i;
		if (i - start + 1 > longest) {
			longest = i - start + 1;
			best = start;
		}
	}
	struct json_object *busiest = NULL;
	if (longest > 0) {
		busiest = json_object_new_object();
		json_object_object_add(busiest, "address", json_object_new_string(sources[best]));
		json_object_object_add(busiest, "NConnections",
		                       json_object_new_int64((int64_t)longest));
	}
	json_object_object_add(socket, "BusiestSource", busiest);
}

static void add_busiest_source(struct json_object *socket, sd_bus *bus)
{
	size_t count = 0;
	char(*sources)[IP_ADDRESS_SIZE] = calloc(CONNECTIONS_MAX, sizeof *sources);
	sd_bus_message *units = sources != NULL ? bus_connections(bus) : NULL;
	const char *name;
	while (units != NULL && count < CONNECTIONS_MAX && (name = bus_next_unit(units)) != NULL)
		count += bus_instance_address(name, sources[count]);
	sd_bus_message_unref(units);
	if (sources != NULL)
		qsort(sources, count, sizeof *sources, compare);
	add_longest_run(socket, sources, count);
	free(sources);
}

struct json_object *status_socket(sd_bus *bus, const struct installation *installation)
{
	struct bus_unit unit;
	if (bus_find(bus, installation->socket, &unit) < 0)
		return NULL;
	struct json_object *socket = json_object_new_object();
	add_string(socket, &unit, BUS_UNIT, "Id");
	add_string(socket, &unit, BUS_UNIT, "ActiveState");
	add_string(socket, &unit, BUS_UNIT, "SubState");
	add_string(socket, &unit, BUS_UNIT, "UnitFileState");
	add_string(socket, &unit, BUS_SOCKET, "Result");
	json_object_object_add(socket, "Listen", listen_addresses(&unit));
	add_u32(socket, &unit, "NAccepted");
	add_u32(socket, &unit, "NRefused");
	add_u32(socket, &unit, "NConnections");
	add_u32(socket, &unit, "MaxConnections");
	add_u32(socket, &unit, "MaxConnectionsPerSource");
	add_busiest_source(socket, bus);
	bus_forget(&unit);
	return socket;
}

struct json_object *status_service(sd_bus *bus, const struct installation *installation)
{
	struct bus_unit unit;
	if (strcmp(installation->socket, SOCKET_BUSY) != 0 ||
	    bus_find(bus, installation->service, &unit) < 0)
		return NULL;
	struct json_object *service = json_object_new_object();
	add_string(service, &unit, BUS_UNIT, "ActiveState");
	add_string(service, &unit, BUS_SERVICE, "StatusText");
	bus_forget(&unit);
	return service;
}

/* systemd's largest number stands for "not known" and for "no limit". */
static void add_u64(struct json_object *object, const struct bus_unit *unit, const char *property)
{
	uint64_t value = bus_u64(unit, BUS_SLICE, property);
	json_object_object_add(object, property,
	                       value != UINT64_MAX ? json_object_new_uint64(value) : NULL);
}

struct json_object *status_slice(sd_bus *bus)
{
	struct bus_unit unit;
	if (bus_find(bus, "mayfly.slice", &unit) < 0)
		return NULL;
	struct json_object *slice = json_object_new_object();
	add_u64(slice, &unit, "MemoryCurrent");
	add_u64(slice, &unit, "MemoryMax");
	add_u64(slice, &unit, "TasksCurrent");
	add_u64(slice, &unit, "TasksMax");
	bus_forget(&unit);
	return slice;
}
