/*
 * Asking systemd over D-Bus. Every function that returns an int gives 0 or more, or a negative
 * errno as sd-bus does.
 */
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

/* Connects to the system bus. On failure *why says so in words. */
int bus_open(sd_bus **bus, const char **why);

/* The manager's own version, 252 say; 0 where it cannot be asked. */
unsigned bus_systemd_version(sd_bus *bus);

/* Finds a unit, and has systemd load it. -ENOENT where none is installed. bus_forget frees it. */
int bus_find(sd_bus *bus, const char *name, struct bus_unit *unit);
void bus_forget(struct bus_unit *unit);

/* A property. The string is the caller's to free; NULL, 0 and false where there is no such
 * property. */
char *bus_string(const struct bus_unit *unit, enum bus_interface interface, const char *property);
uint64_t bus_u64(const struct bus_unit *unit, enum bus_interface interface, const char *property);
uint32_t bus_u32(const struct bus_unit *unit, enum bus_interface interface, const char *property);
bool bus_bool(const struct bus_unit *unit, enum bus_interface interface, const char *property);

/* A property of another type: the message behind its value, for the caller to read and to unref. */
sd_bus_message *bus_value(const struct bus_unit *unit, enum bus_interface interface,
                          const char *property, const char *type);

/*
 * The connections that are open now, each an instance of mayfly@.service: a message to take their
 * names from, one by one, and then to unref. NULL where it cannot be had, and behind the last one.
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
