/* Reading the installed units; see installation.h. */
#include "installation.h"
#include "bus.h"
#include "environment.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENVIRONMENT_FILE_MAX = 65536 };

/* Reading a command line, word by word. */
struct reading {
	struct installation *installation;
	char *waiting; /* for its value: where the next word goes; or NULL */
	size_t size;   /* of that */
	bool obscure;  /* a word means more than is understood here */
};

static void set(char *to, size_t size, const char *value)
{
	(void)snprintf(to, size, "%s", value);
}

static void take_word(struct reading *reading, const char *word)
{
	struct installation *installation = reading->installation;
	const struct {
		const char *option;
		char *value;
		size_t size;
	} values[] = {{"--root", installation->root, sizeof installation->root},
	              {"--hits", installation->hits, sizeof installation->hits},
	              {"--sandbox", installation->sandbox, sizeof installation->sandbox},
	              {"--log", installation->log, sizeof installation->log}};
	json_object_array_add(installation->words, json_object_new_string(word));
	if (reading->waiting != NULL) {
		set(reading->waiting, reading->size, word);
		reading->waiting = NULL;
		return;
	}
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		size_t length = strlen(values[i].option);
		if (strncmp(word, values[i].option, length) != 0)
			continue;
		reading->size = values[i].size;
		if (word[length] == '\0')
			reading->waiting = values[i].value;
		else if (word[length] == '=')
			set(values[i].value, values[i].size, word + length + 1);
	}
}

/* The start of a small file, as a string to be freed; NULL where it cannot be read. */
static char *read_file(const char *name)
{
	FILE *file = fopen(name, "re");
	if (file == NULL)
		return NULL;
	char *text = malloc(ENVIRONMENT_FILE_MAX);
	if (text != NULL)
		text[fread(text, 1, ENVIRONMENT_FILE_MAX - 1, file)] = '\0';
	(void)fclose(file);
	return text;
}

/* Environment=, and over it EnvironmentFile=; the last one that sets a variable holds. */
static char *value_in_unit(const struct bus_unit *unit, const char *name)
{
	char *value = NULL;
	sd_bus_message *variables = bus_value(unit, BUS_SERVICE, "Environment", "as");
	const char *variable;
	if (variables != NULL && sd_bus_message_enter_container(variables, 'a', "s") >= 0)
		while (sd_bus_message_read(variables, "s", &variable) > 0)
			if (strncmp(variable, name, strlen(name)) == 0 &&
			    variable[strlen(name)] == '=') {
				free(value);
				value = strdup(variable + strlen(name) + 1);
			}
	sd_bus_message_unref(variables);
	return value;
}

static char *value_in_files(const struct bus_unit *unit, const char *name)
{
	char *value = NULL;
	sd_bus_message *files = bus_value(unit, BUS_SERVICE, "EnvironmentFiles", "a(sb)");
	const char *file;
	int may_be_missing;
	if (files != NULL && sd_bus_message_enter_container(files, 'a', "(sb)") >= 0)
		while (sd_bus_message_read(files, "(sb)", &file, &may_be_missing) > 0) {
			char *text = read_file(file);
			char *found = text != NULL ? environment_value(text, name) : NULL;
			free(text);
			if (found == NULL)
				continue;
			free(value);
			value = found;
		}
	sd_bus_message_unref(files);
	return value;
}

/* "$NAME" stands for the words of its value, "${NAME}" for the value as one word. */
static void take_variable(struct reading *reading, const struct bus_unit *unit, const char *word)
{
	bool is_one = word[1] == '{';
	char name[128];
	set(name, sizeof name, word + (is_one ? 2 : 1));
	name[strcspn(name, "}")] = '\0';
	char *value = value_in_files(unit, name);
	if (value == NULL)
		value = value_in_unit(unit, name);
	char *rest = value;
	if (is_one)
		take_word(reading, value != NULL ? value : "");
	else if (value != NULL)
		for (char *part; (part = environment_next_word(&rest)) != NULL;)
			take_word(reading, part);
	free(value);
}

static int take_command_line(struct installation *installation, const struct bus_unit *unit)
{
	struct reading reading = {.installation = installation};
	sd_bus_message *commands = bus_value(unit, BUS_SERVICE, "ExecStart", "a(sasbttttuii)");
	const char *program, *word;
	if (commands == NULL)
		return -EIO;
	int error = sd_bus_message_enter_container(commands, 'a', "(sasbttttuii)");
	if (error >= 0)
		error = sd_bus_message_enter_container(commands, 'r', "sasbttttuii");
	if (error > 0)
		error = sd_bus_message_read(commands, "s", &program);
	if (error > 0)
		error = sd_bus_message_enter_container(commands, 'a', "s");
	while (error > 0 && (error = sd_bus_message_read(commands, "s", &word)) > 0) {
		bool is_variable = word[0] == '$' && word[1] != '$';
		if (is_variable)
			take_variable(&reading, unit, word);
		else
			take_word(&reading, word);
		if (strchr(word + (is_variable ? 1 : 0), '$') != NULL)
			reading.obscure = true;
	}
	if (reading.obscure)
		json_object_array_del_idx(installation->words, 0,
		                          json_object_array_length(installation->words));
	sd_bus_message_unref(commands);
	return error;
}

/* Whether a property of a unit has this value. */
static bool is(sd_bus *bus, const char *name, const char *property, const char *value)
{
	struct bus_unit unit;
	if (bus_find(bus, name, &unit) < 0)
		return false;
	char *actual = bus_string(&unit, BUS_UNIT, property);
	bool is_equal = actual != NULL && strcmp(actual, value) == 0;
	free(actual);
	bus_forget(&unit);
	return is_equal;
}

const char *installation_socket(sd_bus *bus)
{
	if (is(bus, SOCKET_EACH, "ActiveState", "active"))
		return SOCKET_EACH;
	if (is(bus, SOCKET_BUSY, "ActiveState", "active"))
		return SOCKET_BUSY;
	bool is_busy = is(bus, SOCKET_BUSY, "UnitFileState", "enabled") &&
	               !is(bus, SOCKET_EACH, "UnitFileState", "enabled");
	return is_busy ? SOCKET_BUSY : SOCKET_EACH;
}

int installation_find(sd_bus *bus, struct installation *installation)
{
	struct bus_unit unit;
	*installation = (struct installation){.words = json_object_new_array()};
	installation->socket = installation_socket(bus);
	installation->service =
	    strcmp(installation->socket, SOCKET_BUSY) == 0 ? SERVICE_BUSY : SERVICE_EACH;
	int error = bus_find(bus, installation->service, &unit);
	if (error < 0) {
		installation_forget(installation);
		return error;
	}
	char *user = bus_string(&unit, BUS_SERVICE, "User");
	set(installation->user, sizeof installation->user,
	    user != NULL && *user != '\0' ? user : "root");
	free(user);
	error = take_command_line(installation, &unit);
	bus_forget(&unit);
	if (error < 0)
		installation_forget(installation);
	return error;
}

void installation_forget(struct installation *installation)
{
	json_object_put(installation->words);
	installation->words = NULL;
}
