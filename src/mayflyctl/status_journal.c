/* The last refusals and errors; see status.h. */
#include "journal.h"
#include "status.h"
#include <string.h>

enum { TROUBLES_SHOWN = 5 };

/* Adds the last entries that match, the oldest first. */
static int add_last(sd_journal *journal, struct json_object *troubles)
{
	static struct entry entry;
	struct json_object *last[TROUBLES_SHOWN];
	int count = 0;
	int error = sd_journal_seek_tail(journal);
	while (error >= 0 && count < TROUBLES_SHOWN && (error = sd_journal_previous(journal)) > 0) {
		error = journal_read(journal, &entry);
		if (error >= 0)
			last[count++] = entry_to_json(&entry);
	}
	while (count > 0)
		json_object_array_add(troubles, last[--count]);
	return error;
}

struct json_object *status_journal(const struct journal_users *others)
{
	sd_journal *journal = NULL;
	struct json_object *told = json_object_new_object();
	struct json_object *troubles = json_object_new_array();
	const char *why = journal_open(&journal, others);
	int error = why == NULL ? journal_match_problems(journal) : 0;
	if (why == NULL && error >= 0)
		error = add_last(journal, troubles);
	if (error < 0)
		why = strerror(-error);
	sd_journal_close(journal);
	if (why == NULL) {
		json_object_object_add(told, "troubles", troubles);
		return told;
	}
	json_object_put(troubles);
	json_object_object_add(told, "error", json_object_new_string(why));
	return told;
}
