/*
 * Mayfly's entries in the journal, by sd-journal. An entry is Mayfly's only if journald received it
 * from a user that handlers run as, since any user can send an entry with Mayfly's MESSAGE_ID: the
 * field _UID comes from the kernel. (_SYSTEMD_UNIT does not do: journald looks it up in /proc, and
 * a handler has often exited by then.)
 */
#ifndef MAYFLY_MAYFLYCTL_JOURNAL_H
#define MAYFLY_MAYFLYCTL_JOURNAL_H

#include "command.h"
#include "entry.h"
#include <sys/types.h>
#include <systemd/sd-journal.h>

enum { JOURNAL_USERS_MAX = 1024 };

struct journal_users {
	uid_t ids[JOURNAL_USERS_MAX];
	size_t count;
};

/* The parser of --user: adds a user by name or number to a struct journal_users. */
option_parser option_user;

/*
 * Opens this machine's journal with all its namespaces, and matches only entries of the users that
 * handlers run as, and of those in `others`. Handlers run as User= of the service of each
 * mayfly*.socket, if systemd can be asked; and as the system users "mayfly" and "mayfly-NAME" of
 * /etc/passwd, also those of sites that are no longer installed. (A user that is not a system user
 * could have chosen such a name.) Returns NULL, or what is wrong: that this user may not read the
 * journal, for example, which sd_journal_open itself does not report.
 */
const char *journal_open(sd_journal **journal, const struct journal_users *others);

/* Match more entries. Each returns 0, or a negative errno. */
int journal_match_requests(sd_journal *journal);
int journal_match_errors(sd_journal *journal); /* in addition to what is matched already */

/* Match what status shows: requests that were refused or that failed, and errors. */
int journal_match_problems(sd_journal *journal);

/* Match only requests with this value of a field, or another value given for the same field. */
int journal_match_value(sd_journal *journal, const char *field, const char *value);

/* Reads the entry at the journal's position. Returns 0, or a negative errno. */
int journal_read(sd_journal *journal, struct entry *entry);

#endif
