/* The handler's entries in the journal, by sd-journal. What becomes of them is the commands'
 * business. */
#ifndef MAYFLY_MAYFLYCTL_JOURNAL_H
#define MAYFLY_MAYFLYCTL_JOURNAL_H

#include "entry.h"
#include "journal_users.h"
#include <systemd/sd-journal.h>

/*
 * Opens this machine's journal, and matches only entries of the users that handlers run as, and of
 * those in `others`. Returns NULL, or why the journal cannot be read: there is none, say, or this
 * user may not read it, which sd_journal_open itself does not report.
 */
const char *journal_open(sd_journal **journal, const struct journal_users *others);

/* What is looked for. Each returns 0, or a negative errno. */
int journal_match_requests(sd_journal *journal);
int journal_match_complaints(sd_journal *journal); /* beside what is matched already */
/* Requests that were refused or that failed, and complaints. */
int journal_match_troubles(sd_journal *journal);

/* One more condition on the requests: that a field has this value, or another one given for it. */
int journal_match_value(sd_journal *journal, const char *field, const char *value);

/* Reads the entry that the journal stands at. 0, or a negative errno. */
int journal_read(sd_journal *journal, struct entry *entry);

#endif
