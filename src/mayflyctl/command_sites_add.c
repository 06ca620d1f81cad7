/*
 * `mayflyctl sites add`: writes the files of mayfly.socket(5) for a further site, and starts it. It
 * checks everything before it writes anything. Each step is also right if it was done before, so
 * that after an interruption the same command completes the site.
 */
#include "base/ip_address.h"
#include "base/parse.h"
#include "bus.h"
#include "command.h"
#include "listener.h"
#include "output.h"
#include "site_files.h"
#include "site_list.h"
#include "site_steps.h"
#include "user.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SYSTEM_USER_MAX = 999, USER_SIZE = 64, SOCKET_SIZE = 64 };

static struct sites_add_options {
	const char *listen, *root;
} options;

/* The site to add, and what is known about it. */
struct addition {
	struct site_settings settings;
	char user[USER_SIZE], socket[SOCKET_SIZE], root[PATH_MAX];
	char texts[SITE_FILES][SITE_TEXT_SIZE];
	bool is_listening, is_enabled; /* its socket, before */
};

/* --- Checks of the directory and the user. --- */

static const char *find_root_problem(const char *root)
{
	static const char *const SYSTEM[] = {"/",     "/boot", "/dev", "/etc", "/home", "/proc",
	                                     "/root", "/run",  "/sys", "/usr", "/var"};
	static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                            "/._+,@:=~-";
	struct stat status;
	if (*root != '/')
		return "not an absolute path";
	if (root[strspn(root, PLAIN)] != '\0')
		return "has a character that units must escape; write the units by hand "
		       "(mayfly.socket(5))";
	if (stat(root, &status) != 0)
		return strerror(errno);
	if (!S_ISDIR(status.st_mode))
		return "not a directory";
	for (size_t i = 0; i < sizeof SYSTEM / sizeof SYSTEM[0]; i++) {
		int comparison = file_compare(root, SYSTEM[i]);
		if (comparison != 0)
			return comparison > 0
			           ? "a directory of the system, all of which would be published"
			           : strerror(errno);
	}
	return NULL;
}

/* systemd would give a directory of another user to the site's. */
static enum exit_status check_state(const char *user, const struct passwd *entry)
{
	char directory[PATH_MAX];
	struct stat status;
	(void)snprintf(directory, sizeof directory, "/var/lib/%s", user);
	if (lstat(directory, &status) != 0)
		return errno == ENOENT ? EXIT_DONE
		                       : command_error("%s: %s", directory, strerror(errno));
	if (entry != NULL && status.st_uid == entry->pw_uid)
		return EXIT_DONE;
	return command_error("%s exists and belongs to another user; choose another name for the "
	                     "site, or remove it",
	                     directory);
}

/* A user of this name may be there already, because it was created by hand or by a former site. */
static enum exit_status check_new_user(const char *user)
{
	const struct passwd *entry = user_find(user);
	if (entry == NULL && errno != ENOENT)
		return command_error("user %s: %s", user, strerror(errno));
	enum exit_status status = check_state(user, entry);
	if (status != EXIT_DONE || entry == NULL)
		return status;
	if (entry->pw_uid == 0)
		return command_error("user %s is root under another name", user);
	if (entry->pw_uid > SYSTEM_USER_MAX)
		return command_error("user %s is not a system user; choose another name for the "
		                     "site",
		                     user);
	return EXIT_DONE;
}

/* --- Checks of the port. --- */

/* Copies the port of "8081" or "[::1]:8081". Returns false if it is neither. */
static bool find_port(const char *listen, char host[static LISTENER_HOST_SIZE], uint64_t *port)
{
	struct ip_address address;
	const char *digits = listen;
	*host = '\0';
	if (strchr(listen, ':') != NULL && !listener_split(listen, host, &digits))
		return false;
	if (!parse_number(view_of(digits), 1, UINT16_MAX, port))
		return false;
	return digits == listen || (ip_address_parse(view_of(host), &address) &&
	                            (*listen == '[') == (strchr(host, ':') != NULL));
}

/* Returns 0 if a socket can be bound to the address, without a host to all, or an errno. */
static int try_to_bind(const char *host, const char *port)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	                               .ai_socktype = SOCK_STREAM,
	                               .ai_family = *host == '\0' ? AF_INET6 : AF_UNSPEC};
	struct addrinfo *found;
	const int on = 1, off = 0;
	if (getaddrinfo(*host != '\0' ? host : NULL, port, &hints, &found) != 0)
		return EADDRNOTAVAIL;
	int probe = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = probe < 0 ? errno : 0;
	(void)setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (found->ai_family == AF_INET6 && *host == '\0')
		(void)setsockopt(probe, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (error == 0 &&
	    (bind(probe, found->ai_addr, found->ai_addrlen) != 0 || listen(probe, 1) != 0))
		error = errno;
	if (probe >= 0)
		(void)close(probe);
	freeaddrinfo(found);
	return error;
}

static enum exit_status report_taken(unsigned port)
{
	struct listener listener;
	if (!listener_find(port, &listener))
		return command_error("port %u is taken", port);
	return command_error("port %u is taken by %s; choose another port", port,
	                     output_escaped(listener.program));
}

/* Whether a socket unit has this port in a ListenStream=, and is enabled or listens. */
static bool unit_has_port(sd_bus *bus, const char *name, unsigned port)
{
	char suffix[16];
	const char *type, *address;
	struct bus_unit unit;
	bool has_port = false;
	if (bus_find(bus, name, &unit) < 0)
		return false;
	(void)snprintf(suffix, sizeof suffix, ":%u", port);
	bool is_on = bus_string_is(&unit, "ActiveState", "active") ||
	             bus_string_is(&unit, "UnitFileState", "enabled");
	sd_bus_message *listen = is_on ? bus_list(&unit, "Listen", "(ss)") : NULL;
	while (sd_bus_message_read(listen, "(ss)", &type, &address) > 0) {
		const char *colon = strrchr(address, ':');
		has_port = has_port || (colon != NULL && strcmp(colon, suffix) == 0);
	}
	sd_bus_message_unref(listen);
	bus_forget(&unit);
	return has_port;
}

/* Checks that no other socket of Mayfly has the port: one that is stopped would not start again. */
static enum exit_status check_sockets(sd_bus *bus, const char *own, unsigned port)
{
	enum exit_status status = EXIT_DONE;
	const char *name;
	size_t pos = 0;
	while (status == EXIT_DONE &&
	       (name = bus_next_unit_file(bus, "mayfly*.socket", &pos)) != NULL)
		if (strcmp(name, own) != 0 && unit_has_port(bus, name, port))
			status = command_error("%s has port %u; choose another port",
			                       output_escaped(name), port);
	return status;
}

static enum exit_status check_port(const struct addition *addition, sd_bus *bus)
{
	char host[LISTENER_HOST_SIZE], digits[8];
	uint64_t port;
	if (!find_port(options.listen, host, &port))
		return command_usage_error("--listen: \"%s\" is not a port such as 8081 or an "
		                           "address and a port such as 127.0.0.1:8081",
		                           output_escaped(options.listen));
	enum exit_status status = check_sockets(bus, addition->socket, (unsigned)port);
	if (status != EXIT_DONE || addition->is_listening)
		return status;
	(void)snprintf(digits, sizeof digits, "%u", (unsigned)port);
	int error = try_to_bind(host, digits);
	if (error == EAFNOSUPPORT && *host == '\0')
		error = try_to_bind("0.0.0.0", digits);
	if (error == EADDRINUSE)
		return report_taken((unsigned)port);
	if (error != 0 && error != EACCES) /* EACCES: a port below 1024 and a dry run */
		return command_error("cannot listen on %s: %s", output_escaped(options.listen),
		                     strerror(error));
	return EXIT_DONE;
}

/* --- Checks of what is there. --- */

/* Finds the handler's file name in the units of the main site. */
static enum exit_status find_handler(sd_bus *bus, const char **handler)
{
	static struct unit_config config;
	int error = unit_config_read_socket(bus, SOCKET_EACH, &config);
	size_t word = unit_config_find_handler(&config);
	if (error < 0 || word == config.word_count)
		return command_error("mayfly@.service does not name the handler; run \"mayflyctl "
		                     "check\"");
	*handler = config.words[word]; /* kept until the program exits */
	return EXIT_DONE;
}

static void read_socket_state(struct addition *addition, sd_bus *bus)
{
	struct bus_unit unit;
	if (bus_find(bus, addition->socket, &unit) < 0)
		return;
	addition->is_listening = bus_string_is(&unit, "ActiveState", "active");
	addition->is_enabled = bus_string_is(&unit, "UnitFileState", "enabled");
	bus_forget(&unit);
}

/* Files that are there must be those of this site. */
static enum exit_status check_files(const struct addition *addition)
{
	const char *name = addition->settings.name;
	for (enum site_file_kind kind = 0; kind < SITE_FILES; kind++) {
		const char *file = site_file_name(name, kind);
		switch (site_file_read_state(name, kind)) {
		case SITE_FILE_MISSING:
			break;
		case SITE_FILE_ADDED:
			if (!site_file_has_text(name, kind, addition->texts[kind]))
				return command_error(
				    "site %s exists with other settings (%s); first "
				    "run \"mayflyctl sites remove %s\"",
				    name, file, name);
			break;
		case SITE_FILE_CHANGED:
			return command_error("%s was changed by hand; change the site by hand",
			                     file);
		case SITE_FILE_FOREIGN:
			return command_error(
			    "%s exists, and \"mayflyctl sites add\" has not written "
			    "it; choose another name",
			    file);
		}
	}
	return EXIT_DONE;
}

/* A site that was made by hand has its units elsewhere, such as in /run. */
static enum exit_status check_units(const struct addition *addition, sd_bus *bus)
{
	struct bus_unit unit;
	if (site_file_read_state(addition->settings.name, SITE_FILE_SOCKET) != SITE_FILE_MISSING ||
	    bus_find(bus, addition->socket, &unit) < 0)
		return EXIT_DONE;
	bus_forget(&unit);
	return command_error("%s exists already; choose another name", addition->socket);
}

static enum exit_status check(struct addition *addition, sd_bus *bus)
{
	struct site_settings *settings = &addition->settings;
	const char *problem = find_root_problem(addition->root);
	if (problem != NULL)
		return command_error("--root: %s: %s", output_escaped(addition->root), problem);
	(void)snprintf(addition->user, sizeof addition->user, "mayfly-%s", settings->name);
	(void)snprintf(addition->socket, sizeof addition->socket, "mayfly-site-%s.socket",
	               settings->name);
	enum exit_status status = check_new_user(addition->user);
	if (status == EXIT_DONE)
		status = find_handler(bus, &settings->handler);
	if (status != EXIT_DONE)
		return status;
	for (enum site_file_kind kind = 0; kind < SITE_FILES; kind++)
		site_file_text(settings, kind, addition->texts[kind]);
	read_socket_state(addition, bus);
	status = check_files(addition);
	if (status == EXIT_DONE)
		status = check_units(addition, bus);
	return status == EXIT_DONE ? check_port(addition, bus) : status;
}

/* --- The steps. --- */

static void print_text(const char *text)
{
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
		printf("    %.*s\n", (int)strcspn(line, "\n"), line);
}

static enum exit_status write_files(const struct addition *addition, bool *has_written)
{
	const char *name = addition->settings.name;
	enum exit_status status = EXIT_DONE;
	for (enum site_file_kind kind = 0; kind < SITE_FILES && status == EXIT_DONE; kind++) {
		if (site_file_has_text(name, kind, addition->texts[kind]))
			continue;
		*has_written = true;
		site_step_print("write", site_file_name(name, kind));
		if (site_steps_are_dry)
			print_text(addition->texts[kind]);
		else
			status = site_file_write(name, kind, addition->texts[kind]);
	}
	return status;
}

static enum exit_status create_user(const struct addition *addition)
{
	const char *const command[] = {
	    "systemd-sysusers", site_file_name(addition->settings.name, SITE_FILE_USER), NULL};
	if (user_find(addition->user) != NULL)
		return EXIT_DONE;
	return site_step_run(command);
}

/* Reports a directory that the new user cannot enter: the site then answers 503. */
static void report_access(const struct addition *addition)
{
	struct unit_config config = {.word_count = 0};
	if (site_steps_are_dry)
		return;
	(void)snprintf(config.user, sizeof config.user, "%s", addition->user);
	if (!unit_config_become_user(&config)) {
		(void)command_error("cannot act as user %s: %s", config.user,
		                    errno == ENOENT ? "there is no such user" : strerror(errno));
		return;
	}
	int error = faccessat(AT_FDCWD, addition->root, R_OK | X_OK, AT_EACCESS) != 0 ? errno : 0;
	unit_config_leave_user();
	if (error != 0)
		(void)command_error("%s cannot enter %s: %s; run \"mayflyctl check --site %s\"",
		                    addition->user, addition->root, strerror(error),
		                    addition->settings.name);
}

static enum exit_status carry_out(const struct addition *addition)
{
	static const char *const RELOAD[] = {"systemctl", "daemon-reload", NULL};
	const char *const enable[] = {"systemctl", "enable", "--now", addition->socket, NULL};
	bool has_written = false;
	enum exit_status status = write_files(addition, &has_written);
	if (status == EXIT_DONE)
		status = create_user(addition);
	if (status != EXIT_DONE)
		return status;
	if (!has_written && addition->is_listening && addition->is_enabled) {
		printf("Site %s is there already; nothing to do.\n", addition->settings.name);
		return EXIT_DONE;
	}
	status = site_step_run(RELOAD);
	if (status == EXIT_DONE)
		status = site_step_run(enable);
	if (status == EXIT_DONE && !site_steps_are_dry)
		printf("Site %s serves %s on %s.\n", addition->settings.name, addition->root,
		       addition->settings.listen);
	report_access(addition);
	return status;
}

/* --- The command. --- */

/* Removes slashes at the end. */
static void copy_root(char root[static PATH_MAX], const char *given)
{
	size_t length = (size_t)snprintf(root, PATH_MAX, "%s", given);
	length = length < PATH_MAX ? length : PATH_MAX - 1;
	while (length > 1 && root[length - 1] == '/')
		root[--length] = '\0';
}

static enum exit_status run_sites_add(char **operands, int count)
{
	static struct addition addition;
	sd_bus *bus;
	(void)count;
	const char *problem = site_files_check_name(operands[0]);
	if (problem != NULL)
		return command_usage_error("the name \"%s\" %s", output_escaped(operands[0]),
		                           problem);
	if (options.listen == NULL || options.root == NULL)
		return command_usage_error("sites add requires --listen and --root");
	if (strlen(options.root) >= PATH_MAX)
		return command_error("--root: %s", strerror(ENAMETOOLONG));
	copy_root(addition.root, options.root);
	addition.settings =
	    (struct site_settings){operands[0], options.listen, addition.root, NULL};
	enum exit_status status = site_steps_begin();
	if (status != EXIT_DONE)
		return status;
	problem = bus_open(&bus);
	if (problem != NULL)
		return command_error("%s", problem);
	status = check(&addition, bus);
	problem = bus_close(bus);
	if (problem != NULL)
		return command_error("%s", problem);
	return status == EXIT_DONE ? carry_out(&addition) : status;
}

static const struct command_option OPTIONS[] = {
    {.row = {0, "listen", "PORT", "listen on PORT or ADDRESS:PORT"},
     .parse = option_text,
     .destination = &options.listen},
    {.row = {0, "root", "DIR", "serve the files in DIR"},
     .parse = option_file,
     .destination = &options.root},
    {.row = SITE_DRY_RUN_ROW, .parse = option_flag, .destination = &site_steps_are_dry},
    {.row = {0}},
};

const struct command command_sites_add = {
    .name = "sites add",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "add a site: its user, its units, its port",
    .description =
        "Write the units of mayfly.socket(5) for another site, which runs as the user\n"
        "mayfly-NAME and counts in /var/lib/mayfly-NAME/hits; then start it. Print each\n"
        "step. After an interruption, run the same command again.\n",
    .options = OPTIONS,
    .run = run_sites_add,
};
