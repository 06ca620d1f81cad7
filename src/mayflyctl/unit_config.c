/* Reading the installed units, and acting as the handler's user; see unit_config.h. */
#include "unit_config.h"
#include "bus.h"
#include "command.h"
#include "environment.h"
#include "memory.h"
#include "output.h"
#include "service_paths.h"
#include "user.h"
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- The command line of the service. --- */

/* A command line that is read word by word. */
struct command_line {
	struct unit_config *config;
	char *value;     /* where to store the next word, the value of an option; or NULL */
	size_t size;     /* of value */
	bool is_unclear; /* a word contains a variable that is not expanded here */
	int error;       /* 0, or why an EnvironmentFile= cannot be read, a negative errno */
};

static void set_string(char *to, size_t size, const char *value)
{
	(void)snprintf(to, size, "%s", value);
}

/* Adds a word to the configuration. */
static void keep_word(struct unit_config *config, const char *word)
{
	config->words = memory_grow(config->words, config->word_count + 2, sizeof *config->words);
	config->words[config->word_count++] = memory_copy(view_of(word));
	config->words[config->word_count] = NULL;
}

static void add_word(struct command_line *line, const char *word)
{
	struct unit_config *config = line->config;
	const struct {
		const char *option;
		char *value;
		size_t size;
	} options[] = {{"--root", config->root, sizeof config->root},
	               {"--hits", config->hits, sizeof config->hits},
	               {"--robots", config->robots, sizeof config->robots},
	               {"--sandbox", config->sandbox, sizeof config->sandbox},
	               {"--log", config->log, sizeof config->log}};
	keep_word(config, word);
	if (line->value != NULL) {
		set_string(line->value, line->size, word);
		line->value = NULL;
		return;
	}
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		size_t length = strlen(options[i].option);
		if (strncmp(word, options[i].option, length) != 0)
			continue;
		line->size = options[i].size;
		if (word[length] == '\0')
			line->value = options[i].value;
		else if (word[length] == '=')
			set_string(options[i].value, options[i].size, word + length + 1);
	}
}

/* The last value in Environment= of the unit. The caller frees it; NULL if there is none. */
static char *value_in_unit(const struct bus_unit *unit, const char *name)
{
	char *value = NULL;
	sd_bus_message *variables = bus_list(unit, "Environment", "s");
	const char *variable;
	while (sd_bus_message_read(variables, "s", &variable) > 0)
		if (strncmp(variable, name, strlen(name)) == 0 && variable[strlen(name)] == '=') {
			free(value);
			value = memory_copy(view_of(variable + strlen(name) + 1));
		}
	sd_bus_message_unref(variables);
	return value;
}

/* The value in the last EnvironmentFile= that sets the variable; overrides Environment=. */
static char *value_in_files(struct command_line *line, const struct bus_unit *unit,
                            const char *name)
{
	char *value = NULL;
	sd_bus_message *files = bus_list(unit, "EnvironmentFiles", "(sb)");
	const char *file;
	int may_be_missing;
	while (sd_bus_message_read(files, "(sb)", &file, &may_be_missing) > 0) {
		char *text = environment_read(file);
		if (text == NULL && error_is_of_system(errno)) {
			line->error = -errno;
			bus_note_unreadable(file, errno);
		}
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

/* Expands "$NAME" to the words of its value, "${NAME}" to its value as one word. */
static void add_variable(struct command_line *line, const struct bus_unit *unit, const char *word)
{
	bool is_one_word = word[1] == '{';
	char name[128];
	set_string(name, sizeof name, word + (is_one_word ? 2 : 1));
	name[strcspn(name, "}")] = '\0';
	char *value = value_in_files(line, unit, name);
	if (value == NULL)
		value = value_in_unit(unit, name);
	char *rest = value;
	if (is_one_word)
		add_word(line, value != NULL ? value : "");
	else if (value != NULL)
		for (char *part; (part = environment_next_word(&rest)) != NULL;)
			add_word(line, part);
	free(value);
}

static void forget_words(struct unit_config *config)
{
	for (size_t i = 0; i < config->word_count; i++)
		free(config->words[i]);
	free(config->words);
	config->words = NULL;
	config->word_count = 0;
}

static int read_command_line(struct unit_config *config, const struct bus_unit *unit)
{
	struct command_line line = {.config = config};
	sd_bus_message *commands = bus_list(unit, "ExecStart", "(sasbttttuii)");
	const char *program, *word;
	if (commands == NULL)
		return -EIO;
	int error = sd_bus_message_enter_container(commands, 'r', "sasbttttuii");
	if (error > 0)
		error = sd_bus_message_read(commands, "s", &program);
	if (error > 0)
		error = sd_bus_message_enter_container(commands, 'a', "s");
	while (error > 0 && (error = sd_bus_message_read(commands, "s", &word)) > 0) {
		bool is_variable = word[0] == '$' && word[1] != '$';
		if (is_variable)
			add_variable(&line, unit, word);
		else
			add_word(&line, word);
		if (strchr(word + (is_variable ? 1 : 0), '$') != NULL)
			line.is_unclear = true;
	}
	if (line.is_unclear)
		forget_words(config);
	sd_bus_message_unref(commands);
	return line.error < 0 ? line.error : error;
}

/* --- The units. --- */

const char *unit_config_socket(sd_bus *bus)
{
	if (bus_property_is(bus, SOCKET_EACH, "ActiveState", "active"))
		return SOCKET_EACH;
	if (bus_property_is(bus, SOCKET_BUSY, "ActiveState", "active"))
		return SOCKET_BUSY;
	bool is_busy = bus_property_is(bus, SOCKET_BUSY, "UnitFileState", "enabled") &&
	               !bus_property_is(bus, SOCKET_EACH, "UnitFileState", "enabled");
	return is_busy ? SOCKET_BUSY : SOCKET_EACH;
}

/* --- A service as a whole. --- */

/*
 * Reads the user that handlers run as: User=, or if that is empty the one that a program before the
 * handler changes to, as tlswrapper(1) does with -u.
 */
static void read_user(struct unit_config *config, const struct bus_unit *unit)
{
	char *value = bus_string(unit, "User");
	const char *user = value != NULL && *value != '\0' ? value : "root";
	size_t handler = unit_config_find_handler(config);
	for (size_t i = 0; user != value && i + 1 < handler; i++)
		if (handler < config->word_count && strcmp(config->words[i], "-u") == 0)
			user = config->words[i + 1];
	set_string(config->user, sizeof config->user, user);
	free(value);
}

static int read_service(sd_bus *bus, struct unit_config *config)
{
	struct bus_unit unit;
	int error = bus_find(bus, config->service, &unit);
	if (error < 0)
		return error;
	error = read_command_line(config, &unit);
	read_user(config, &unit);
	config->root_hidden_by = service_paths_find_hiding(&unit, config->root);
	config->hits_read_only_by = service_paths_find_read_only(&unit, config->hits);
	bus_forget(&unit);
	return error < 0 ? error : 0;
}

int unit_config_read_socket(sd_bus *bus, const char *socket, struct unit_config *config)
{
	struct bus_unit unit;
	*config = (struct unit_config){.word_count = 0};
	set_string(config->socket, sizeof config->socket, socket);
	int error = bus_find(bus, socket, &unit);
	if (error < 0)
		return error;
	(void)snprintf(config->service, sizeof config->service, "%.*s%s",
	               (int)(strlen(socket) - strlen(".socket")), socket,
	               bus_bool(&unit, "Accept") ? "@mayflyctl.service" : ".service");
	bus_forget(&unit);
	return read_service(bus, config);
}

int unit_config_read(sd_bus *bus, struct unit_config *config)
{
	const char *socket = unit_config_socket(bus);
	*config = (struct unit_config){.word_count = 0};
	set_string(config->socket, sizeof config->socket, socket);
	set_string(config->service, sizeof config->service,
	           strcmp(socket, SOCKET_BUSY) == 0 ? SERVICE_BUSY : SERVICE_EACH);
	return read_service(bus, config);
}

bool unit_config_word_is(const struct unit_config *config, size_t index, const char *program)
{
	const char *slash = strrchr(config->words[index], '/');
	return slash != NULL && strcmp(slash + 1, program) == 0;
}

size_t unit_config_find_handler(const struct unit_config *config)
{
	size_t i = 0;
	while (i < config->word_count && !unit_config_word_is(config, i, "mayfly"))
		i++;
	return i;
}

void unit_config_free(struct unit_config *config)
{
	forget_words(config);
}

const char *unit_config_service_file(const struct unit_config *config)
{
	static char name[UNIT_NAME_MAX + 1];
	const char *service = config->service;
	int length = (int)strcspn(service, "@");
	(void)snprintf(name, sizeof name, "%.*s%s", length, service,
	               service[length] == '@' ? "@.service" : "");
	return name;
}

/* --- Acting as the handler's user. --- */

bool unit_config_can_become_user(const struct unit_config *config)
{
	const struct passwd *user = user_find(config->user);
	return getuid() == 0 || (user != NULL && user->pw_uid == getuid());
}

bool unit_config_has_option(const struct unit_config *config, const char *option)
{
	for (size_t i = 0; i < config->word_count; i++)
		if (strcmp(config->words[i], option) == 0)
			return true;
	return false;
}

bool unit_config_become_user(const struct unit_config *config)
{
	const struct passwd *user = user_find(config->user);
	if (user == NULL)
		return false;
	if (getuid() != 0)
		return true;
	if (initgroups(config->user, user->pw_gid) != 0)
		return false;
	if (setegid(user->pw_gid) == 0 && seteuid(user->pw_uid) == 0)
		return true;
	int error = errno;
	unit_config_leave_user();
	errno = error;
	return false;
}

void unit_config_leave_user(void)
{
	if (getuid() != 0)
		return;
	if (seteuid(0) == 0 && setegid(0) == 0 && setgroups(0, NULL) == 0)
		return;
	/* What follows would be done with too few rights. */
	(void)command_error("cannot act as root again: %s", strerror(errno));
	exit(EXIT_UNKNOWN);
}

bool unit_config_stay_user(const struct unit_config *config)
{
	const struct passwd *user = user_find(config->user);
	if (getuid() != 0)
		return true;
	return user != NULL && initgroups(config->user, user->pw_gid) == 0 &&
	       setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0;
}
