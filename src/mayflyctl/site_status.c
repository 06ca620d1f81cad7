/* Gathering the state of the site; see site_status.h. */
#include "site_status.h"
#include "hits_file.h"
#include "memory.h"
#include "user.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 8192 };

/* --- systemd. --- */

static const char *property(const struct bus_unit *unit, const char *name)
{
	const char *value = bus_string(unit, name);
	return value != NULL ? value : "";
}

static void gather_listen_addresses(struct socket_status *socket, const struct bus_unit *unit)
{
	const char *type, *address;
	sd_bus_message *listen = bus_list(unit, "Listen", "(ss)");
	while (socket->listen_count < STATUS_LISTEN_MAX &&
	       sd_bus_message_read(listen, "(ss)", &type, &address) > 0)
		socket->listen[socket->listen_count++] = memory_copy(view_of(address));
	sd_bus_message_unref(listen);
}

static int compare_addresses(const void *left, const void *right)
{
	return strcmp(left, right);
}

/* Finds the longest run of equal addresses, which are sorted. */
static void find_busiest(struct socket_status *socket, char (*addresses)[IP_ADDRESS_SIZE],
                         size_t count)
{
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

static void gather_busiest(struct socket_status *socket, sd_bus *bus, const char *service)
{
	static char addresses[CONNECTIONS_MAX][IP_ADDRESS_SIZE];
	size_t count = 0;
	const char *name;
	sd_bus_message *units = bus_connections(bus, service);
	while (units != NULL && count < CONNECTIONS_MAX && (name = bus_next_unit(units)) != NULL)
		count += bus_instance_address(name, addresses[count]);
	sd_bus_message_unref(units);
	qsort(addresses, count, sizeof addresses[0], compare_addresses);
	find_busiest(socket, addresses, count);
}

static int gather_socket(struct site_status *status, sd_bus *bus)
{
	struct bus_unit unit;
	int error = bus_find(bus, status->config.socket, &unit);
	if (error < 0)
		return error;
	status->socket = (struct socket_status){
	    .id = status->config.socket,
	    .active_state = property(&unit, "ActiveState"),
	    .sub_state = property(&unit, "SubState"),
	    .unit_file_state = property(&unit, "UnitFileState"),
	    .result = property(&unit, "Result"),
	    .accepted = bus_u32(&unit, "NAccepted"),
	    .refused = bus_u32(&unit, "NRefused"),
	    .connections = bus_u32(&unit, "NConnections"),
	    .connections_max = bus_u32(&unit, "MaxConnections"),
	    .connections_max_per_source = bus_u32(&unit, "MaxConnectionsPerSource"),
	};
	gather_listen_addresses(&status->socket, &unit);
	gather_busiest(&status->socket, bus, status->config.service);
	bus_forget(&unit);
	return 0;
}

static void gather_service(struct site_status *status, sd_bus *bus)
{
	struct bus_unit unit;
	if (strchr(status->config.service, '@') != NULL ||
	    bus_find(bus, status->config.service, &unit) < 0)
		return;
	status->service_state = property(&unit, "ActiveState");
	status->service_text = property(&unit, "StatusText");
	bus_forget(&unit);
}

/* HTTPS is of the main site. */
static void gather_https(struct site_status *status, sd_bus *bus)
{
	struct https_status *https = &status->https;
	https->is_on = strcmp(status->site, SITE_MAIN) == 0 && https_unit_is_on(bus, SOCKET_HTTPS);
	if (!https->is_on)
		return;
	https->is_active = https_unit_is_active(bus, SOCKET_HTTPS);
	https->result = certificate_read(HTTPS_CERTIFICATE, &https->certificate);
	https->named = https_read_names(&https->named_count);
	bool is_unknown = https->result == CERTIFICATE_UNKNOWN;
	for (size_t i = 0; i < https->named_count; i++)
		is_unknown = is_unknown || https->named[i].result == CERTIFICATE_UNKNOWN;
	if (is_unknown)
		(void)command_error(
		    "openssl could not be run, or did not end: certificates are not shown");
}

static void gather_slice(struct slice_status *slice, sd_bus *bus)
{
	struct bus_unit unit;
	if (bus_find(bus, SLICE, &unit) < 0)
		return;
	*slice = (struct slice_status){
	    .exists = true,
	    .memory = bus_u64(&unit, "MemoryCurrent"),
	    .memory_max = bus_u64(&unit, "MemoryMax"),
	    .tasks = bus_u64(&unit, "TasksCurrent"),
	    .tasks_max = bus_u64(&unit, "TasksMax"),
	};
	bus_forget(&unit);
}

/* --- The root, the counter file, the journal. --- */

static void gather_root(struct root_status *root, const struct unit_config *config)
{
	static char problem[96];
	if (config->root_hidden_by != NULL) {
		root->tested = true;
		(void)snprintf(problem, sizeof problem, "hidden by %s of its service",
		               config->root_hidden_by);
		root->problem = problem;
		return;
	}
	root->tested = unit_config_can_become_user(config);
	if (!root->tested)
		return;
	if (!unit_config_become_user(config)) {
		(void)snprintf(problem, sizeof problem, "cannot act as the user: %s",
		               strerror(errno));
		root->problem = errno == ENOENT ? "there is no such user" : problem;
		return;
	}
	if (faccessat(AT_FDCWD, config->root, X_OK, AT_EACCESS) != 0)
		root->problem = strerror(errno);
	unit_config_leave_user();
}

static void gather_hits(struct hits_status *hits, const char *file)
{
	struct counts counts = {0};
	if (*file == '\0')
		return;
	hits->state = HITS_READ;
	hits->problem = hits_file_load(file, &counts, &hits->damaged);
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

static int read_last_problems(struct journal_status *problems, sd_journal *journal,
                              const char *site)
{
	int error = sd_journal_seek_tail(journal);
	while (error >= 0 && problems->count < STATUS_PROBLEMS_MAX &&
	       (error = sd_journal_previous(journal)) > 0) {
		error = journal_read(journal, &problems->last[problems->count]);
		if (error >= 0 && journal_is_of_site(&problems->last[problems->count], site))
			problems->count++;
	}
	return error;
}

static void gather_journal(struct journal_status *problems, const char *site,
                           const struct journal_users *others)
{
	sd_journal *journal;
	problems->problem = journal_open(&journal, others, site);
	if (problems->problem != NULL)
		return;
	int error = journal_match_problems(journal);
	if (error >= 0)
		error = read_last_problems(problems, journal, site);
	if (error < 0)
		problems->problem = strerror(-error);
	sd_journal_close(journal);
}

/* --- All together. --- */

static enum exit_status unit_error(const char *unit, int error)
{
	if (error == -ENOENT)
		return command_error("%s is not installed", unit);
	return command_error("cannot query %s from systemd: %s", unit, strerror(-error));
}

enum exit_status site_status_gather(struct site_status *status, sd_bus *bus,
                                    const struct site *site, bool is_only,
                                    const struct journal_users *others)
{
	memset(status, 0, sizeof *status); /* too large for a compound literal */
	status->site = site->name;
	int error = site_read_config(site, bus, &status->config);
	if (error < 0)
		return unit_error(unit_config_service_file(&status->config), error);
	error = gather_socket(status, bus);
	if (error < 0)
		return unit_error(status->config.socket, error);
	gather_service(status, bus);
	gather_https(status, bus);
	gather_slice(&status->slice, bus);
	gather_root(&status->root, &status->config);
	gather_hits(&status->hits, status->config.hits);
	gather_journal(&status->journal, is_only ? NULL : site->name, others);
	return EXIT_DONE;
}

bool site_status_is_active(const struct site_status *status)
{
	return strcmp(status->socket.active_state, "active") == 0;
}

bool site_status_is_on(const struct site_status *status)
{
	return site_status_is_active(status) ||
	       strcmp(status->socket.unit_file_state, "enabled") == 0;
}

bool site_status_is_good(const struct site_status *status)
{
	return site_status_is_active(status) && status->root.problem == NULL &&
	       status->hits.state != HITS_INVALID && status->hits.damaged == 0;
}
