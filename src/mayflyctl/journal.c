/* Reading the journal; see journal.h. */
#include "journal.h"
#include "base/journald.h"
#include "base/parse.h"
#include "bus.h"
#include "http/status.h"
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REQUEST "MESSAGE_ID=" MESSAGE_ID_REQUEST
#define ERROR "MESSAGE_ID=" MESSAGE_ID_ERROR

/* --- The users that handlers run as. --- */

enum { SYSTEM_USER_MAX = 999 }; /* SYS_UID_MAX of Debian's login.defs */

static void add_user(struct journal_users *users, uid_t id)
{
	for (size_t i = 0; i < users->count; i++)
		if (users->ids[i] == id)
			return;
	if (users->count < JOURNAL_USERS_MAX)
		users->ids[users->count++] = id;
}

/* Adds a user by name or number. Returns false if there is no such user. */
static bool add_user_named(struct journal_users *users, const char *name)
{
	const struct passwd *user = getpwnam(name);
	uint64_t id = user != NULL ? user->pw_uid : 0;
	if (user == NULL && !parse_number(view_of(name), 0, UINT32_MAX - 1, &id))
		return false;
	add_user(users, (uid_t)id);
	return true;
}

const char *option_user(const struct command_option *option, const char *value)
{
	return add_user_named(option->destination, value) ? NULL : "is not a user";
}

static void find_in_passwd(struct journal_users *users)
{
	static const char NAME[] = "mayfly";
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *user;
	if (file == NULL)
		return;
	while ((user = fgetpwent(file)) != NULL) {
		bool is_ours = strncmp(user->pw_name, NAME, sizeof NAME - 1) == 0 &&
		               strchr("-", user->pw_name[sizeof NAME - 1]) != NULL;
		if (is_ours && user->pw_uid > 0 && user->pw_uid <= SYSTEM_USER_MAX)
			add_user(users, user->pw_uid);
	}
	(void)fclose(file);
}

/* Adds the user of a service; an empty User= means root. */
static void add_user_of(struct journal_users *users, sd_bus *bus, const char *service)
{
	struct bus_unit unit;
	if (bus_find(bus, service, &unit) < 0)
		return;
	char *user = bus_string(&unit, BUS_SERVICE, "User");
	if (user != NULL)
		(void)add_user_named(users, *user != '\0' ? user : "root");
	free(user);
	bus_forget(&unit);
}

/* Adds the users of NAME@.service (Accept=yes) and NAME.service, for NAME.socket. */
static void add_users_of_socket(struct journal_users *users, sd_bus *bus, const char *socket)
{
	char service[256];
	int length = (int)(strlen(socket) - strlen(".socket"));
	(void)snprintf(service, sizeof service, "%.*s@mayflyctl.service", length, socket);
	add_user_of(users, bus, service);
	(void)snprintf(service, sizeof service, "%.*s.service", length, socket);
	add_user_of(users, bus, service);
}

static void find_in_units(struct journal_users *users)
{
	sd_bus *bus;
	if (bus_open(&bus) != NULL)
		return;
	sd_bus_message *sockets = bus_unit_files(bus, "mayfly*.socket");
	const char *file;
	while (sockets != NULL && (file = bus_next_unit_file(sockets)) != NULL) {
		const char *slash = strrchr(file, '/');
		add_users_of_socket(users, bus, slash != NULL ? slash + 1 : file);
	}
	sd_bus_message_unref(sockets);
	sd_bus_flush_close_unref(bus);
}

static void find_users(struct journal_users *users)
{
	find_in_passwd(users);
	find_in_units(users);
}

/* --- Opening the journal. --- */

enum { ID_SIZE = SD_ID128_STRING_MAX };

/* Returns 0 if the system's journal is in this directory and readable, else an errno. */
static int find_system_journal(const char *directory)
{
	char file[sizeof "/var/log/journal//system.journal" + ID_SIZE];
	char id[ID_SIZE];
	sd_id128_t machine;
	int error = sd_id128_get_machine(&machine);
	if (error < 0)
		return -error;
	(void)snprintf(file, sizeof file, "%s/%s/system.journal", directory,
	               sd_id128_to_string(machine, id));
	return access(file, R_OK) == 0 ? 0 : errno;
}

static const char *open_readable(sd_journal **journal)
{
	int persistent = find_system_journal("/var/log/journal");
	int runtime = find_system_journal("/run/log/journal");
	if (persistent == EACCES || runtime == EACCES)
		return "permission denied; try as root or as a member of group systemd-journal";
	int error = sd_journal_open_namespace(journal, NULL,
	                                      SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_ALL_NAMESPACES);
	if (error < 0)
		return strerror(-error);
	if (persistent == 0 || runtime == 0 || sd_journal_has_persistent_files(*journal) > 0 ||
	    sd_journal_has_runtime_files(*journal) > 0)
		return NULL;
	return "no journal on this machine";
}

static int match(sd_journal *journal, const char *assignment)
{
	return sd_journal_add_match(journal, assignment, 0);
}

/* Later matches narrow this one. */
static int match_users(sd_journal *journal, const struct journal_users *users)
{
	char assignment[32];
	int error = 0;
	for (size_t i = 0; i < users->count && error >= 0; i++) {
		(void)snprintf(assignment, sizeof assignment, "_UID=%ju", (uintmax_t)users->ids[i]);
		error = match(journal, assignment);
	}
	return error < 0 ? error : sd_journal_add_conjunction(journal);
}

const char *journal_open(sd_journal **journal, const struct journal_users *others)
{
	struct journal_users users = *others;
	*journal = NULL;
	const char *error = open_readable(journal);
	if (error == NULL)
		find_users(&users);
	/* Without a user, the entries of all users would match. */
	if (error == NULL && users.count == 0)
		error = "no user mayfly on this machine; name a user with --user";
	int result = error == NULL ? match_users(*journal, &users) : 0;
	if (result < 0)
		error = strerror(-result);
	if (error == NULL)
		return NULL;
	sd_journal_close(*journal);
	*journal = NULL;
	return error;
}

int journal_match_requests(sd_journal *journal)
{
	return match(journal, REQUEST);
}

int journal_match_errors(sd_journal *journal)
{
	int error = sd_journal_add_disjunction(journal);
	return error < 0 ? error : match(journal, ERROR);
}

int journal_match_value(sd_journal *journal, const char *field, const char *value)
{
	char *assignment;
	if (asprintf(&assignment, "%s=%s", field, value) < 0)
		return -ENOMEM;
	int error = match(journal, assignment);
	free(assignment);
	return error;
}

/*
 * Matches requests with a reason code. The journal cannot match a field with any value, and its list
 * of the values of REASON can be flooded by other programs. Instead, this function matches all error
 * statuses, match_lost_clients the codes that come with another status and no higher priority.
 */
static int match_refusals(sd_journal *journal)
{
	int error = journal_match_requests(journal);
	char status[sizeof "-2147483648"]; /* any int: gcc 14 with sanitizers sees no limits */
	for (int code = 400; code < 600 && error >= 0; code++) {
		(void)snprintf(status, sizeof status, "%d", code);
		if (!view_equal(status_phrase(code), status_phrase(0)))
			error = journal_match_value(journal, "HTTP_STATUS", status);
	}
	return error;
}

static int match_lost_clients(sd_journal *journal)
{
	static const char *const REASONS[] = {"client-left", "client-too-slow"};
	int error = journal_match_requests(journal);
	for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0] && error >= 0; i++)
		error = journal_match_value(journal, "REASON", REASONS[i]);
	return error;
}

static int match_warnings(sd_journal *journal)
{
	static const char *const PRIORITIES[] = {"0", "1", "2", "3", "4"};
	int error = journal_match_requests(journal);
	for (size_t i = 0; i < sizeof PRIORITIES / sizeof PRIORITIES[0] && error >= 0; i++)
		error = journal_match_value(journal, "PRIORITY", PRIORITIES[i]);
	return error;
}

int journal_match_problems(sd_journal *journal)
{
	static int (*const ALTERNATIVES[])(sd_journal *) = {match_warnings, match_refusals,
	                                                    match_lost_clients};
	int error = 0;
	for (size_t i = 0; i < sizeof ALTERNATIVES / sizeof ALTERNATIVES[0] && error >= 0; i++) {
		error = ALTERNATIVES[i](journal);
		if (error >= 0)
			error = sd_journal_add_disjunction(journal);
	}
	return error < 0 ? error : match(journal, ERROR);
}

int journal_read(sd_journal *journal, struct entry *entry)
{
	const void *data;
	size_t length;
	uint64_t time_us;
	int error = sd_journal_get_realtime_usec(journal, &time_us);
	if (error < 0)
		return error;
	entry_begin(entry, time_us);
	SD_JOURNAL_FOREACH_DATA(journal, data, length)
	{
		entry_add(entry, (struct view){data, length});
	}
	return 0;
}
