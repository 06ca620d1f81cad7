/* What is found of units whose properties systemd has, lacks, or has in a form that few machines have. */
#include "mayflyctl/bus.h"
#include "mayflyctl/check_units.h"
#include "mayflyctl/https.h"
#include "mayflyctl/unit_config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "findings_text.h"

enum { PROPERTIES_MAX = 12 };

/* Properties: "UNIT NAME VALUE". A text of no value is one that systemd does not have. */
static struct {
	const char *properties[PROPERTIES_MAX]; /* that differ from those of a good machine */
	const char *missing_unit;
	const char *socket;
	unsigned version;
	size_t commands; /* how many ExecStart= the service has */
	bool is_https_only;
} machine;

static int reset_machine(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	machine.socket = SOCKET_EACH;
	machine.version = 252;
	machine.commands = 1;
	return 0;
}

/* The program's, in place of the bus and of libsystemd. */
int bus_find(sd_bus *bus, const char *name, struct bus_unit *unit)
{
	(void)bus;
	if (machine.missing_unit != NULL && strcmp(name, machine.missing_unit) == 0)
		return -2;
	unit->properties = (sd_bus_message *)(void *)(uintptr_t)name;
	return 0;
}

void bus_forget(struct bus_unit *unit)
{
	(void)unit;
}

/* bus_find has left the name there. */
static const char *name_of(const struct bus_unit *unit)
{
	return (const char *)(const void *)unit->properties;
}

/* Returns the value of a property that was set for a test, or `good`. */
static const char *value_of(const char *unit, const char *property, const char *good)
{
	char name[128];
	(void)snprintf(name, sizeof name, "%s %s ", unit, property);
	for (size_t i = 0; i < PROPERTIES_MAX && machine.properties[i] != NULL; i++)
		if (strncmp(machine.properties[i], name, strlen(name)) == 0)
			return machine.properties[i] + strlen(name);
	return good;
}

char *bus_string(const struct bus_unit *unit, const char *property)
{
	static const char *const GOOD_VALUES[][2] = {{"LoadState", "loaded"},
	                                             {"UnitFileState", "disabled"},
	                                             {"StandardError", "journal"},
	                                             {"CollectMode", "inactive-or-failed"},
	                                             {"User", "mayfly"}};
	const char *value = NULL;
	for (size_t i = 0; i < sizeof GOOD_VALUES / sizeof GOOD_VALUES[0]; i++)
		if (strcmp(property, GOOD_VALUES[i][0]) == 0)
			value = value_of(name_of(unit), property, GOOD_VALUES[i][1]);
	assert_non_null(value);
	return strcmp(value, "?") != 0 ? strdup(value) : NULL;
}

static uint64_t number_of(const struct bus_unit *unit, const char *property, const char *good)
{
	return strtoul(value_of(name_of(unit), property, good), NULL, 10);
}

uint64_t bus_u64(const struct bus_unit *unit, const char *property)
{
	bool is_limit = strstr(property, "Max") != NULL;
	return number_of(unit, property, is_limit ? "99999999999" : "0");
}

uint32_t bus_u32(const struct bus_unit *unit, const char *property)
{
	return (uint32_t)number_of(unit, property, "9999");
}

bool bus_bool(const struct bus_unit *unit, const char *property)
{
	return number_of(unit, property, "1") != 0;
}

bool bus_property_is(sd_bus *bus, const char *name, const char *property, const char *expected)
{
	(void)bus;
	return strcmp(value_of(name, property, "loaded"), expected) == 0;
}

unsigned bus_systemd_version(sd_bus *bus)
{
	(void)bus;
	return machine.version;
}

static size_t commands_left;

sd_bus_message *bus_list(const struct bus_unit *unit, const char *property, const char *type)
{
	(void)unit;
	(void)type;
	assert_string_equal(property, "ExecStart");
	commands_left = machine.commands;
	return machine.commands > 0 ? (sd_bus_message *)&machine : NULL;
}

int sd_bus_message_skip(sd_bus_message *list, const char *types)
{
	(void)list;
	(void)types;
	return commands_left > 0 ? (int)commands_left-- : 0;
}

sd_bus_message *sd_bus_message_unref(sd_bus_message *list)
{
	(void)list;
	return NULL;
}

const char *unit_config_socket(sd_bus *bus)
{
	(void)bus;
	return machine.socket;
}

bool https_is_only_port(sd_bus *bus, const char *socket)
{
	(void)bus;
	(void)socket;
	return machine.is_https_only;
}

static void expect(const char *expected)
{
	findings_text[0] = '\0';
	check_units(NULL, NULL);
	assert_string_equal(findings_text, expected);
}

/* With this property. */
static void expect_with(const char *property, const char *expected)
{
	machine.properties[0] = property;
	expect(expected);
}

static void test_good_machine_has_no_finding(void **state)
{
	(void)state;
	expect("");
	machine.socket = SOCKET_BUSY;
	expect("");
}

static void test_units_that_are_not_installed(void **state)
{
	(void)state;
	machine.missing_unit = SOCKET_EACH;
	expect("mayfly.socket is not installed\ncritical\n");
	machine.missing_unit = SERVICE_EACH;
	expect("mayfly@.service is not installed\ncritical\n");
	machine.missing_unit = SOCKET_BUSY;
	expect("");
	machine.missing_unit = SLICE;
	expect("");
}

static void test_units_that_systemd_does_not_accept(void **state)
{
	(void)state;
	expect_with(SERVICE_EACH " LoadState masked",
	            "mayfly@.service is masked: systemd cannot start it\ncritical\n");
	expect_with(SERVICE_EACH " LoadState bad-setting",
	            "mayfly@.service: systemd does not accept the unit: bad-setting\ncritical\n");
	expect_with(SERVICE_EACH " LoadState ?",
	            "mayfly@.service: systemd does not accept the unit: unknown\ncritical\n");
	machine.commands = 2;
	expect_with(SERVICE_EACH " LoadState bad-setting",
	            "mayfly@.service has 2 lines ExecStart=, of which systemd allows one: every "
	            "connection is reset\ncritical\n");
	machine.commands = 0;
	expect_with(SOCKET_EACH " LoadState masked",
	            "mayfly.socket is masked: systemd cannot start it\ncritical\n");
	machine.is_https_only = true;
	expect("");
}

static void test_protections_that_are_off(void **state)
{
	(void)state;
	expect_with(SERVICE_EACH " User ?", "mayfly@.service: handlers run as root\n");
	expect_with(SERVICE_EACH " User ", "mayfly@.service: handlers run as root\n");
	expect_with(SERVICE_EACH " User root", "mayfly@.service: handlers run as root\n");
	expect_with(SERVICE_EACH " NoNewPrivileges 0",
	            "mayfly@.service: NoNewPrivileges= is off\n");
	expect_with(SERVICE_EACH " CapabilityBoundingSet 1",
	            "mayfly@.service: CapabilityBoundingSet= leaves capabilities\n");
	expect_with(SERVICE_EACH " StandardError ?",
	            "mayfly@.service: StandardError= goes to the client\n");
	expect_with(SERVICE_EACH " StandardError socket",
	            "mayfly@.service: StandardError= goes to the client\n");
	expect_with(SERVICE_EACH " StandardError inherit",
	            "mayfly@.service: StandardError= goes to the client\n");
	expect_with(
	    SERVICE_EACH " CollectMode ?",
	    "mayfly@.service: CollectMode= keeps failed units, which count as connections\n");
	expect_with(
	    SERVICE_EACH " CollectMode inactive",
	    "mayfly@.service: CollectMode= keeps failed units, which count as connections\n");
}

static void test_sockets_that_delay_or_stop(void **state)
{
	(void)state;
	machine.version = 248;
	expect("systemd 248 is too old: Mayfly's units need 249\n");
	machine.version = 255;
	expect("");
	expect_with(SOCKET_EACH " PollLimitBurst 199",
	            "mayfly.socket: the default poll limit of systemd 255 delays connections\n");
	machine.version = 254;
	expect("");
	expect_with(SOCKET_EACH " TriggerLimitIntervalUSec 2000000",
	            "mayfly.socket: a burst of connections can stop it until it is restarted\n");
	expect_with(SOCKET_BUSY " UnitFileState enabled",
	            "mayfly.socket has the port, but mayfly-busy.socket is enabled too\n");
	expect_with(SOCKET_BUSY " UnitFileState ?", "");
}

static void test_limits_below_those_shipped(void **state)
{
	(void)state;
	expect_with(SOCKET_EACH " MaxConnections 7",
	            "mayfly.socket: MaxConnections=7 is below the shipped 1024\n");
	expect_with(SOCKET_EACH " MaxConnections 0",
	            "mayfly.socket: MaxConnections=0 is below the shipped 1024\n");
	expect_with(SOCKET_EACH " MaxConnectionsPerSource 63",
	            "mayfly.socket: MaxConnectionsPerSource=63 is below the shipped 64\n");
	expect_with(SOCKET_EACH " MaxConnectionsPerSource 0", "");
	expect_with(SLICE " TasksMax 2199", SLICE ": TasksMax=2199 is below the shipped 2200\n");
	expect_with(SOCKET_BUSY " Backlog 7", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_good_machine_has_no_finding, reset_machine),
	    cmocka_unit_test_setup(test_units_that_are_not_installed, reset_machine),
	    cmocka_unit_test_setup(test_units_that_systemd_does_not_accept, reset_machine),
	    cmocka_unit_test_setup(test_protections_that_are_off, reset_machine),
	    cmocka_unit_test_setup(test_sockets_that_delay_or_stop, reset_machine),
	    cmocka_unit_test_setup(test_limits_below_those_shipped, reset_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
