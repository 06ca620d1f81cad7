/*
 * The history of a counter file: a directory whose files say how many hits were counted in which
 * period, for as long as the site exists. mayfly-hits(5) describes it.
 *
 * The sum of all hits, less what was dropped, is the counter file's content at the last snapshot.
 * Each file is replaced at once, and each change is complete with the replacement of one file, so
 * that a writer may be killed at any moment.
 */
#ifndef MAYFLY_MAYFLYCTL_HISTORY_H
#define MAYFLY_MAYFLYCTL_HISTORY_H

#include "history_entry.h"

enum {
	HISTORY_DAYS_MAX = 400,      /* entries of days; older days are folded into months */
	HISTORY_FILES_MAX = 1 << 16, /* entries that are read */
};

struct history {
	char name[PATH_MAX]; /* of the directory */
	int directory;       /* -1: there is none */
	int lock;            /* -1: not locked */
	bool has_changed;    /* an entry was folded between listing and reading */
	char problem[3 * PATH_MAX];

	/* The names of the entries, sorted: a month comes before its days. */
	char (*names)[CALENDAR_NAME_SIZE];
	size_t count;
};

/*
 * Writes the name of the history of a counter file: "history" next to a file `hits`, and
 * "history/NAME" next to a file of another name. Returns false if it is too long.
 */
bool history_name(const char *counter_file, char name[static PATH_MAX]);

/*
 * Writes the name of the counter file for robots that belongs to a counter file: `robots` in the
 * same directory. Returns false if it is too long, or `counter_file` itself.
 */
bool history_robots_name(const char *counter_file, char name[static PATH_MAX]);

enum history_access {
	HISTORY_READ,   /* a missing history has no entries */
	HISTORY_WRITE,  /* the same, locked */
	HISTORY_CREATE, /* the same, created if it is missing */
};

/*
 * Opens the history of a counter file and lists its entries. To write, waits up to a minute for
 * another writer; the directory must belong to this user, and no other user may write to it.
 * Returns NULL, or an error that is printed as it is. Close the history in either case.
 */
const char *history_open(struct history *history, const char *counter_file,
                         enum history_access access);

void history_close(struct history *history);

/* What history_read calls: the functions of the sink, then `done`, which may be NULL. */
struct history_visitor {
	struct history_sink sink;
	void (*done)(void *context, const struct history_entry *entry);
	void *context;
};

/*
 * Reads all entries, in the order of their names. Returns NULL, or an error that is printed as it
 * is. If history->has_changed then, open the history and read it again; while it is locked, it
 * cannot change.
 */
const char *history_read(struct history *history, const struct history_visitor *visitor);

/*
 * Adds hits and dropped counts to the entry of this name, which need not exist, and makes its period
 * include that of `entry`. A day that was folded is part of its month. The lists are changed. The
 * history is locked. Returns NULL, or an error that is printed as it is: then nothing was added.
 */
const char *history_add(struct history *history, const struct history_entry *entry,
                        struct counts *hits, struct counts *dropped);

/*
 * Folds the oldest days into their months until HISTORY_DAYS_MAX days are left, and removes days
 * that an interrupted call has folded. The history is locked. Returns NULL or an error.
 */
const char *history_fold(struct history *history);

/*
 * Opens *staged, an empty history in a directory of `history`, to which the entries that replace all
 * others are added. `history` is locked. Returns NULL, or an error that is printed as it is. Pass
 * *staged to history_replace, or to history_unstage; then it is closed.
 */
const char *history_stage(struct history *history, struct history *staged);

/*
 * Removes all entries, and moves those of *staged to their place. If this is interrupted, some entries
 * are missing. Returns NULL, or an error that is printed as it is.
 */
const char *history_replace(struct history *history, struct history *staged);

/* Removes *staged, so that the history stays as it is. */
void history_unstage(const struct history *history, struct history *staged);

#endif
