/* `mayflyctl status`: how the site is, according to systemd, the counter file and the journal. */
#include "bus.h"
#include "command.h"
#include "hits_file.h"
#include "journal.h"
#include "output.h"
#include "unit_config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SLICE "mayfly.slice"

enum { LISTEN_MAX = 16, CONNECTIONS_MAX = 8192, PROBLEMS_SHOWN = 5 };

static struct status_options {
	struct journal_users users; /* whose entries count in addition to the installed units' */
	bool json;
} options;

/* Strings of systemd's are kept until the program exits. */
struct socket_status {
	const char *id, *active_state, *sub_state, *unit_file_state, *result;
	const char *listen[LISTEN_MAX];
	size_t listen_count;
	uint32_t accepted, refused, connections, connections_max, connections_max_per_source;
	char busiest[IP_ADDRESS_SIZE]; /* the client with the most connections; empty: none */
	size_t busiest_connections;
};

/* UINT64_MAX is systemd's value for "unknown" and "no limit". */
struct slice_status {
	bool exists;
	uint64_t memory, memory_max, tasks, tasks_max;
};

struct root_status {
	bool tested;         /* whether the handler's user can enter it */
	const char *problem; /* why it cannot; else NULL */
};

enum hits_state {
	HITS_OFF,     /* nothing is counted */
	HITS_READ,    /* resources, total and damaged are known */
	HITS_NONE,    /* the file is created with the first hit */
	HITS_DENIED,  /* this user may not read it */
	HITS_INVALID, /* problem says why */
};

struct hits_status {
	enum hits_state state;
	uint64_t resources, total, damaged;
	const char *problem;
};

struct journal_status {
	const char *problem;               /* why it cannot be read; else NULL */
	struct entry last[PROBLEMS_SHOWN]; /* refusals and errors, newest first */
	size_t count;
};

static struct status {
	struct unit_config config;
	struct socket_status socket;
	const char *service_state, *service_text; /* of mayfly-busy.service; else NULL */
	struct slice_status slice;
	struct root_status root;
	struct hits_status hits;
	struct journal_status journal;
} status;

/* --- systemd. --- */

static const char *property(const struct bus_unit *unit, enum bus_interface interface,
                            const char *name)
{
	const char *value = bus_string(unit, interface, name);
	return value != NULL ? value : "";
}

static void gather_listen_addresses(const struct bus_unit *unit)
{
	struct socket_status *socket = &status.socket;
	const char *type, *address;
	sd_bus_message *listen = bus_value(unit, BUS_SOCKET, "Listen", "a(ss)");
	if (listen != NULL && sd_bus_message_enter_container(listen, 'a', "(ss)") >= 0)
		while (socket->listen_count < LISTEN_MAX &&
		       sd_bus_message_read(listen, "(ss)", &type, &address) > 0)
			socket->listen[socket->listen_count++] = strdup(address);
	sd_bus_message_unref(listen);
}

static int compare_addresses(const void *left, const void *right)
{
	return strcmp(left, right);
}

/* The longest run of equal addresses among those that are sorted. */
static void find_busiest(char (*addresses)[IP_ADDRESS_SIZE], size_t count)
{
	struct socket_status *socket = &status.socket;
	size_t start = 0;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(addresses[i], addresses[start]) != 0)
			start = i;
		if (i - start + 1 <= socket->busiest_connections)
			continue;
		socket->busiest_connections = i - start + 1;
		memcpy(socket->busiest, addresses[i], IP_ADDRESS_SIZE);
	}
}

static void gather_busiest(sd_bus *bus)
{
	static char addresses[CONNECTIONS_MAX][IP_ADDRESS_SIZE];
	size_t count = 0;
	const char *name;
	sd_bus_message *units = bus_connections(bus);
	while (units != NULL && count < CONNECTIONS_MAX && (name = bus_next_unit(units)) != NULL)
		count += bus_instance_address(name, addresses[count]);
	sd_bus_message_unref(units);
	qsort(addresses, count, sizeof addresses[0], compare_addresses);
	find_busiest(addresses, count);
}

static int gather_socket(sd_bus *bus)
{
	struct bus_unit unit;
	int error = bus_find(bus, status.config.socket, &unit);
	if (error < 0)
		return error;
	status.socket = (struct socket_status){
	    .id = status.config.socket,
	    .active_state = property(&unit, BUS_UNIT, "ActiveState"),
	    .sub_state = property(&unit, BUS_UNIT, "SubState"),
	    .unit_file_state = property(&unit, BUS_UNIT, "UnitFileState"),
	    .result = property(&unit, BUS_SOCKET, "Result"),
	    .accepted = bus_u32(&unit, BUS_SOCKET, "NAccepted"),
	    .refused = bus_u32(&unit, BUS_SOCKET, "NRefused"),
	    .connections = bus_u32(&unit, BUS_SOCKET, "NConnections"),
	    .connections_max = bus_u32(&unit, BUS_SOCKET, "MaxConnections"),
	    .connections_max_per_source = bus_u32(&unit, BUS_SOCKET, "MaxConnectionsPerSource"),
	};
	gather_listen_addresses(&unit);
	gather_busiest(bus);
	bus_forget(&unit);
	return 0;
}

static void gather_service(sd_bus *bus)
{
	struct bus_unit unit;
	if (strcmp(status.config.socket, SOCKET_BUSY) != 0 ||
	    bus_find(bus, status.config.service, &unit) < 0)
		return;
	status.service_state = property(&unit, BUS_UNIT, "ActiveState");
	status.service_text = property(&unit, BUS_SERVICE, "StatusText");
	bus_forget(&unit);
}

static void gather_slice(sd_bus *bus)
{
	struct bus_unit unit;
	if (bus_find(bus, SLICE, &unit) < 0)
		return;
	status.slice = (struct slice_status){
	    .exists = true,
	    .memory = bus_u64(&unit, BUS_SLICE, "MemoryCurrent"),
	    .memory_max = bus_u64(&unit, BUS_SLICE, "MemoryMax"),
	    .tasks = bus_u64(&unit, BUS_SLICE, "TasksCurrent"),
	    .tasks_max = bus_u64(&unit, BUS_SLICE, "TasksMax"),
	};
	bus_forget(&unit);
}

/* --- The root, the counter file, the journal. --- */

static void gather_root(void)
{
	const struct unit_config *config = &status.config;
	struct root_status *root = &status.root;
	root->tested = unit_config_can_become_user(config);
	if (!root->tested)
		return;
	if (!unit_config_become_user(config)) {
		root->problem = "there is no such user";
		return;
	}
	if (faccessat(AT_FDCWD, config->root, X_OK, AT_EACCESS) != 0)
		root->problem = strerror(errno);
	unit_config_leave_user();
}

static void gather_hits(void)
{
	struct hits_status *hits = &status.hits;
	struct counts counts = {0};
	if (*status.config.hits == '\0')
		return;
	hits->state = HITS_READ;
	hits->problem = hits_file_load(status.config.hits, &counts, &hits->damaged);
	if (hits->problem != NULL && errno == ENOENT)
		hits->state = HITS_NONE;
	else if (hits->problem != NULL && errno == EACCES)
		hits->state = HITS_DENIED;
	else if (hits->problem != NULL)
		hits->state = HITS_INVALID;
	hits->resources = counts.size;
	hits->total = counts.total;
	counts_free(&counts);
}

static int read_last_problems(sd_journal *journal)
{
	struct journal_status *problems = &status.journal;
	int error = sd_journal_seek_tail(journal);
	while (error >= 0 && problems->count < PROBLEMS_SHOWN &&
	       (error = sd_journal_previous(journal)) > 0) {
		error = journal_read(journal, &problems->last[problems->count]);
		if (error >= 0)
			problems->count++;
	}
	return error;
}

static void gather_journal(void)
{
	sd_journal *journal;
	status.journal.problem = journal_open(&journal, &options.users);
	if (status.journal.problem != NULL)
		return;
	int error = journal_match_problems(journal);
	if (error >= 0)
		error = read_last_problems(journal);
	if (error < 0)
		status.journal.problem = strerror(-error);
	sd_journal_close(journal);
}

/* --- For people. --- */

static void print_label(const char *label)
{
	printf("%-13s", label);
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static bool is_active(void)
{
	return strcmp(status.socket.active_state, "active") == 0;
}

static void print_socket(void)
{
	const struct socket_status *socket = &status.socket;
	bool coloured = output_has_colour();
	print_label("Socket");
	printf("%s%s%s: ",
	       !coloured     ? ""
	       : is_active() ? OUTPUT_GREEN
	                     : OUTPUT_RED,
	       socket->active_state, coloured ? OUTPUT_PLAIN : "");
	if (is_active())
		printf("listening on");
	for (size_t i = 0; is_active() && i < socket->listen_count; i++)
		printf("%s %s", i > 0 ? "," : "", socket->listen[i]);
	if (!is_active() && strcmp(socket->result, "success") == 0)
		printf("no client is served; run \"systemctl start %s\"", socket->id);
	else if (!is_active())
		printf("no client is served; result: %s", socket->result);
	printf(" (%s)\n", socket->unit_file_state);
}

/* In the words of mayfly-accept: "3 open, of 1024 at most; ...". It exits when it is idle. */
static void print_service(void)
{
	print_label("Connections");
	if (strcmp(status.service_state, "inactive") == 0)
		printf("0 open; %s starts with the next one\n", SERVICE_BUSY);
	else
		printf("%s (%s is %s)\n", status.service_text, SERVICE_BUSY, status.service_state);
}

static void print_connections(void)
{
	const struct socket_status *socket = &status.socket;
	bool any = socket->busiest_connections > 0;
	print_label("Connections");
	printf("%u open, of %u at most; %u accepted, %u refused\n", socket->connections,
	       socket->connections_max, socket->accepted, socket->refused);
	print_label("");
	printf("%zu open from %s, ", socket->busiest_connections,
	       any ? socket->busiest : "one address");
	if (socket->connections_max_per_source > 0)
		printf("of %u at most\n", socket->connections_max_per_source);
	else
		puts("without a limit");
}

static void print_bytes(uint64_t bytes)
{
	char array[32];
	struct buffer size = BUFFER(array);
	buffer_add_size(&size, bytes, SIZE_BINARY);
	printf("%.*s", (int)size.length, size.data);
}

static void print_number(uint64_t number)
{
	printf("%ju", (uintmax_t)number);
}

static void print_limited(const char *label, uint64_t current, uint64_t max,
                          void (*print)(uint64_t))
{
	print_label(label);
	if (current != UINT64_MAX)
		print(current);
	else
		printf("none yet");
	printf(", ");
	if (max != UINT64_MAX) {
		printf("of ");
		print(max);
		puts(" at most");
	} else {
		puts("without a limit");
	}
}

static void print_root(void)
{
	const struct unit_config *config = &status.config;
	print_label("Root");
	printf("%s: ", output_escaped(config->root));
	if (!status.root.tested)
		printf("run this as root to test whether user %s can enter it\n", config->user);
	else if (status.root.problem == NULL)
		printf("user %s can enter it\n", config->user);
	else
		printf("user %s cannot enter it: %s\n", config->user, status.root.problem);
}

static void print_hits(void)
{
	const struct hits_status *hits = &status.hits;
	print_label("Counter file");
	if (hits->state != HITS_OFF)
		printf("%s: ", output_escaped(status.config.hits));
	switch (hits->state) {
	case HITS_OFF:
		puts("none: nothing is counted");
		return;
	case HITS_NONE:
		puts("created with the first hit");
		return;
	case HITS_DENIED:
	case HITS_INVALID:
		puts(hits->problem);
		return;
	case HITS_READ:
		printf("%ju resource%s, %ju hit%s\n", (uintmax_t)hits->resources,
		       plural(hits->resources), (uintmax_t)hits->total, plural(hits->total));
	}
	if (hits->damaged == 0)
		return;
	print_label("");
	printf("%ju damaged part%s skipped\n", (uintmax_t)hits->damaged, plural(hits->damaged));
}

static void print_journal(void)
{
	static char line[ENTRY_LINE_SIZE];
	const struct journal_status *journal = &status.journal;
	if (journal->problem != NULL || journal->count == 0) {
		print_label("Journal");
		puts(journal->problem != NULL ? journal->problem : "no refusals, no errors");
		return;
	}
	puts("\nLast refusals and errors:");
	for (size_t i = journal->count; i > 0; i--) {
		struct buffer text = BUFFER(line);
		entry_add_line(&text, &journal->last[i - 1]);
		printf("  %.*s\n", (int)text.length, text.data);
	}
}

static void print_status(void)
{
	print_socket();
	if (status.service_state != NULL)
		print_service();
	else
		print_connections();
	if (status.slice.exists) {
		print_limited("Memory", status.slice.memory, status.slice.memory_max, print_bytes);
		print_limited("Tasks", status.slice.tasks, status.slice.tasks_max, print_number);
	}
	print_root();
	print_hits();
	print_journal();
}

/* --- JSON: what systemd says under systemd's own names. --- */

static void add_string(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

/* null for what systemd does not know or does not limit. */
static void add_limit(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key,
	                       value != UINT64_MAX ? json_object_new_uint64(value) : NULL);
}

static struct json_object *busiest_to_json(void)
{
	if (status.socket.busiest_connections == 0)
		return NULL;
	struct json_object *object = json_object_new_object();
	add_string(object, "address", status.socket.busiest);
	add_number(object, "NConnections", status.socket.busiest_connections);
	return object;
}

static struct json_object *socket_to_json(void)
{
	const struct socket_status *socket = &status.socket;
	struct json_object *object = json_object_new_object();
	struct json_object *listen = json_object_new_array();
	for (size_t i = 0; i < socket->listen_count; i++)
		json_object_array_add(listen, json_object_new_string(socket->listen[i]));
	add_string(object, "Id", socket->id);
	add_string(object, "ActiveState", socket->active_state);
	add_string(object, "SubState", socket->sub_state);
	add_string(object, "UnitFileState", socket->unit_file_state);
	add_string(object, "Result", socket->result);
	json_object_object_add(object, "Listen", listen);
	add_number(object, "NAccepted", socket->accepted);
	add_number(object, "NRefused", socket->refused);
	add_number(object, "NConnections", socket->connections);
	add_number(object, "MaxConnections", socket->connections_max);
	add_number(object, "MaxConnectionsPerSource", socket->connections_max_per_source);
	json_object_object_add(object, "BusiestSource", busiest_to_json());
	return object;
}

static struct json_object *service_to_json(void)
{
	if (status.service_state == NULL)
		return NULL;
	struct json_object *object = json_object_new_object();
	add_string(object, "ActiveState", status.service_state);
	add_string(object, "StatusText", status.service_text);
	return object;
}

static struct json_object *slice_to_json(void)
{
	if (!status.slice.exists)
		return NULL;
	struct json_object *object = json_object_new_object();
	add_limit(object, "MemoryCurrent", status.slice.memory);
	add_limit(object, "MemoryMax", status.slice.memory_max);
	add_limit(object, "TasksCurrent", status.slice.tasks);
	add_limit(object, "TasksMax", status.slice.tasks_max);
	return object;
}

static struct json_object *root_to_json(void)
{
	const struct root_status *root = &status.root;
	struct json_object *object = json_object_new_object();
	add_string(object, "path", status.config.root);
	add_string(object, "user", status.config.user);
	json_object_object_add(object, "enterable",
	                       root->tested ? json_object_new_boolean(root->problem == NULL)
	                                    : NULL);
	if (root->problem != NULL)
		add_string(object, "error", root->problem);
	return object;
}

static struct json_object *hits_to_json(void)
{
	const struct hits_status *hits = &status.hits;
	if (hits->state == HITS_OFF)
		return NULL;
	struct json_object *object = json_object_new_object();
	add_string(object, "path", status.config.hits);
	switch (hits->state) {
	case HITS_OFF:
		break;
	case HITS_READ:
		add_number(object, "resources", hits->resources);
		add_number(object, "total", hits->total);
		add_number(object, "damaged", hits->damaged);
		break;
	case HITS_NONE:
		add_number(object, "total", 0);
		break;
	case HITS_DENIED:
		json_object_object_add(object, "total", NULL);
		break;
	case HITS_INVALID:
		add_string(object, "error", hits->problem);
	}
	return object;
}

static struct json_object *journal_to_json(void)
{
	const struct journal_status *journal = &status.journal;
	struct json_object *object = json_object_new_object();
	if (journal->problem != NULL) {
		add_string(object, "error", journal->problem);
		return object;
	}
	struct json_object *troubles = json_object_new_array();
	for (size_t i = journal->count; i > 0; i--)
		json_object_array_add(troubles, entry_to_json(&journal->last[i - 1]));
	json_object_object_add(object, "troubles", troubles);
	return object;
}

static void print_json(void)
{
	struct json_object *object = json_object_new_object();
	json_object_object_add(object, "socket", socket_to_json());
	json_object_object_add(object, "service", service_to_json());
	json_object_object_add(object, "slice", slice_to_json());
	json_object_object_add(object, "root", root_to_json());
	json_object_object_add(object, "hits", hits_to_json());
	json_object_object_add(object, "journal", journal_to_json());
	output_json(object);
}

/* --- The command. --- */

static enum exit_status unit_error(const char *unit, int error)
{
	if (error == -ENOENT)
		return command_error("%s is not installed", unit);
	return command_error("cannot query %s from systemd: %s", unit, strerror(-error));
}

static enum exit_status gather_status(sd_bus *bus)
{
	struct bus_unit socket;
	int error = bus_find(bus, SOCKET_EACH, &socket);
	if (error < 0)
		return unit_error(SOCKET_EACH, error);
	bus_forget(&socket);
	error = unit_config_read(bus, &status.config);
	if (error < 0)
		return unit_error("mayfly@.service", error);
	error = gather_socket(bus);
	if (error < 0)
		return unit_error(status.config.socket, error);
	gather_service(bus);
	gather_slice(bus);
	gather_root();
	gather_hits();
	gather_journal();
	return EXIT_DONE;
}

static bool is_good(void)
{
	return is_active() && status.root.problem == NULL && status.hits.state != HITS_INVALID &&
	       status.hits.damaged == 0;
}

static enum exit_status run_status(char **operands, int count)
{
	sd_bus *bus;
	(void)operands;
	(void)count;
	const char *error = bus_open(&bus);
	if (error != NULL)
		return command_error("%s", error);
	enum exit_status result = gather_status(bus);
	sd_bus_flush_close_unref(bus);
	if (result != EXIT_DONE)
		return result;
	if (options.json)
		print_json();
	else
		print_status();
	return is_good() ? EXIT_DONE : EXIT_FAILED;
}

static const struct command_option OPTIONS[] = {
    {.row = {0, "user", "NAME", "trust also entries of this user's handlers; repeatable"},
     .parse = option_user,
     .destination = &options.users},
    {.row = {0, "json", "", "print JSON"}, .parse = option_flag, .destination = &options.json},
    {.row = {0}},
};

const struct command command_status = {
    .name = "status",
    .operands = "",
    .summary = "show whether the site is served, its limits and its last errors",
    .description = "Show whether the site is served, how near it is to its limits, and the last\n"
                   "refusals and errors.\n",
    .notes = "Exits with 1 if the socket is not active, if the handler's user cannot enter\n"
             "the root directory, or if the counter file is invalid or damaged.\n",
    .options = OPTIONS,
    .run = run_status,
};
