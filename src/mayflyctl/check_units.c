/* Checking the units; see checks.h. */
#include "bus.h"
#include "checks.h"
#include "listener.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOCKET "mayfly.socket"
#define SERVICE "mayfly@.service"
#define INSTANCE "mayfly@mayflyctl.service"
#define SLICE "mayfly.slice"

/* Since systemd's version 249, all that units/ asks for is known; from 255 on there is a poll
 * limit. */
enum { SYSTEMD_LEAST = 249, SYSTEMD_POLL_LIMIT = 255 };

/* A number that an owner may have set too low. */
struct limit {
	const char *unit;
	const char *property;
	uint64_t shipped;
	enum bus_interface interface;
	char type; /* of D-Bus */
};

static const struct limit LIMITS[] = {
    {SOCKET, "MaxConnections", 1024, BUS_SOCKET, 'u'},
    {SOCKET, "MaxConnectionsPerSource", 64, BUS_SOCKET, 'u'},
    {SOCKET, "Backlog", 1024, BUS_SOCKET, 'u'},
    {SLICE, "MemoryMax", 256U << 20, BUS_SLICE, 't'},
    {SLICE, "TasksMax", 1100, BUS_SLICE, 't'},
};

static void remedy_of(char *remedy, size_t size, const char *unit)
{
	(void)snprintf(remedy, size, "systemctl edit %s", unit);
}

static void check_limit(const struct bus_unit *unit, const struct limit *limit,
                        struct findings *findings)
{
	char remedy[64];
	uint64_t value = limit->type == 'u' ? bus_u32(unit, limit->interface, limit->property)
	                                    : bus_u64(unit, limit->interface, limit->property);
	if (value >= limit->shipped)
		return;
	remedy_of(remedy, sizeof remedy, limit->unit);
	found(findings, remedy, "%s: %s=%" PRIu64 " is below the %" PRIu64 " that were shipped",
	      limit->unit, limit->property, value, limit->shipped);
}

static void check_limits(sd_bus *bus, struct findings *findings)
{
	for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
		struct bus_unit unit;
		if (bus_find(bus, LIMITS[i].unit, &unit) < 0)
			continue;
		check_limit(&unit, &LIMITS[i], findings);
		bus_forget(&unit);
	}
}

/* The port of the first Listen= that has one: "[::]:8080", "0.0.0.0:80". */
static unsigned port_of(const struct bus_unit *socket)
{
	const char *kind, *address;
	unsigned port = 0;
	sd_bus_message *listen = bus_value(socket, BUS_SOCKET, "Listen", "a(ss)");
	if (listen == NULL)
		return 0;
	if (sd_bus_message_enter_container(listen, 'a', "(ss)") >= 0)
		while (port == 0 && sd_bus_message_read(listen, "(ss)", &kind, &address) > 0) {
			const char *colon = strrchr(address, ':');
			port = colon != NULL ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
		}
	sd_bus_message_unref(listen);
	return port;
}

static void check_port(const struct bus_unit *socket, struct findings *findings)
{
	char name[64];
	pid_t pid;
	unsigned port = port_of(socket);
	if (port == 0 || !listener_find(port, &pid, name, sizeof name))
		return;
	found(findings, "stop it, or choose another port: systemctl edit " SOCKET,
	      "port %u is taken by %s (process %d)", port, shown_name(name), (int)pid);
}

static void check_listening(const struct bus_unit *socket, struct findings *findings)
{
	char *state = bus_string(socket, BUS_UNIT, "ActiveState");
	if (state == NULL || strcmp(state, "active") != 0) {
		found(findings, "systemctl enable --now " SOCKET, "%s is %s, so nobody is served",
		      SOCKET, state != NULL ? state : "in no known state");
		check_port(socket, findings);
	}
	free(state);
	if (bus_u64(socket, BUS_SOCKET, "TriggerLimitIntervalUSec") != 0)
		found(findings, "systemctl edit " SOCKET ", and there TriggerLimitIntervalSec=0",
		      "a burst of connections can put %s out of service until somebody restarts it",
		      SOCKET);
}

/* What keeps a handler small is not to be switched off by a drop-in. */
static void check_protections(const struct bus_unit *service, struct findings *findings)
{
	const char *remedy = "systemctl cat " SERVICE " shows the drop-in to mend";
	char *user = bus_string(service, BUS_SERVICE, "User");
	if (user == NULL || *user == '\0' || strcmp(user, "root") == 0)
		found(findings, remedy, "%s: handlers run as root", SERVICE);
	free(user);
	if (!bus_bool(service, BUS_SERVICE, "NoNewPrivileges"))
		found(findings, remedy, "%s: NoNewPrivileges= is off", SERVICE);
	if (bus_u64(service, BUS_SERVICE, "CapabilityBoundingSet") != 0)
		found(findings, remedy, "%s: CapabilityBoundingSet= leaves capabilities", SERVICE);
	char *output = bus_string(service, BUS_SERVICE, "StandardError");
	if (output == NULL || strcmp(output, "socket") == 0 || strcmp(output, "inherit") == 0)
		found(findings, remedy, "%s: StandardError= goes to the client", SERVICE);
	free(output);
	char *collect = bus_string(service, BUS_UNIT, "CollectMode");
	if (collect == NULL || strcmp(collect, "inactive-or-failed") != 0)
		found(findings, remedy,
		      "%s: CollectMode= lets failed connections pile up until none is accepted",
		      SERVICE);
	free(collect);
}

static void check_version(sd_bus *bus, const struct bus_unit *socket, struct findings *findings)
{
	unsigned version = bus_systemd_version(bus);
	if (version < SYSTEMD_LEAST)
		found(findings, "upgrade systemd", "systemd %u is too old: Mayfly's units need %d",
		      version, SYSTEMD_LEAST);
	if (version >= SYSTEMD_POLL_LIMIT && bus_u32(socket, BUS_SOCKET, "PollLimitBurst") < 200)
		found(findings, "make install, on this machine",
		      "%s: systemd %u slows connections down by its default poll limit", SOCKET,
		      version);
}

void check_units(sd_bus *bus, struct findings *findings)
{
	struct bus_unit socket, service;
	if (bus_find(bus, SOCKET, &socket) < 0) {
		found(findings, "make install", "%s is not installed", SOCKET);
		return;
	}
	check_version(bus, &socket, findings);
	check_listening(&socket, findings);
	bus_forget(&socket);
	check_limits(bus, findings);
	if (bus_find(bus, INSTANCE, &service) < 0) {
		found(findings, "make install", "%s is not installed", SERVICE);
		return;
	}
	check_protections(&service, findings);
	bus_forget(&service);
}
