/* Finding the users that handlers run as; see journal_users.h. */
#include "journal_users.h"
#include "bus.h"
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SYSTEM_USER_MAX = 999 }; /* SYS_UID_MAX of Debian's login.defs */

static bool has(const struct journal_users *users, uid_t id)
{
	for (size_t i = 0; i < users->count; i++)
		if (users->ids[i] == id)
			return true;
	return false;
}

static void add(struct journal_users *users, uid_t id)
{
	if (users->count < JOURNAL_USERS_MAX && !has(users, id))
		users->ids[users->count++] = id;
}

bool journal_users_add(struct journal_users *users, const char *name)
{
	const struct passwd *user = getpwnam(name);
	size_t digits = strspn(name, "0123456789");
	bool is_number = digits > 0 && digits < 10 && name[digits] == '\0';
	if (user == NULL && !is_number)
		return false;
	add(users, user != NULL ? user->pw_uid : (uid_t)strtoul(name, NULL, 10));
	return true;
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
			add(users, user->pw_uid);
	}
	(void)fclose(file);
}

/* Adds User= of a service, which is root's if that is empty. */
static void add_user_of(struct journal_users *users, sd_bus *bus, const char *service)
{
	struct bus_unit unit;
	if (bus_find(bus, service, &unit) < 0)
		return;
	char *user = bus_string(&unit, BUS_SERVICE, "User");
	if (user != NULL)
		(void)journal_users_add(users, *user != '\0' ? user : "root");
	free(user);
	bus_forget(&unit);
}

/* The service of a socket is an instance of NAME@.service (Accept=yes), or NAME.service. */
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
	sd_bus *bus = NULL;
	const char *why;
	if (bus_open(&bus, &why) < 0)
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

void journal_users_find(struct journal_users *users)
{
	find_in_passwd(users);
	find_in_units(users);
}
