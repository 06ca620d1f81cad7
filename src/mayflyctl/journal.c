/* Reading the journal; see journal.h. */
#include "journal.h"
#include "base/journald.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REQUEST "MESSAGE_ID=" MESSAGE_ID_REQUEST
#define ERROR "MESSAGE_ID=" MESSAGE_ID_ERROR

enum { REASONS_MAX = 100, ID_SIZE = SD_ID128_STRING_MAX };

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

const char *journal_open(sd_journal **journal)
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
	sd_journal_close(*journal);
	*journal = NULL;
	return "there is no journal on this machine";
}

static int match(sd_journal *journal, const char *assignment)
{
	return sd_journal_add_match(journal, assignment, 0);
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

/* The journal finds values, but not that there is one: so it is asked for each reason it knows. */
static int match_any_reason(sd_journal *journal)
{
	char reasons[REASONS_MAX][64];
	size_t count = 0;
	const void *data;
	size_t length;
	int error = sd_journal_query_unique(journal, "REASON");
	if (error < 0)
		return error;
	SD_JOURNAL_FOREACH_UNIQUE(journal, data, length)
	{
		if (length >= sizeof reasons[0])
			continue;
		memcpy(reasons[count], data, length);
		reasons[count][length] = '\0';
		if (++count == REASONS_MAX)
			break;
	}
	for (size_t i = 0; i < count && error >= 0; i++)
		error = match(journal, reasons[i]);
	/* A condition that nothing meets: none at all would let every request pass. */
	return count > 0 || error < 0 ? error : match(journal, "REASON=");
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
	int error = match_warnings(journal);
	if (error >= 0)
		error = sd_journal_add_disjunction(journal);
	if (error >= 0)
		error = journal_match_requests(journal);
	if (error >= 0)
		error = match_any_reason(journal);
	return error < 0 ? error : journal_match_complaints(journal);
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
