/* The checks of the units and of the handler's command line; see check_units.h. */
#include "check_units.h"
#include "base/journald.h"
#include "base/parse.h"
#include "bus.h"
#include "output.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLICE "mayfly.slice"

/* Units use nothing that is newer than systemd 249; from 255 on there is a poll limit. */
enum { SYSTEMD_MIN = 249, SYSTEMD_POLL_LIMIT = 255, POLL_LIMIT_MIN = 200 };

/* One of the two ways to serve. */
struct way {
	const char *socket;
	const char *service;  /* its name, */
	const char *instance; /* and the unit that has its properties */
};

static const struct way WAYS[] = {{SOCKET_EACH, "mayfly@.service", SERVICE_EACH},
                                  {SOCKET_BUSY, SERVICE_BUSY, SERVICE_BUSY}};

static bool is_busy(const struct way *way)
{
	return way != WAYS;
}

/* --- Limits that may be set too low. --- */

struct limit {
	const char *unit, *section, *property;
	uint64_t shipped;
	enum bus_interface interface;
	char type;         /* of D-Bus */
	bool zero_is_none; /* 0 stands for no limit (systemd.socket(5)) */
};

static const struct limit LIMITS[] = {
    {SOCKET_EACH, "Socket", "MaxConnections", 1024, BUS_SOCKET, 'u', false},
    {SOCKET_EACH, "Socket", "MaxConnectionsPerSource", 64, BUS_SOCKET, 'u', true},
    {SOCKET_EACH, "Socket", "Backlog", 1024, BUS_SOCKET, 'u', false},
    {SOCKET_BUSY, "Socket", "Backlog", 4096, BUS_SOCKET, 'u', false},
    {SLICE, "Slice", "MemoryMax", 512U << 20, BUS_SLICE, 't', false},
    {SLICE, "Slice", "TasksMax", 2200, BUS_SLICE, 't', false},
};

static void check_limit(const struct bus_unit *unit, const struct limit *limit,
                        struct findings *findings)
{
	char advice[128], command[64];
	uint64_t value = limit->type == 'u' ? bus_u32(unit, limit->interface, limit->property)
	                                    : bus_u64(unit, limit->interface, limit->property);
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

/* --- The program that has the port: the kernel identifies sockets by inode (proc(5)). --- */

enum { TCP_LISTENING = 0x0a, PROGRAM_SIZE = 64 };

/* The inode in a line of the kernel's table if its socket listens on the port; else 0. */
static unsigned long inode_in_line(char *line, unsigned port)
{
	enum { LOCAL_ADDRESS = 1, STATE = 3, INODE = 9, FIELDS };
	char *fields[FIELDS], *rest = line;
	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
		if (fields[i] == NULL)
			return 0;
	}
	const char *colon = strchr(fields[LOCAL_ADDRESS], ':');
	if (colon == NULL || strtoul(colon + 1, NULL, 16) != port ||
	    strtoul(fields[STATE], NULL, 16) != TCP_LISTENING)
		return 0;
	return strtoul(fields[INODE], NULL, 10);
}

static unsigned long find_inode(const char *table, unsigned port)
{
	char line[512];
	unsigned long inode = 0;
	FILE *file = fopen(table, "re");
	if (file == NULL)
		return 0;
	while (inode == 0 && fgets(line, sizeof line, file) != NULL)
		inode = inode_in_line(line, port);
	(void)fclose(file);
	return inode;
}

static bool process_has(const char *process, const char *socket_name)
{
	char path[PATH_MAX], target[64];
	bool has = false;
	(void)snprintf(path, sizeof path, "/proc/%s/fd", process);
	DIR *descriptors = opendir(path);
	const struct dirent *entry;
	while (descriptors != NULL && !has && (entry = readdir(descriptors)) != NULL) {
		ssize_t length =
		    readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target - 1);
		target[length < 0 ? 0 : length] = '\0';
		has = strcmp(target, socket_name) == 0;
	}
	if (descriptors != NULL)
		(void)closedir(descriptors);
	return has;
}

static void read_program(const char *process, char name[static PROGRAM_SIZE])
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, "/proc/%s/comm", process);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(name, PROGRAM_SIZE, file) != NULL)
		name[strcspn(name, "\n")] = '\0';
	(void)fclose(file);
}

/* Returns false if nothing listens on the port. *process is 0 if this user may not see it. */
static bool find_listener(unsigned port, uint64_t *process, char name[static PROGRAM_SIZE])
{
	char socket_name[64];
	unsigned long inode = find_inode("/proc/net/tcp6", port);
	if (inode == 0)
		inode = find_inode("/proc/net/tcp", port);
	if (inode == 0)
		return false;
	*process = 0;
	(void)snprintf(name, PROGRAM_SIZE, "another program");
	(void)snprintf(socket_name, sizeof socket_name, "socket:[%lu]", inode);
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	while (processes != NULL && *process == 0 && (entry = readdir(processes)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !process_has(entry->d_name, socket_name))
			continue;
		(void)parse_number(view_of(entry->d_name), 1, INT32_MAX, process);
		read_program(entry->d_name, name);
	}
	if (processes != NULL)
		(void)closedir(processes);
	return true;
}

/* --- The socket. --- */

/* The port of the first Listen= that has one: "[::]:8080", "0.0.0.0:80"; 0 if none has. */
static unsigned port_of(const struct bus_unit *socket)
{
	const char *kind, *address;
	uint64_t port = 0;
	sd_bus_message *listen = bus_value(socket, BUS_SOCKET, "Listen", "a(ss)");
	if (listen == NULL)
		return 0;
	if (sd_bus_message_enter_container(listen, 'a', "(ss)") >= 0)
		while (port == 0 && sd_bus_message_read(listen, "(ss)", &kind, &address) > 0) {
			const char *colon = strrchr(address, ':');
			if (colon != NULL)
				(void)parse_number(view_of(colon + 1), 1, UINT16_MAX, &port);
		}
	sd_bus_message_unref(listen);
	return (unsigned)port;
}

static void check_port(const struct bus_unit *socket, const struct way *way,
                       struct findings *findings)
{
	char name[PROGRAM_SIZE], command[64];
	uint64_t process;
	unsigned port = port_of(socket);
	if (port == 0 || !find_listener(port, &process, name))
		return;
	(void)snprintf(command, sizeof command, "systemctl edit %s", way->socket);
	findings_add(findings, "stop it, or set another ListenStream= in the section [Socket]",
	             command, "port %u is taken by %s (process %ju)", port, output_escaped(name),
	             (uintmax_t)process);
}

static void check_listening(const struct bus_unit *socket, const struct way *way,
                            struct findings *findings)
{
	char command[64];
	char *state = bus_string(socket, BUS_UNIT, "ActiveState");
	if (state == NULL || strcmp(state, "active") != 0) {
		(void)snprintf(command, sizeof command, "systemctl enable --now %s", way->socket);
		findings_add(findings, NULL, command, "%s is %s: no client is served", way->socket,
		             state != NULL ? state : "in an unknown state");
		check_port(socket, way, findings);
	}
	free(state);
	if (bus_u64(socket, BUS_SOCKET, "TriggerLimitIntervalUSec") == 0)
		return;
	(void)snprintf(command, sizeof command, "systemctl edit %s", way->socket);
	findings_add(findings, "set TriggerLimitIntervalSec=0 in the section [Socket]", command,
	             "%s: a burst of connections can stop it until it is restarted", way->socket);
}

/* At the next boot systemd would choose one of them. */
static void check_rival(sd_bus *bus, const struct way *way, struct findings *findings)
{
	char command[64];
	struct bus_unit unit;
	const char *rival = WAYS[is_busy(way) ? 0 : 1].socket;
	if (bus_find(bus, rival, &unit) < 0)
		return;
	char *state = bus_string(&unit, BUS_UNIT, "UnitFileState");
	(void)snprintf(command, sizeof command, "systemctl disable %s", rival);
	if (state != NULL && strcmp(state, "enabled") == 0)
		findings_add(findings, NULL, command, "%s has the port, but %s is enabled too",
		             way->socket, rival);
	free(state);
	bus_forget(&unit);
}

static void check_version(sd_bus *bus, const struct bus_unit *socket, const struct way *way,
                          struct findings *findings)
{
	unsigned version = bus_systemd_version(bus);
	if (version < SYSTEMD_MIN)
		findings_add(findings, "upgrade systemd", NULL,
		             "systemd %u is too old: Mayfly's units need %d", version, SYSTEMD_MIN);
	if (!is_busy(way) && version >= SYSTEMD_POLL_LIMIT &&
	    bus_u32(socket, BUS_SOCKET, "PollLimitBurst") < POLL_LIMIT_MIN)
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

/* Only matters if systemd has one unit per connection. */
static void check_instances(const struct bus_unit *service, const struct way *way,
                            struct findings *findings)
{
	char *output = bus_string(service, BUS_SERVICE, "StandardError");
	if (output == NULL || strcmp(output, "socket") == 0 || strcmp(output, "inherit") == 0)
		add_service_problem(findings, way, "StandardError= goes to the client");
	free(output);
	char *collect = bus_string(service, BUS_UNIT, "CollectMode");
	if (collect == NULL || strcmp(collect, "inactive-or-failed") != 0)
		add_service_problem(findings, way,
		                    "CollectMode= keeps failed connections until none is accepted");
	free(collect);
}

static void check_protections(const struct bus_unit *service, const struct way *way,
                              struct findings *findings)
{
	char *user = bus_string(service, BUS_SERVICE, "User");
	if (user == NULL || *user == '\0' || strcmp(user, "root") == 0)
		add_service_problem(findings, way, "handlers run as root");
	free(user);
	if (!bus_bool(service, BUS_SERVICE, "NoNewPrivileges"))
		add_service_problem(findings, way, "NoNewPrivileges= is off");
	if (bus_u64(service, BUS_SERVICE, "CapabilityBoundingSet") != 0)
		add_service_problem(findings, way, "CapabilityBoundingSet= leaves capabilities");
	if (!is_busy(way))
		check_instances(service, way, findings);
}

void check_units(sd_bus *bus, struct findings *findings)
{
	struct bus_unit socket, service;
	const struct way *way = &WAYS[strcmp(unit_config_socket(bus), SOCKET_BUSY) == 0 ? 1 : 0];
	if (bus_find(bus, way->socket, &socket) < 0) {
		findings_add_reinstall(findings, "%s is not installed", way->socket);
		return;
	}
	check_version(bus, &socket, way, findings);
	check_listening(&socket, way, findings);
	bus_forget(&socket);
	check_rival(bus, way, findings);
	check_limits(bus, way, findings);
	if (bus_find(bus, way->instance, &service) < 0) {
		findings_add_reinstall(findings, "%s is not installed", way->service);
		return;
	}
	check_protections(&service, way, findings);
	bus_forget(&service);
}

/* --- The handler's command line. --- */

enum {
	HANDLER_TIMEOUT_S = 5,
	HANDLER_WRONG_USAGE = 100, /* its exit status (mayfly(8)) */
	CANNOT_EXECUTE = 127,
	HANDLER_ERROR_SIZE = 1024,
};

/* Where the handler's words begin: after those of mayfly-accept, if that starts it. */
static size_t find_program(const struct unit_config *config)
{
	for (size_t i = 0; i < config->word_count; i++) {
		const char *slash = strrchr(config->words[i], '/');
		if (slash != NULL && strcmp(slash, "/mayfly") == 0)
			return i;
	}
	return config->word_count;
}

/* To be freed; NULL if the command line is unknown, or starts something else. */
static const char **make_arguments(const struct unit_config *config)
{
	size_t first = find_program(config), count = 0;
	const char **arguments = calloc(config->word_count + 2, sizeof *arguments);
	if (arguments == NULL || first == config->word_count) {
		free(arguments);
		return NULL;
	}
	arguments[count++] = config->words[first];
	arguments[count++] = "--check-config";
	for (size_t i = first + 1; i < config->word_count; i++)
		arguments[count++] = config->words[i];
	return arguments;
}

/* In the child: becomes the handler, which gets nothing of ours but where to report errors. */
static void execute(const struct unit_config *config, const char **arguments, int errors)
{
	static char *const NO_ENVIRONMENT[] = {NULL};
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0 ||
	    dup2(errors, STDERR_FILENO) < 0 || !unit_config_stay_user(config))
		_exit(CANNOT_EXECUTE);
	(void)alarm(HANDLER_TIMEOUT_S);
	(void)execve(arguments[0], (char *const *)arguments, NO_ENVIRONMENT);
	_exit(CANNOT_EXECUTE);
}

static void read_line(int file, char line[static HANDLER_ERROR_SIZE])
{
	size_t length = 0;
	ssize_t more;
	while ((more = read(file, line + length, HANDLER_ERROR_SIZE - 1 - length)) > 0)
		length += (size_t)more;
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

/* Returns the handler's exit status, or -1 if it has none. */
static int run_handler(const struct unit_config *config, const char **arguments,
                       char error[static HANDLER_ERROR_SIZE])
{
	int ends[2], status = 0;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0)
		execute(config, arguments, ends[1]);
	(void)close(ends[1]);
	read_line(ends[0], error);
	(void)close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static void add_handler_problem(const struct unit_config *config, struct findings *findings,
                                const char *problem)
{
	char command[64];
	(void)snprintf(command, sizeof command, "systemctl cat %s",
	               strcmp(config->service, SERVICE_EACH) == 0 ? "mayfly@.service"
	                                                          : config->service);
	findings_add(findings,
	             "correct MAYFLY_OPTIONS in /etc/default/mayfly, or the unit, which this shows",
	             command, "%s", problem);
}

/* The namespace of a value of --log, "journal:NAMESPACE"; empty for any other value. */
static struct view namespace_of(const char *target)
{
	struct view name = view_of(target), word;
	bool has_name = parse_cut(&name, ':', &word);
	return has_name && view_equal(word, VIEW("journal")) ? name : VIEW("");
}

/* Without the socket of the namespace, handlers log to the machine's journal. */
static void check_namespace(const struct unit_config *config, struct findings *findings)
{
	char command[512];
	struct view name = namespace_of(config->log);
	if (!journald_is_namespace(name))
		return;
	int journal = journald_connect(name);
	if (journal >= 0) {
		(void)close(journal);
		return;
	}
	(void)snprintf(command, sizeof command,
	               "systemctl add-wants %s systemd-journald@%.*s.socket && "
	               "systemctl start systemd-journald@%.*s.socket",
	               config->socket, (int)name.length, name.data, (int)name.length, name.data);
	findings_add(findings, NULL, command,
	             "--log %s: this journal namespace does not exist, so handlers log to the "
	             "machine's journal",
	             config->log);
}

void check_handler(const struct unit_config *config, bool is_reported, struct findings *findings)
{
	char error[HANDLER_ERROR_SIZE], problem[5 * HANDLER_ERROR_SIZE];
	const char **arguments = make_arguments(config);
	if (strcmp(config->sandbox, "off") == 0)
		add_handler_problem(config, findings, "--sandbox off: handlers are not confined");
	check_namespace(config, findings);
	if (arguments == NULL)
		return;
	int status = run_handler(config, arguments, error);
	(void)snprintf(problem, sizeof problem, "%s: %s",
	               status == HANDLER_WRONG_USAGE ? "the handler rejects its command line"
	                                             : "the handler cannot serve",
	               output_escaped(error));
	if (status == CANNOT_EXECUTE)
		findings_add_reinstall(findings, "user %s cannot execute %s", config->user,
		                       output_escaped(arguments[0]));
	else if (status == HANDLER_WRONG_USAGE || (status > 0 && !is_reported))
		add_handler_problem(config, findings, problem);
	free(arguments);
}
