/* The checks of the units; see check_units.h. */
#include "check_units.h"
#include "bus.h"
#include "https.h"
#include "unit_config.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Units use nothing that is newer than systemd 249; from 255 on there is a poll limit. */
enum { SYSTEMD_MIN = 249, SYSTEMD_POLL_LIMIT = 255, POLL_LIMIT_MIN = 200 };

/* One of the two ways to serve: a handler per connection by systemd, or by mayfly-accept. */
struct way {
	const char *socket;
	const char *service;  /* as users know it */
	const char *instance; /* the unit whose properties are read: a template has none */
};

static const struct way WAYS[] = {{SOCKET_EACH, "mayfly@.service", SERVICE_EACH},
                                  {SOCKET_BUSY, SERVICE_BUSY, SERVICE_BUSY}};

static bool is_busy(const struct way *way)
{
	return way != WAYS;
}

/* --- Limits below the shipped ones. --- */

struct limit {
	const char *unit, *section, *property;
	uint64_t shipped;
	char type;         /* of D-Bus: u or t */
	bool zero_is_none; /* 0 means no limit (systemd.socket(5)) */
};

static const struct limit LIMITS[] = {
    {SOCKET_EACH, "Socket", "MaxConnections", 1024, 'u', false},
    {SOCKET_EACH, "Socket", "MaxConnectionsPerSource", 64, 'u', true},
    {SOCKET_EACH, "Socket", "Backlog", 1024, 'u', false},
    {SOCKET_BUSY, "Socket", "Backlog", 4096, 'u', false},
    {SLICE, "Slice", "MemoryMax", 512U << 20, 't', false},
    {SLICE, "Slice", "TasksMax", 2200, 't', false},
};

static void check_limit(const struct bus_unit *unit, const struct limit *limit,
                        struct findings *findings)
{
	char advice[128], command[64];
	uint64_t value =
	    limit->type == 'u' ? bus_u32(unit, limit->property) : bus_u64(unit, limit->property);
	if (value >= limit->shipped || (value == 0 && limit->zero_is_none))
		return;
	(void)snprintf(advice, sizeof advice, "set %s=%" PRIu64 " in the section [%s]",
	               limit->property, limit->shipped, limit->section);
	(void)snprintf(command, sizeof command, "systemctl edit %s", limit->unit);
	findings_add(findings, advice, command, "%s: %s=%" PRIu64 " is below the shipped %" PRIu64,
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

/* --- The socket. --- */

static void check_trigger_limit(const struct bus_unit *socket, const struct way *way,
                                struct findings *findings)
{
	char command[64];
	if (bus_u64(socket, "TriggerLimitIntervalUSec") == 0)
		return;
	(void)snprintf(command, sizeof command, "systemctl edit %s", way->socket);
	findings_add(findings, "set TriggerLimitIntervalSec=0 in the section [Socket]", command,
	             "%s: a burst of connections can stop it until it is restarted", way->socket);
}

/* If both are enabled, only one can listen after the next boot. */
static void check_rival(sd_bus *bus, const struct way *way, struct findings *findings)
{
	char command[64];
	const char *rival = WAYS[is_busy(way) ? 0 : 1].socket;
	(void)snprintf(command, sizeof command, "systemctl disable %s", rival);
	if (bus_property_is(bus, rival, "UnitFileState", "enabled"))
		findings_add(findings, NULL, command, "%s has the port, but %s is enabled too",
		             way->socket, rival);
}

static void check_version(sd_bus *bus, const struct bus_unit *socket, const struct way *way,
                          struct findings *findings)
{
	unsigned version = bus_systemd_version(bus);
	if (version < SYSTEMD_MIN)
		findings_add(findings, "upgrade systemd", NULL,
		             "systemd %u is too old: Mayfly's units need %d", version, SYSTEMD_MIN);
	if (!is_busy(way) && version >= SYSTEMD_POLL_LIMIT &&
	    bus_u32(socket, "PollLimitBurst") < POLL_LIMIT_MIN)
		findings_add_reinstall(
		    findings, "%s: the default poll limit of systemd %u delays connections",
		    way->socket, version);
}

/* --- The service: protections that a drop-in may have switched off. --- */

static void add_service_problem(struct findings *findings, const struct way *way,
                                const char *problem)
{
	char command[64];
	(void)snprintf(command, sizeof command, "systemctl cat %s", way->service);
	findings_add(findings, "correct the drop-in that sets it, which this shows", command,
	             "%s: %s", way->service, problem);
}

/* These matter only if systemd starts one unit per connection. */
static void check_instances(const struct bus_unit *service, const struct way *way,
                            struct findings *findings)
{
	char *output = bus_string(service, "StandardError");
	if (output == NULL || strcmp(output, "socket") == 0 || strcmp(output, "inherit") == 0)
		add_service_problem(findings, way, "StandardError= goes to the client");
	free(output);
	char *collect = bus_string(service, "CollectMode");
	if (collect == NULL || strcmp(collect, "inactive-or-failed") != 0)
		add_service_problem(findings, way,
		                    "CollectMode= keeps failed units, which count as connections");
	free(collect);
}

static void check_protections(const struct bus_unit *service, const struct way *way,
                              struct findings *findings)
{
	char *user = bus_string(service, "User");
	if (user == NULL || *user == '\0' || strcmp(user, "root") == 0)
		add_service_problem(findings, way, "handlers run as root");
	free(user);
	if (!bus_bool(service, "NoNewPrivileges"))
		add_service_problem(findings, way, "NoNewPrivileges= is off");
	if (bus_u64(service, "CapabilityBoundingSet") != 0)
		add_service_problem(findings, way, "CapabilityBoundingSet= leaves capabilities");
	if (!is_busy(way))
		check_instances(service, way, findings);
}

/* --- Units that systemd does not accept. --- */

static size_t count_commands(const struct bus_unit *service)
{
	size_t count = 0;
	sd_bus_message *commands = bus_list(service, "ExecStart", "(sasbttttuii)");
	while (sd_bus_message_skip(commands, "(sasbttttuii)") > 0)
		count++;
	sd_bus_message_unref(commands);
	return count;
}

/* Returns whether systemd would start the unit, which users know as `name`. */
static bool check_loaded(const struct bus_unit *unit, const char *name, struct findings *findings)
{
	char command[64];
	char *state = bus_string(unit, "LoadState");
	bool is_loaded = state != NULL && strcmp(state, "loaded") == 0;
	bool is_masked = state != NULL && strcmp(state, "masked") == 0;
	size_t commands = count_commands(unit);
	(void)snprintf(command, sizeof command, "systemctl %s %s", is_masked ? "unmask" : "cat",
	               name);
	if (is_masked)
		findings_add(findings, NULL, command, "%s is masked: systemd cannot start it",
		             name);
	else if (!is_loaded && commands > 1)
		findings_add(findings,
		             "add an empty line ExecStart= before that of the drop-in, which this "
		             "shows",
		             command,
		             "%s has %zu lines ExecStart=, of which systemd allows one: every "
		             "connection is reset",
		             name, commands);
	else if (!is_loaded)
		findings_add(findings, "correct it", command,
		             "%s: systemd does not accept the unit: %s", name,
		             state != NULL ? state : "unknown");
	if (!is_loaded)
		findings_mark_critical(findings);
	free(state);
	return is_loaded;
}

/* Returns false, after a finding, if the unit is not installed. */
static bool find_unit(sd_bus *bus, const char *unit_name, const char *name, struct bus_unit *unit,
                      struct findings *findings)
{
	if (bus_find(bus, unit_name, unit) >= 0)
		return true;
	findings_add_reinstall(findings, "%s is not installed", name);
	findings_mark_critical(findings);
	return false;
}

static void check_service(sd_bus *bus, const struct way *way, struct findings *findings)
{
	struct bus_unit service;
	if (!find_unit(bus, way->instance, way->service, &service, findings))
		return;
	if (check_loaded(&service, way->service, findings))
		check_protections(&service, way, findings);
	bus_forget(&service);
}

/* --- All units. --- */

void check_units(sd_bus *bus, struct findings *findings)
{
	struct bus_unit socket;
	const struct way *way = &WAYS[strcmp(unit_config_socket(bus), SOCKET_BUSY) == 0 ? 1 : 0];
	if (!find_unit(bus, way->socket, way->socket, &socket, findings))
		return;
	check_service(bus, way, findings);
	bool is_masked = bus_property_is(bus, way->socket, "LoadState", "masked");
	bool is_expected = is_masked && https_is_only_port(bus, way->socket);
	bool is_loaded = !is_expected && check_loaded(&socket, way->socket, findings);
	if (is_loaded) {
		check_version(bus, &socket, way, findings);
		check_trigger_limit(&socket, way, findings);
	}
	bus_forget(&socket);
	check_rival(bus, way, findings);
	if (is_loaded)
		check_limits(bus, way, findings);
}
