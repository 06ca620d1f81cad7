/*
 * systemd for unit tests of what asks it: answers on D-Bus, in a process of its own, from a table of units that the test
 * fills. Link bus.o. What a command asks and how systemd answers is the same as on a machine.
 */
#ifndef MAYFLY_TESTS_UNIT_FAKE_SYSTEMD_H
#define MAYFLY_TESTS_UNIT_FAKE_SYSTEMD_H

#include "bus_server.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { FAKE_UNITS_MAX = 400, FAKE_PROPERTIES_MAX = 12 };

/*
 * A unit: properties "TYPE NAME VALUE". TYPE is one of D-Bus, or C for a command line (ExecStart), L for the addresses
 * of a socket (Listen), separated by spaces.
 */
struct fake_unit {
	const char *name;
	const char *properties[FAKE_PROPERTIES_MAX];
};

static struct {
	bool is_absent; /* nothing answers */
	struct fake_unit units[FAKE_UNITS_MAX];
	const char *const *connections; /* names of instances that run, ended by NULL */
	size_t ended_after;             /* this number of calls; 0: never */
} fake_systemd;

/* The unit of this name, which is added if there is none. */
static struct fake_unit *fake_unit(const char *name)
{
	struct fake_unit *unit = fake_systemd.units;
	while (unit->name != NULL && strcmp(unit->name, name) != 0)
		unit++;
	unit->name = name;
	return unit;
}

/* Sets a property of a unit; without a value, systemd does not know it. */
static void fake_set(const char *name, const char *property)
{
	struct fake_unit *unit = fake_unit(name);
	size_t length = strcspn(property + 2, " ") + 2, i = 0;
	while (unit->properties[i] != NULL &&
	       (strncmp(unit->properties[i], property, length) != 0 ||
	        strchr(" ", unit->properties[i][length]) == NULL))
		i++;
	unit->properties[i] = property;
}

static bool fake_append_words(sd_bus_message *reply, const char *words, const char *type)
{
	char text[8192], *rest = NULL;
	bool works = true;
	(void)snprintf(text, sizeof text, "%s", words);
	for (char *word = strtok_r(text, " ", &rest); works && word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		works = (strcmp(type, "s") == 0
		             ? sd_bus_message_append(reply, "s", word)
		             : sd_bus_message_append(reply, type, "Stream", word)) >= 0;
	return works;
}

static bool fake_append_value(sd_bus_message *reply, char type, const char *value)
{
	static const char COMMANDS[] = "(sasbttttuii)", COMMAND[] = "sasbttttuii";
	uint64_t number = strtoull(value, NULL, 10);
	switch (type) {
	case 's':
		return sd_bus_message_append(reply, "v", "s", value) >= 0;
	case 't':
		return sd_bus_message_append(reply, "v", "t", number) >= 0;
	case 'u':
		return sd_bus_message_append(reply, "v", "u", (uint32_t)number) >= 0;
	case 'b':
		return sd_bus_message_append(reply, "v", "b", (int)number) >= 0;
	case 'L':
		return sd_bus_message_open_container(reply, 'v', "a(ss)") >= 0 &&
		       sd_bus_message_open_container(reply, 'a', "(ss)") >= 0 &&
		       fake_append_words(reply, value, "(ss)") &&
		       sd_bus_message_close_container(reply) >= 0 &&
		       sd_bus_message_close_container(reply) >= 0;
	default:
		return sd_bus_message_open_container(reply, 'v', "a(sasbttttuii)") >= 0 &&
		       sd_bus_message_open_container(reply, 'a', COMMANDS) >= 0 &&
		       sd_bus_message_open_container(reply, 'r', COMMAND) >= 0 &&
		       sd_bus_message_append(reply, "s", "/usr/bin/mayfly") >= 0 &&
		       sd_bus_message_open_container(reply, 'a', "s") >= 0 &&
		       fake_append_words(reply, value, "s") &&
		       sd_bus_message_close_container(reply) >= 0 &&
		       sd_bus_message_append(reply, "bttttuii", 0, UINT64_C(0), UINT64_C(0),
		                             UINT64_C(0), UINT64_C(0), 0, 0, 0) >= 0 &&
		       sd_bus_message_close_container(reply) >= 0 &&
		       sd_bus_message_close_container(reply) >= 0 &&
		       sd_bus_message_close_container(reply) >= 0;
	}
}

static bool fake_append_property(sd_bus_message *reply, const char *property)
{
	char name[64];
	const char *value = strchr(property + 2, ' ');
	if (value == NULL)
		return true;
	(void)snprintf(name, sizeof name, "%.*s", (int)(value - property - 2), property + 2);
	return sd_bus_message_open_container(reply, 'e', "sv") >= 0 &&
	       sd_bus_message_append(reply, "s", name) >= 0 &&
	       fake_append_value(reply, property[0], value + 1) &&
	       sd_bus_message_close_container(reply) >= 0;
}

static bool fake_append_properties(sd_bus_message *reply, const char *path)
{
	char *name = NULL;
	bool works = sd_bus_path_decode(path, "/org/freedesktop/systemd1/unit", &name) > 0 &&
	             sd_bus_message_open_container(reply, 'a', "{sv}") >= 0;
	const struct fake_unit *unit = fake_systemd.units;
	while (works && unit->name != NULL && strcmp(unit->name, name) != 0)
		unit++;
	for (size_t i = 0; works && unit->name != NULL && unit->properties[i] != NULL; i++)
		works = fake_append_property(reply, unit->properties[i]);
	/* Of two values, the first counts. */
	works = works && fake_append_property(reply, unit->name != NULL ? "s LoadState loaded"
	                                                                : "s LoadState not-found");
	free(name);
	return works && sd_bus_message_close_container(reply) >= 0;
}

static bool fake_append_connections(sd_bus_message *reply)
{
	bool works = sd_bus_message_open_container(reply, 'a', "(ssssssouso)") >= 0;
	for (size_t i = 0;
	     works && fake_systemd.connections != NULL && fake_systemd.connections[i] != NULL; i++)
		works =
		    sd_bus_message_append(reply, "(ssssssouso)", fake_systemd.connections[i], "",
		                          "loaded", "active", "running", "", "/", 0, "", "/") >= 0;
	return works && sd_bus_message_close_container(reply) >= 0;
}

/* A unit has a file, also if it cannot be loaded: "s LoadState not-found". */
static bool fake_append_files(sd_bus_message *reply)
{
	bool works = sd_bus_message_open_container(reply, 'a', "(ss)") >= 0;
	for (const struct fake_unit *unit = fake_systemd.units; works && unit->name != NULL; unit++)
		works = sd_bus_message_append(reply, "(ss)", unit->name, "enabled") >= 0;
	return works && sd_bus_message_close_container(reply) >= 0;
}

static bool fake_answer(sd_bus_message *call)
{
	sd_bus_message *reply = NULL;
	bool works = sd_bus_message_new_method_return(call, &reply) >= 0;
	if (sd_bus_message_is_method_call(call, NULL, "GetAll"))
		works = works && fake_append_properties(reply, sd_bus_message_get_path(call));
	else if (sd_bus_message_is_method_call(call, NULL, "ListUnitFilesByPatterns"))
		works = works && fake_append_files(reply);
	else if (sd_bus_message_is_method_call(call, NULL, "ListUnitsByPatterns"))
		works = works && fake_append_connections(reply);
	else
		works = works && sd_bus_message_append(reply, "v", "s", "252.1") >= 0;
	return works && sd_bus_send(NULL, reply, NULL) >= 0;
}

static bool fake_answer_next(sd_bus_message *call)
{
	static size_t answered;
	bool is_ended = fake_systemd.ended_after > 0 && answered++ >= fake_systemd.ended_after;
	return !is_ended && fake_answer(call);
}

/* The program's, in place of those of libsystemd. */
int sd_booted(void)
{
	return !fake_systemd.is_absent;
}

int sd_bus_open_system(sd_bus **bus)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	(void)fflush(NULL);
	pid_t server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		/* Locks of the command end with it. */
		(void)close_range(STDERR_FILENO + 1, (unsigned)pair[1] - 1, 0);
		(void)close_range((unsigned)pair[1] + 1, UINT_MAX, 0);
		bus_server_run(pair[1], fake_answer_next);
	}
	(void)close(pair[1]);
	assert_true(sd_bus_new(bus) >= 0);
	assert_true(sd_bus_set_fd(*bus, pair[0], pair[0]) >= 0);
	return sd_bus_start(*bus);
}

#endif
