/*
 * Mayfly's entries in the journal, by sd-journal. Any user can send an entry with Mayfly's
 * MESSAGE_ID. Therefore only entries of users that handlers run as are read, by the field _UID,
 * which comes from the kernel. (_SYSTEMD_UNIT is not enough: journald looks it up in /proc, often
 * after the handler has exited.) The site of an entry is that of its _SYSTEMD_UNIT; if it has none,
 * the only site whose handlers run as its user. No client can set these fields.
 */
#ifndef MAYFLY_MAYFLYCTL_JOURNAL_H
#define MAYFLY_MAYFLYCTL_JOURNAL_H

#include "command.h"
#include "entry.h"
#include "site_list.h"
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
 * handlers run as, and of those in `others`. `site`: only entries of this site are wanted, so that
 * users of no other site are necessary (see journal_is_of_site); NULL: those of all sites. Handlers
 * run as User= of the service of each mayfly*.socket, if systemd can be queried, and as the system
 * users "mayfly" and "mayfly-NAME" of /etc/passwd, which include those of sites that were removed.
 * (Another user could have chosen such a name, so only system users count.) Returns NULL, or an
 * error: for example, that this user may not read the journal, which sd_journal_open does not report.
 */
const char *journal_open(sd_journal **journal, const struct journal_users *others,
                         const char *site);

/*
 * After journal_open: entries of these users whose site is unknown are those of `site`, except for
 * users that are known to run handlers of a site. (A service in a sandbox cannot query the units.)
 */
void journal_set_site_of_users(const struct journal_users *users, const char *site);

/* After journal_open without a site: whether there are entries of more than one site. */
bool journal_has_several_sites(void);

/* Whether an entry that journal_read has read is of this site; true for a site that is NULL. */
bool journal_is_of_site(const struct entry *entry, const char *site);

/* Match more entries. Each returns 0, or a negative errno. */
int journal_match_requests(sd_journal *journal);
int journal_match_errors(sd_journal *journal); /* in addition to earlier matches */

/*
 * Matches requests with the reason code of a counter file that could not be used. Those with a status
 * below 400 are lost hits; others were health checks and counters of --counter-path.
 */
int journal_match_lost_hits(sd_journal *journal);

/* Matches the refusals and errors that status shows. Returns 0, or a negative errno. */
int journal_match_problems(sd_journal *journal);

/*
 * Matches only requests with this value of a field. Several values of the same field are
 * alternatives. Returns 0, or a negative errno.
 */
int journal_match_value(sd_journal *journal, const char *field, const char *value);

/* Reads the current entry of the journal. Returns 0, or a negative errno. */
int journal_read(sd_journal *journal, struct entry *entry);

#endif
