/* Checking the units; see checks.h. */
#include "bus.h"
#include "checks.h"
#include "listener.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE "mayfly.slice"

/* Since systemd's version 249, all that units/ asks for is known; from 255 on there is a poll
 * limit. */
enum { SYSTEMD_LEAST = 249, SYSTEMD_POLL_LIMIT = 255 };

/* One of the two ways to serve. */
struct way {
	const char *socket;
	const char *service;  /* as it is called, */
	const char *instance; /* and what of it can be asked */
};

static const struct way WAYS[] = {{SOCKET_EACH, "mayfly@.service", SERVICE_EACH},
                                  {SOCKET_BUSY, SERVICE_BUSY, SERVICE_BUSY}};

static bool is_busy(const struct way *way)
{
	return way != WAYS;
}

/* A number that an owner may have set too low. */
struct limit {
	const char *unit;
	const char *property;
	uint64_t shipped;
	enum bus_interface interface;
	char type;         /* of D-Bus */
	bool zero_is_none; /* 0 stands for no limit (systemd.socket(5)) */
};

static const struct limit LIMITS[] = {
    {SOCKET_EACH, "MaxConnections", 1024, BUS_SOCKET, 'u', false},
    {SOCKET_EACH, "MaxConnectionsPerSource", 64, BUS_SOCKET, 'u', true},
    {SOCKET_EACH, "Backlog", 1024, BUS_SOCKET, 'u', false},
    {SOCKET_BUSY, "Backlog", 4096, BUS_SOCKET, 'u', false},
    {SLICE, "MemoryMax", 512U << 20, BUS_SLICE, 't', false},
    {SLICE, "TasksMax", 2200, BUS_SLICE, 't', false},
};

static void check_limit(const struct bus_unit *unit, const struct limit *limit,
                        struct findings *findings)
{
	char remedy[64];
	uint64_t value = limit->type == 'u' ? bus_u32(unit, limit->interface, limit->property)
	                                    : bus_u64(unit, limit->interface, limit->property);
	if (value >= limit->shipped || (value == 0 && limit->zero_is_none))
		return;
	(void)snprintf(remedy, sizeof remedy, "systemctl edit %s", limit->unit);
	found(findings, remedy, "%s: %s=%" PRIu64 " is below the %" PRIu64 " that were shipped",
	      limit->unit, limit->property, value, limit->shipped);
}

static void check_limits(sd_bus *bus, const struct way *way, struct findings *findings)
{
	for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
		struct bus_unit unit;
		const char *name = LIMITS[i].unit;
		if (strcmp(name, SLICE) != 0 && strcmp(name, way->socket) != 0)
			continue;
		if (bus_find(bus, name, &unit) < 0)
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

static void check_port(const struct bus_unit *socket, const struct way *way,
                       struct findings *findings)
{
	char name[64], remedy[96];
	pid_t pid;
	unsigned port = port_of(socket);
	if (port == 0 || !listener_find(port, &pid, name, sizeof name))
		return;
	(void)snprintf(remedy, sizeof remedy, "stop it, or choose another port: systemctl edit %s",
	               way->socket);
	found(findings, remedy, "port %u is taken by %s (process %d)", port, shown_name(name),
	      (int)pid);
}

static void check_listening(const struct bus_unit *socket, const struct way *way,
                            struct findings *findings)
{
	char remedy[96];
	char *state = bus_string(socket, BUS_UNIT, "ActiveState");
	if (state == NULL || strcmp(state, "active") != 0) {
		(void)snprintf(remedy, sizeof remedy, "systemctl enable --now %s", way->socket);
		found(findings, remedy, "%s is %s, so nobody is served", way->socket,
		      state != NULL ? state : "in no known state");
		check_port(socket, way, findings);
	}
	free(state);
	if (bus_u64(socket, BUS_SOCKET, "TriggerLimitIntervalUSec") == 0)
		return;
	(void)snprintf(remedy, sizeof remedy,
	               "systemctl edit %s, and there TriggerLimitIntervalSec=0", way->socket);
	found(findings, remedy,
	      "a burst of connections can put %s out of service until somebody restarts it",
	      way->socket);
}

/* At the next boot systemd would choose one. */
static void check_rival(sd_bus *bus, const struct way *way, struct findings *findings)
{
	char remedy[96];
	struct bus_unit unit;
	const char *rival = WAYS[is_busy(way) ? 0 : 1].socket;
	if (bus_find(bus, rival, &unit) < 0)
		return;
	char *state = bus_string(&unit, BUS_UNIT, "UnitFileState");
	(void)snprintf(remedy, sizeof remedy, "systemctl disable %s", rival);
	if (state != NULL && strcmp(state, "enabled") == 0)
		found(findings, remedy, "%s has the port, and %s is enabled", way->socket, rival);
	free(state);
	bus_forget(&unit);
}

/* What only matters where systemd has a unit for each connection. */
static void check_instances(const struct bus_unit *service, const struct way *way,
                            const char *remedy, struct findings *findings)
{
	char *output = bus_string(service, BUS_SERVICE, "StandardError");
	if (output == NULL || strcmp(output, "socket") == 0 || strcmp(output, "inherit") == 0)
		found(findings, remedy, "%s: StandardError= goes to the client", way->service);
	free(output);
	char *collect = bus_string(service, BUS_UNIT, "CollectMode");
	if (collect == NULL || strcmp(collect, "inactive-or-failed") != 0)
		found(findings, remedy,
		      "%s: CollectMode= lets failed connections pile up until none is accepted",
		      way->service);
	free(collect);
}

/* What keeps a handler small is not to be switched off by a drop-in. */
static void check_protections(const struct bus_unit *service, const struct way *way,
                              struct findings *findings)
{
	char remedy[96];
	(void)snprintf(remedy, sizeof remedy, "systemctl cat %s shows the drop-in to mend",
	               way->service);
	char *user = bus_string(service, BUS_SERVICE, "User");
	if (user == NULL || *user == '\0' || strcmp(user, "root") == 0)
		found(findings, remedy, "%s: handlers run as root", way->service);
	free(user);
	if (!bus_bool(service, BUS_SERVICE, "NoNewPrivileges"))
		found(findings, remedy, "%s: NoNewPrivileges= is off", way->service);
	if (bus_u64(service, BUS_SERVICE, "CapabilityBoundingSet") != 0)
		found(findings, remedy, "%s: CapabilityBoundingSet= leaves capabilities",
		      way->service);
	if (!is_busy(way))
		check_instances(service, way, remedy, findings);
}

static void check_version(sd_bus *bus, const struct bus_unit *socket, const struct way *way,
                          struct findings *findings)
{
	unsigned version = bus_systemd_version(bus);
	if (version < SYSTEMD_LEAST)
		found(findings, "upgrade systemd", "systemd %u is too old: Mayfly's units need %d",
		      version, SYSTEMD_LEAST);
	if (!is_busy(way) && version >= SYSTEMD_POLL_LIMIT &&
	    bus_u32(socket, BUS_SOCKET, "PollLimitBurst") < 200)
		found(findings, INSTALL_AGAIN,
		      "%s: systemd %u slows connections down by its default poll limit",
		      way->socket, version);
}

void check_units(sd_bus *bus, struct findings *findings)
{
	struct bus_unit socket, service;
	const struct way *way = &WAYS[strcmp(installation_socket(bus), SOCKET_BUSY) == 0 ? 1 : 0];
	if (bus_find(bus, way->socket, &socket) < 0) {
		found(findings, INSTALL_AGAIN, "%s is not installed", way->socket);
		return;
	}
	check_version(bus, &socket, way, findings);
	check_listening(&socket, way, findings);
	bus_forget(&socket);
	check_rival(bus, way, findings);
	check_limits(bus, way, findings);
	if (bus_find(bus, way->instance, &service) < 0) {
		found(findings, INSTALL_AGAIN, "%s is not installed", way->service);
		return;
	}
	check_protections(&service, way, findings);
	bus_forget(&service);
}
