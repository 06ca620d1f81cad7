/* Reading the journal; see journal.h. */
#include "journal.h"
#include "base/journald.h"
#include "http/status.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REQUEST "MESSAGE_ID=" MESSAGE_ID_REQUEST
#define ERROR "MESSAGE_ID=" MESSAGE_ID_ERROR

enum { ID_SIZE = SD_ID128_STRING_MAX };

/* Whether the system's journal is in this directory; EACCES where it is, and may not be read. */
static int look_in(const char *directory)
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
	int persistent = look_in("/var/log/journal");
	int runtime = look_in("/run/log/journal");
	if (persistent == EACCES || runtime == EACCES)
		return "this user may not read the journal: be root, or of the group "
		       "systemd-journal";
	int error = sd_journal_open(journal, SD_JOURNAL_LOCAL_ONLY);
	if (error < 0)
		return strerror(-error);
	if (persistent == 0 || runtime == 0 || sd_journal_has_persistent_files(*journal) > 0 ||
	    sd_journal_has_runtime_files(*journal) > 0)
		return NULL;
	return "there is no journal on this machine";
}

static int match(sd_journal *journal, const char *assignment)
{
	return sd_journal_add_match(journal, assignment, 0);
}

/* All later matches are in addition to these. */
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
	const char *why = open_readable(journal);
	if (why == NULL)
		journal_users_find(&users);
	/* Without any user, nothing would be matched: every entry would pass. */
	if (why == NULL && users.count == 0)
		why = "no user mayfly on this machine: name a user with --user";
	int error = why == NULL ? match_users(*journal, &users) : 0;
	if (error < 0)
		why = strerror(-error);
	if (why == NULL)
		return NULL;
	sd_journal_close(*journal);
	*journal = NULL;
	return why;
}

int journal_match_requests(sd_journal *journal)
{
	return match(journal, REQUEST);
}

int journal_match_complaints(sd_journal *journal)
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
 * Requests with a reason code. The journal cannot find entries that have a field whatever its value
 * is; and to ask it for all values of REASON would include those that others have written, so many
 * that Mayfly's own are not among them. So: all statuses of errors, and the codes that stand beside
 * another status at no higher priority.
 */
static int match_refusals(sd_journal *journal)
{
	int error = journal_match_requests(journal);
	char status[8];
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

int journal_match_troubles(sd_journal *journal)
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
		entry_take(entry, (struct view){data, length});
	}
	return 0;
}
