/*
 * Whose journal entries are Mayfly's. Any local user can send an entry with Mayfly's MESSAGE_ID, so
 * an entry counts only if journald received it from a user that handlers run as: its field _UID
 * comes from the kernel. (_SYSTEMD_UNIT does not do: journald looks it up in /proc, and a handler
 * has often exited by then.)
 */
#ifndef MAYFLY_MAYFLYCTL_JOURNAL_USERS_H
#define MAYFLY_MAYFLYCTL_JOURNAL_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { JOURNAL_USERS_MAX = 1024 };

struct journal_users {
	uid_t ids[JOURNAL_USERS_MAX];
	size_t count;
};

/* Adds a user by name or number. Returns false if there is no such user. */
bool journal_users_add(struct journal_users *users, const char *name);

/*
 * Adds the users that Mayfly's handlers run as on this machine: User= of the service of each
 * mayfly*.socket, if systemd can be asked; and the system users "mayfly" and "mayfly-NAME" of
 * /etc/passwd, also those of sites that are no longer installed, whose entries the journal still
 * has. A user that is no system user could have chosen such a name.
 */
void journal_users_find(struct journal_users *users);

#endif
