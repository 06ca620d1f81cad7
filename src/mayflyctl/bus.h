/* Querying systemd over D-Bus. Functions that return an int return a negative errno on failure. */
#ifndef MAYFLY_MAYFLYCTL_BUS_H
#define MAYFLY_MAYFLYCTL_BUS_H

#include "base/ip_address.h"
#include <stdint.h>
#include <systemd/sd-bus.h>

enum bus_interface { BUS_UNIT, BUS_SOCKET, BUS_SERVICE, BUS_SLICE };

struct bus_unit {
	sd_bus *bus;
	char *path; /* of its object */
};

/* Connects to the system bus. Returns NULL or an error message, valid until the next call. */
const char *bus_open(sd_bus **bus);

/* The version of systemd, for example 252; 0 if it is unknown. */
unsigned bus_systemd_version(sd_bus *bus);

/*
 * Finds a unit, which systemd loads if necessary. -ENOENT if it is not installed. bus_forget
 * frees it.
 */
int bus_find(sd_bus *bus, const char *name, struct bus_unit *unit);
void bus_forget(struct bus_unit *unit);

/* A property; a string must be freed. NULL, 0 and false if there is no such property. */
char *bus_string(const struct bus_unit *unit, enum bus_interface interface, const char *property);
uint64_t bus_u64(const struct bus_unit *unit, enum bus_interface interface, const char *property);
uint32_t bus_u32(const struct bus_unit *unit, enum bus_interface interface, const char *property);
bool bus_bool(const struct bus_unit *unit, enum bus_interface interface, const char *property);

/* A property of another type: a message to read its value from, and to unref. */
sd_bus_message *bus_value(const struct bus_unit *unit, enum bus_interface interface,
                          const char *property, const char *type);

/*
 * The open connections, each an instance of mayfly@.service: a message to read their names from,
 * one by one, and then to unref. NULL if systemd cannot be queried, and after the last name.
 */
sd_bus_message *bus_connections(sd_bus *bus);
const char *bus_next_unit(sd_bus_message *units);

/*
 * The client's address in the name of such an instance,
 * "mayfly@7-127.0.0.1:8080-192.0.2.7:51034.service". Returns false if there is none. Pure.
 */
bool bus_instance_address(const char *name, char address[static IP_ADDRESS_SIZE]);

/*
 * The installed unit files whose names match a pattern of fnmatch(3): a message to take their file
 * names from, one by one, and then to unref. NULL if systemd cannot say, and after the last one.
 */
sd_bus_message *bus_unit_files(sd_bus *bus, const char *pattern);
const char *bus_next_unit_file(sd_bus_message *files);

#endif
