/*
 * The handler's configuration by the installed units: its user, its files, its command line. Reads
 * what systemd will read when it starts the next handler. Also acting as that user.
 */
#ifndef MAYFLY_MAYFLYCTL_UNIT_CONFIG_H
#define MAYFLY_MAYFLYCTL_UNIT_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

/* The units of the two ways to serve: one service per connection, or one that accepts them all. */
#define SOCKET_EACH "mayfly.socket"
#define SOCKET_BUSY "mayfly-busy.socket"

/* Their services. A template has no properties; an instance has them even if it does not run. */
#define SERVICE_EACH "mayfly@mayflyctl.service"
#define SERVICE_BUSY "mayfly-busy.service"

#define SLICE "mayfly.slice"

enum { UNIT_NAME_MAX = 255 };

struct unit_config {
	char socket[UNIT_NAME_MAX + 1];
	char service[UNIT_NAME_MAX + 1]; /* the unit that starts handlers */
	char root[PATH_MAX];
	/* The directives that hide the root directory and make the counter file read-only, or NULL. */
	const char *root_hidden_by, *hits_read_only_by;
	char hits[PATH_MAX];   /* empty: nothing is counted */
	char robots[PATH_MAX]; /* empty: robots are counted in hits */
	char sandbox[16];
	char log[80];
	char user[64];
	char **words; /* the command line, ended by NULL; no words if it is not known */
	size_t word_count;
};

/* Returns the socket that is active, else the one that is enabled, else SOCKET_EACH. */
const char *unit_config_socket(sd_bus *bus);

/*
 * Reads the service of that socket, its drop-ins and its EnvironmentFile=. The last --root, --hits,
 * --robots, --sandbox and --log of the command line apply. Returns 0, or a negative errno: -ENOENT if the
 * unit is not installed. Free it by unit_config_free, also after an error.
 */
int unit_config_read(sd_bus *bus, struct unit_config *config);
void unit_config_free(struct unit_config *config);

/* The same for another socket: its service is NAME@.service if it has Accept=yes, else NAME.service. */
int unit_config_read_socket(sd_bus *bus, const char *socket, struct unit_config *config);

/* Whether the word with this index is the file name of a program with this name. */
bool unit_config_word_is(const struct unit_config *config, size_t index, const char *program);

/*
 * Returns the index of the word with the handler's file name, which words of mayfly-accept may
 * precede; word_count if the command line is unknown or starts another program.
 */
size_t unit_config_find_handler(const struct unit_config *config);

/* Returns the name of the service's unit file, "mayfly@.service". Valid until the next call. */
const char *unit_config_service_file(const struct unit_config *config);

/* Whether the command line has this word. */
bool unit_config_has_option(const struct unit_config *config, const char *option);

/* Whether this process can act as that user: it is root, or that user already. */
bool unit_config_can_become_user(const struct unit_config *config);

/*
 * Sets the effective user and groups to those of that user, until unit_config_leave_user, which ends the program
 * with EXIT_UNKNOWN if it fails. Does nothing if this process is not root. Returns false, and changes nothing, if there is no such
 * user (errno ENOENT), or the system fails (errno).
 */
bool unit_config_become_user(const struct unit_config *config);
void unit_config_leave_user(void);

/* The same permanently, for a child process before it executes another program. Returns false on failure (errno). */
bool unit_config_stay_user(const struct unit_config *config);

#endif
