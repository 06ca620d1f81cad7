/*
 * Entries that `mayflyctl hits import` and `merge` add to a history: those of an export or of other
 * counter files. They are kept in a temporary file until the counter file has received the counts.
 *
 * An export with a history is a sequence of texts (hits_text.h): the counts of the counter file, with
 * the comments "# with history" and "# exported SECONDS", the time of the export since 1970; each entry
 * (history_entry.h); and the line "history TAB N", the number of entries.
 */
#ifndef MAYFLY_MAYFLYCTL_HISTORY_MERGE_H
#define MAYFLY_MAYFLYCTL_HISTORY_MERGE_H

#include "history_snapshot.h"

#define HISTORY_FOLLOWS "with history"
#define HISTORY_EXPORTED "exported"

/* Initialize to {.now = the present time}. */
struct history_merge {
	time_t now;       /* when the counts were read; of an export: written */
	FILE *file;       /* the entries, NULL if there are none */
	size_t count;     /* of entries */
	bool has_history; /* one of the sources has a history */
	char problem[3 * PATH_MAX];
};

/* Whether a counter file has a history. */
bool history_exists(const char *counter_file);

/* Writes all entries of a history, and the line that ends them. Returns NULL or an error. */
const char *history_export(struct history *history, FILE *file);

/*
 * Adds the entries of a counter file's history, and what was counted since, so that their sum is
 * `totals`, the combined counts of that file. Returns NULL, or an error that is printed as it is.
 */
const char *history_merge_file(struct history_merge *merge, const char *counter_file,
                               struct counts *totals);

/*
 * The same for an export, from which `totals` was read. If there are entries, `file` is where they
 * begin, else NULL. Returns NULL, or an error, which is in line *line.
 */
const char *history_merge_text(struct history_merge *merge, FILE *file, struct counts *totals,
                               size_t *line);

/* Adds all entries to a history, which is locked or staged. Returns NULL, or an error. */
const char *history_merge_apply(struct history_merge *merge, struct history *history);

void history_merge_free(struct history_merge *merge);

#endif
