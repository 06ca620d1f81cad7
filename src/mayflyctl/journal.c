/* Reading the journal; see journal.h. */
#include "journal.h"
#include "base/journald.h"
#include "base/parse.h"
#include "bus.h"
#include "http/status.h"
#include "https.h"
#include "memory.h"
#include "output.h"
#include "user.h"
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REQUEST "MESSAGE_ID=" MESSAGE_ID_REQUEST
#define ERROR "MESSAGE_ID=" MESSAGE_ID_ERROR

/* --- The users that handlers run as. --- */

enum { SYSTEM_USER_MAX = 999 }; /* SYS_UID_MAX of Debian's login.defs */

/* Pairs of a user and a site whose handlers run as this user, found by journal_open. */
static struct site_user {
	uid_t id;
	char site[SITE_NAME_SIZE];
} site_users[JOURNAL_USERS_MAX];
static size_t site_user_count;

static void add_user(struct journal_users *users, uid_t id)
{
	for (size_t i = 0; i < users->count; i++)
		if (users->ids[i] == id)
			return;
	if (users->count < JOURNAL_USERS_MAX)
		users->ids[users->count++] = id;
}

/* Finds a user by name or number. Returns false on failure (errno): ENOENT if there is no such user. */
static bool find_user(const char *name, uid_t *id)
{
	const struct passwd *user = user_find(name);
	uint64_t number = user != NULL ? user->pw_uid : 0;
	if (user == NULL &&
	    (errno != ENOENT || !parse_number(view_of(name), 0, UINT32_MAX - 1, &number)))
		return false;
	*id = (uid_t)number;
	return true;
}

const char *option_user(const struct command_option *option, const char *value)
{
	uid_t id;
	if (!find_user(value, &id))
		return errno == ENOENT ? "is not a user" : strerror(errno);
	add_user(option->destination, id);
	return NULL;
}

static bool is_user_of_site(const struct site_user *user, uid_t id, const char *site)
{
	return user->id == id && (site == NULL || strcmp(user->site, site) == 0);
}

/* Whether handlers of this site run as this user; of any site if `site` is NULL. */
static bool has_site_user(uid_t id, const char *site)
{
	for (size_t i = 0; i < site_user_count; i++)
		if (is_user_of_site(&site_users[i], id, site))
			return true;
	return false;
}

static void add_site_user(uid_t id, const char *site)
{
	if (site_user_count == JOURNAL_USERS_MAX || has_site_user(id, site))
		return;
	struct site_user *user = &site_users[site_user_count++];
	user->id = id;
	(void)snprintf(user->site, sizeof user->site, "%s", site);
}

/* Adds the users of sites by their names, unless the units have said whose users they are. Returns NULL or an error. */
static const char *find_in_passwd(void)
{
	static char problem[96];
	char site[SITE_NAME_SIZE];
	const struct passwd *user;
	FILE *file = fopen("/etc/passwd", "re");
	while (file != NULL && (user = fgetpwent(file)) != NULL)
		if (user->pw_uid > 0 && user->pw_uid <= SYSTEM_USER_MAX &&
		    site_name_from_user(user->pw_name, site) && !has_site_user(user->pw_uid, NULL))
			add_site_user(user->pw_uid, site);
	int error = file == NULL || ferror(file) ? errno : 0;
	if (file != NULL)
		(void)fclose(file);
	if (error == 0 || error == ENOENT)
		return NULL;
	(void)snprintf(problem, sizeof problem, "cannot read /etc/passwd: %s", strerror(error));
	return problem;
}

/* Adds the user of the handlers that a socket starts. */
static void add_user_of_socket(sd_bus *bus, const char *socket)
{
	static struct unit_config config;
	char site[SITE_NAME_SIZE];
	uid_t id;
	/* tlswrapper runs as root, and starts handlers as the user of the main site. */
	if (strcmp(socket, SOCKET_HTTPS) == 0 || !site_name_from_unit(socket, site))
		return;
	if (unit_config_read_socket(bus, socket, &config) == 0) {
		if (find_user(config.user, &id))
			add_site_user(id, site);
		else if (errno != ENOENT)
			bus_note_unreadable("the user database", errno);
	}
	unit_config_free(&config);
}

/* Without the bus there is nothing to find. Returns NULL or an error. */
static const char *find_in_units(void)
{
	sd_bus *bus;
	const char *problem = bus_open(&bus);
	if (problem != NULL)
		return bus_is_absent(errno) ? NULL : problem;
	size_t pos = 0;
	const char *name;
	while ((name = bus_next_unit_file(bus, "mayfly*.socket", &pos)) != NULL)
		add_user_of_socket(bus, name);
	return bus_close(bus);
}

/* Adds the users of this site, or of all sites. Returns NULL or an error. */
static const char *find_users(struct journal_users *users, const char *site)
{
	static const char *problem; /* of the first call */
	if (site_user_count == 0) {
		problem = find_in_units();
		const char *passwd_problem = find_in_passwd();
		problem = problem != NULL ? problem : passwd_problem;
	}
	for (size_t i = 0; i < site_user_count; i++)
		if (is_user_of_site(&site_users[i], site_users[i].id, site))
			add_user(users, site_users[i].id);
	return problem;
}

void journal_set_site_of_users(const struct journal_users *users, const char *site)
{
	for (size_t i = 0; i < users->count; i++)
		if (!has_site_user(users->ids[i], NULL))
			add_site_user(users->ids[i], site);
}

bool journal_has_several_sites(void)
{
	for (size_t i = 1; i < site_user_count; i++)
		if (strcmp(site_users[i].site, site_users[0].site) != 0)
			return true;
	return false;
}

/* --- The site of an entry. --- */

/* Returns the only site of this user, or NULL. */
static const char *find_site_of_user(uid_t id)
{
	const char *site = NULL;
	for (size_t i = 0; i < site_user_count; i++) {
		if (site_users[i].id != id)
			continue;
		if (site != NULL)
			return NULL;
		site = site_users[i].site;
	}
	return site;
}

/* Returns the value of a field of the current entry, valid until the next call. */
static bool read_field(sd_journal *journal, const char *name, char *value, size_t size)
{
	const char *data;
	size_t length, skip = strlen(name) + 1;
	if (sd_journal_get_data(journal, name, (const void **)&data, &length) < 0 ||
	    length - skip >= size) /* without "=", the difference wraps, and is too large */
		return false;
	memcpy(value, data + skip, length - skip);
	value[length - skip] = '\0';
	return true;
}

static void set_site(struct entry *entry, sd_journal *journal)
{
	char unit[UNIT_NAME_MAX + 1], user[32], name[SITE_NAME_SIZE];
	uint64_t id;
	const char *site = NULL;
	if (read_field(journal, "_SYSTEMD_UNIT", unit, sizeof unit) &&
	    site_name_from_unit(unit, name))
		site = name;
	else if (read_field(journal, "_UID", user, sizeof user) &&
	         parse_number(view_of(user), 0, UINT32_MAX - 1, &id))
		site = find_site_of_user((uid_t)id);
	if (site != NULL)
		entry_set_site(entry, site);
}

bool journal_is_of_site(const struct entry *entry, const char *site)
{
	return site == NULL || view_equal(entry->fields[ENTRY_SITE], view_of(site));
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

/* Whether the system failed; ENOMEDIUM: the machine has no id. */
static bool is_failure(int error)
{
	return error != ENOMEDIUM && error_is_of_system(error);
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
	if (sd_journal_has_persistent_files(*journal) > 0 ||
	    sd_journal_has_runtime_files(*journal) > 0)
		return NULL;
	/* libsystemd does not say why. */
	if (persistent == 0 || runtime == 0)
		return "its files cannot be opened";
	int failure = is_failure(runtime) ? runtime : persistent;
	return is_failure(failure) ? strerror(failure) : "no journal on this machine";
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

const char *journal_open(sd_journal **journal, const struct journal_users *others, const char *site)
{
	struct journal_users users = *others;
	*journal = NULL;
	const char *error = open_readable(journal);
	if (error == NULL)
		error = find_users(&users, site);
	/* Without a user, the entries of all users would match. */
	if (error == NULL && users.count == 0)
		error = site != NULL
		            ? "no such site on this machine; \"mayflyctl sites\" lists the sites"
		            : "no user mayfly on this machine; name a user with --user";
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
	char *assignment = memory_print("%s=%s", field, value);
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

/* The reason codes of src/counter. */
int journal_match_lost_hits(sd_journal *journal)
{
	static const char *const REASONS[] = {
	    "hits-damaged",        "hits-disk-full",   "hits-foreign",       "hits-locked",
	    "hits-missing-folder", "hits-not-a-file",  "hits-not-permitted", "hits-path-too-long",
	    "hits-read-only",      "hits-unavailable", "hits-write-failed"};
	int error = journal_match_requests(journal);
	for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0] && error >= 0; i++)
		error = journal_match_value(journal, "REASON", REASONS[i]);
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
	set_site(entry, journal);
	return 0;
}
