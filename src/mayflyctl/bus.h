/*
 * Querying systemd over D-Bus. Functions that return an int return a negative errno on failure.
 *
 * systemd spends about a millisecond on each answer. Therefore all properties of a unit, and the names of all unit files,
 * are read at once when the first of them is asked for, and kept until the last open connection is closed: later
 * changes do not show.
 */
#ifndef MAYFLY_MAYFLYCTL_BUS_H
#define MAYFLY_MAYFLYCTL_BUS_H

#include "base/ip_address.h"
#include <stdint.h>
#include <systemd/sd-bus.h>

struct bus_unit {
	sd_bus_message *properties; /* of all its interfaces */
};

/*
 * Connects to the system bus. Returns NULL or an error message, valid until the next call (errno; ENODEV:
 * systemd does not run). Close it by bus_close.
 */
const char *bus_open(sd_bus **bus);

/*
 * Whether bus_open failed with this errno because there is no bus for this process: it may also run in a
 * sandbox.
 */
bool bus_is_absent(int error);

/*
 * Closes the connection. Returns NULL, or an error message if information is missing
 * since the program started: systemd has not answered a call, or a file that its units name cannot be
 * read. Then results of the functions below may be incomplete.
 */
const char *bus_close(sd_bus *bus);

/* Returns the same as bus_close, and closes nothing. */
const char *bus_find_missing(void);

/* Makes bus_close report a file that cannot be read. `error`: an errno. */
void bus_note_unreadable(const char *file, int error);

/* The same, if the error is a failure of the system (output.h). */
void bus_note_failure(const char *file, int error);

/* The version of systemd, for example 252; 0 if it is unknown. */
unsigned bus_systemd_version(sd_bus *bus);

/*
 * Finds a unit, which systemd loads if necessary. Returns 0 or a negative errno: -ENOENT if the
 * unit is not installed. The caller frees it by bus_forget.
 */
int bus_find(sd_bus *bus, const char *name, struct bus_unit *unit);
void bus_forget(struct bus_unit *unit);

/*
 * Return a property; NULL, 0 or false if there is no such property. The caller frees a string.
 */
char *bus_string(const struct bus_unit *unit, const char *property);
uint64_t bus_u64(const struct bus_unit *unit, const char *property);
uint32_t bus_u32(const struct bus_unit *unit, const char *property);
bool bus_bool(const struct bus_unit *unit, const char *property);

/* Whether a property is this string. */
bool bus_string_is(const struct bus_unit *unit, const char *property, const char *expected);

/* Whether a unit is installed, and its property is this string. */
bool bus_property_is(sd_bus *bus, const char *name, const char *property, const char *expected);

/*
 * Whether files of a unit have changed since systemd read them. For a unit of which nothing else is asked: systemd takes
 * a third of the time that bus_find takes.
 */
bool bus_needs_reload(sd_bus *bus, const char *name);

/*
 * Returns a property that is an array of this type, as a message at its first element; NULL if there is no such
 * property: libsystemd reads no element from NULL, which is the same as an empty array. The caller unrefs it.
 */
sd_bus_message *bus_list(const struct bus_unit *unit, const char *property, const char *type);

/*
 * Lists the open connections of a service with one instance per connection, of which `instance` is any
 * ("mayfly@1.service"). Returns a message for bus_next_unit, which the caller unrefs; NULL if systemd
 * cannot be queried.
 */
sd_bus_message *bus_connections(sd_bus *bus, const char *instance);

/* Returns the next name; NULL after the last. Valid as long as the message. */
const char *bus_next_unit(sd_bus_message *units);

/*
 * Returns the next of the installed unit files that match a pattern of fnmatch(3), which begins with
 * "mayfly"; NULL after the last, and if systemd cannot be queried. *pos is 0 before the first. Valid until
 * the last bus_close.
 */
const char *bus_next_unit_file(sd_bus *bus, const char *pattern, size_t *pos);

/*
 * Copies the client's address from the name of such an instance,
 * "mayfly@7-127.0.0.1:8080-192.0.2.7:51034.service". Returns false if the name has none. Pure.
 */
bool bus_instance_address(const char *name, char address[static IP_ADDRESS_SIZE]);

#endif
