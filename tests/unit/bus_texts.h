/*
 * The functions of bus.h, and those of libsystemd that read lists, for tests of commands: systemd has the units that a test
 * describes by lines of text. For tests that replace system calls, which libsystemd needs, too; others link bus.o and use
 * fake_systemd.h.
 */
#ifndef MAYFLY_TESTS_UNIT_BUS_TEXTS_H
#define MAYFLY_TESTS_UNIT_BUS_TEXTS_H

#include "mayflyctl/bus.h"
#include "mayflyctl/memory.h"
#include "mayflyctl/output.h"
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUS_LINES_MAX = 512 };

/* Lines "UNIT PROPERTY VALUE". Of those of one property the last counts; "?" is no value. Words of a list are its members. */
static struct {
	char *lines[BUS_LINES_MAX];
	size_t count;
	int error; /* why there is no bus; 0: there is one */
	unsigned queries,
	    failing_query; /* units so far; which one systemd does not answer, counted from 1 */
	char missing[512];
} bus_texts;

static void bus_texts_add(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void bus_texts_add(const char *format, ...)
{
	va_list arguments;
	assert_true(bus_texts.count < BUS_LINES_MAX);
	va_start(arguments, format);
	bus_texts.lines[bus_texts.count++] = memory_vprint(format, arguments);
	va_end(arguments);
}

static void bus_texts_reset(void)
{
	while (bus_texts.count > 0)
		free(bus_texts.lines[--bus_texts.count]);
	memset(&bus_texts, 0, sizeof bus_texts);
}

/* Returns the value of the last line that begins with this, or NULL. */
static const char *bus_texts_find(const char *start)
{
	for (size_t i = bus_texts.count; i > 0; i--) {
		const char *line = bus_texts.lines[i - 1];
		if (strncmp(line, start, strlen(start)) == 0)
			return line[strlen(start)] != '?' ? line + strlen(start) : NULL;
	}
	return NULL;
}

/* --- bus.h --- */

const char *bus_open(sd_bus **bus)
{
	*bus = NULL;
	errno = bus_texts.error;
	return bus_texts.error != 0 ? "there is no bus" : NULL;
}

bool bus_is_absent(int error)
{
	return error == ENOENT;
}

const char *bus_find_missing(void)
{
	return *bus_texts.missing != '\0' ? bus_texts.missing : NULL;
}

const char *bus_close(sd_bus *bus)
{
	(void)bus;
	return bus_find_missing();
}

void bus_note_unreadable(const char *file, int error)
{
	(void)snprintf(bus_texts.missing, sizeof bus_texts.missing, "cannot read %s: %s", file,
	               strerror(error));
}

void bus_note_failure(const char *file, int error)
{
	if (error_is_of_system(error))
		bus_note_unreadable(file, error);
}

unsigned bus_systemd_version(sd_bus *bus)
{
	(void)bus;
	return 252;
}

/* The property ERROR of a unit is a negative errno. */
int bus_find(sd_bus *bus, const char *name, struct bus_unit *unit)
{
	char start[512];
	(void)bus;
	if (++bus_texts.queries == bus_texts.failing_query) {
		(void)snprintf(bus_texts.missing, sizeof bus_texts.missing, "no answer");
		return -EIO;
	}
	(void)snprintf(start, sizeof start, "%s ERROR ", name);
	const char *error = bus_texts_find(start);
	if (error != NULL)
		return atoi(error);
	(void)snprintf(start, sizeof start, "%s ", name);
	if (bus_texts_find(start) == NULL)
		return -ENOENT;
	unit->properties = (sd_bus_message *)(void *)memory_copy(view_of(name));
	return 0;
}

void bus_forget(struct bus_unit *unit)
{
	free(unit->properties);
	unit->properties = NULL;
}

static const char *bus_texts_value(const struct bus_unit *unit, const char *property)
{
	char start[512];
	(void)snprintf(start, sizeof start, "%s %s ", (const char *)(const void *)unit->properties,
	               property);
	return bus_texts_find(start);
}

char *bus_string(const struct bus_unit *unit, const char *property)
{
	const char *value = bus_texts_value(unit, property);
	return value != NULL ? memory_copy(view_of(value)) : NULL;
}

bool bus_string_is(const struct bus_unit *unit, const char *property, const char *expected)
{
	const char *value = bus_texts_value(unit, property);
	return value != NULL && strcmp(value, expected) == 0;
}

bool bus_property_is(sd_bus *bus, const char *name, const char *property, const char *expected)
{
	struct bus_unit unit;
	if (bus_find(bus, name, &unit) < 0)
		return false;
	bool is_equal = bus_string_is(&unit, property, expected);
	bus_forget(&unit);
	return is_equal;
}

uint64_t bus_u64(const struct bus_unit *unit, const char *property)
{
	const char *value = bus_texts_value(unit, property);
	return value != NULL ? strtoull(value, NULL, 10) : 0;
}

uint32_t bus_u32(const struct bus_unit *unit, const char *property)
{
	return (uint32_t)bus_u64(unit, property);
}

bool bus_bool(const struct bus_unit *unit, const char *property)
{
	return bus_u64(unit, property) != 0;
}

bool bus_needs_reload(sd_bus *bus, const char *name)
{
	struct bus_unit unit;
	if (bus_find(bus, name, &unit) < 0)
		return false;
	bool needs_reload = bus_bool(&unit, "NeedDaemonReload");
	bus_forget(&unit);
	return needs_reload;
}

/* The words of a list that are not read yet. Each word that is read is kept until the list is freed. */
struct sd_bus_message {
	char text[2048];
	char *rest;
};

sd_bus_message *bus_list(const struct bus_unit *unit, const char *property, const char *type)
{
	(void)type;
	const char *value = bus_texts_value(unit, property);
	if (value == NULL)
		return NULL;
	struct sd_bus_message *list = memory_allocate(1, sizeof *list);
	(void)snprintf(list->text, sizeof list->text, "%s", value);
	list->rest = list->text;
	return list;
}

static const char *bus_texts_next(sd_bus_message *list)
{
	return list != NULL ? strtok_r(NULL, " ", &list->rest) : NULL;
}

/* Connections: the property Connections of the service's instance. */
sd_bus_message *bus_connections(sd_bus *bus, const char *instance)
{
	struct bus_unit unit;
	sd_bus_message *list = NULL;
	if (bus_find(bus, instance, &unit) == 0) {
		list = bus_list(&unit, "Connections", "s");
		bus_forget(&unit);
	}
	return list;
}

const char *bus_next_unit(sd_bus_message *units)
{
	return bus_texts_next(units);
}

/* Each unit of a line is an installed file: a template in place of its instance. */
const char *bus_next_unit_file(sd_bus *bus, const char *pattern, size_t *pos)
{
	static char name[512];
	(void)bus;
	while (*pos < bus_texts.count) {
		const char *line = bus_texts.lines[(*pos)++];
		(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(line, " "), line);
		char *instance = strstr(name, "@mayflyctl.");
		if (instance != NULL)
			memmove(instance + 1, strchr(instance, '.'),
			        strlen(strchr(instance, '.')) + 1);
		if (strstr(line, " FragmentPath ") != NULL && fnmatch(pattern, name, 0) == 0)
			return name;
	}
	return NULL;
}

/* The name of the instance is the address. */
bool bus_instance_address(const char *name, char address[static IP_ADDRESS_SIZE])
{
	const char *at = strchr(name, '@');
	if (at == NULL)
		return false;
	(void)snprintf(address, IP_ADDRESS_SIZE, "%s", at + 1);
	return true;
}

/* --- libsystemd --- */

int sd_bus_message_enter_container(sd_bus_message *list, char type, const char *contents)
{
	(void)type;
	(void)contents;
	return list != NULL && list->rest != NULL && *list->rest != '\0';
}

int sd_bus_message_exit_container(sd_bus_message *list)
{
	(void)list;
	return 1;
}

int sd_bus_message_at_end(sd_bus_message *list, int is_complete)
{
	return list == NULL ? -EINVAL
	                    : sd_bus_message_enter_container(list, 'a', "") == 0 || is_complete;
}

/* "iay": the members before the prefix, of which a test writes none. Other types: the rest of the list. */
int sd_bus_message_skip(sd_bus_message *list, const char *types)
{
	if (strcmp(types, "iay") == 0)
		return 1;
	int is_more = sd_bus_message_enter_container(list, 'a', types);
	if (is_more)
		list->rest += strlen(list->rest);
	return is_more;
}

int sd_bus_message_read(sd_bus_message *list, const char *types, ...)
{
	va_list arguments;
	int result = 1;
	va_start(arguments, types);
	for (const char *type = types; *type != '\0' && result > 0; type++) {
		if (*type == '(' || *type == ')')
			continue;
		const char *word = bus_texts_next(list);
		if (word == NULL)
			result = 0;
		else if (*type == 's')
			*va_arg(arguments, const char **) = word;
		else
			*va_arg(arguments, int *) = atoi(word);
	}
	va_end(arguments);
	return result;
}

sd_bus_message *sd_bus_message_unref(sd_bus_message *list)
{
	free(list);
	return NULL;
}

#endif
