/* The directory of a history; see history.h. */
#include "history.h"
#include "counter/lock.h"
#include "output.h"
#include "safe_path.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 60000, DIRECTORY_MODE = 0750, FILE_MODE = 0640, NAMES_STEP = 64 };

/* Names in the directory that are no entries. */
static const char LOCK_NAME[] = ".lock", NEW_NAME[] = ".new", STAGED_NAME[] = ".staged";

__attribute__((format(printf, 2, 3))) static const char *fail(struct history *history,
                                                              const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(history->problem, sizeof history->problem, format, arguments);
	va_end(arguments);
	return history->problem;
}

static const char *fail_errno(struct history *history, const char *name)
{
	bool is_denied = errno == EACCES || errno == EPERM;
	return fail(history, "%s%s%s: %s%s", output_escaped(history->name),
	            *name != '\0' ? "/" : "", name, safe_path_problem(errno),
	            is_denied ? "; try as root" : "");
}

/* --- Opening. --- */

/* `base` is the counter file's name without its directory. */
static bool is_main(const char *base)
{
	return strcmp(base, "hits") == 0;
}

bool history_name(const char *counter_file, char name[static PATH_MAX])
{
	const char *slash = strrchr(counter_file, '/');
	const char *base = slash == NULL ? counter_file : slash + 1;
	return snprintf(name, PATH_MAX, "%.*shistory%s%s", (int)(base - counter_file), counter_file,
	                is_main(base) ? "" : "/", is_main(base) ? "" : base) < PATH_MAX;
}

bool history_robots_name(const char *counter_file, char name[static PATH_MAX])
{
	const char *slash = strrchr(counter_file, '/');
	int length = slash != NULL ? (int)(slash + 1 - counter_file) : 0;
	return snprintf(name, PATH_MAX, "%.*srobots", length, counter_file) < PATH_MAX &&
	       strcmp(name, counter_file) != 0;
}

/*
 * Gives a new file or directory the group of its directory, so that those may read it that may read
 * the counter file. If the group cannot be set, the group does not get these rights. Returns false on
 * another failure (errno).
 */
static bool share_with_group(int file, int parent, mode_t mode)
{
	struct stat status, directory;
	if (fstat(file, &status) != 0 || fstat(parent, &directory) != 0)
		return false;
	if (status.st_gid != directory.st_gid && fchown(file, (uid_t)-1, directory.st_gid) != 0)
		return true;
	return fchmod(file, mode) == 0;
}

/* Returns -1 on failure (errno); a directory with other rights is not left. */
static int create_directory(int parent, const char *name)
{
	bool is_new = mkdirat(parent, name, (mode_t)0700) == 0;
	if (!is_new && errno != EEXIST)
		return -1;
	int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory >= 0 && share_with_group(directory, parent, DIRECTORY_MODE))
		return directory;
	int error = errno;
	if (directory >= 0)
		(void)close(directory);
	if (is_new)
		(void)unlinkat(parent, name, AT_REMOVEDIR);
	errno = error;
	return -1;
}

static int open_directory(int parent, const char *name, enum history_access access)
{
	int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0 && errno == ENOENT && access == HISTORY_CREATE)
		directory = create_directory(parent, name);
	return directory;
}

/* Another user could have written what a directory of that user holds. */
static const char *check_owner(struct history *history, int directory)
{
	struct stat status;
	if (fstat(directory, &status) != 0)
		return fail_errno(history, "");
	if (status.st_uid != geteuid()) {
		const struct passwd *owner = getpwuid(status.st_uid);
		return fail(history, "%s: belongs to %s, who must take the snapshots; or chown it",
		            output_escaped(history->name),
		            owner != NULL ? owner->pw_name : "another user");
	}
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return fail(history, "%s: other users can write to it; chmod go-w it",
		            output_escaped(history->name));
	return NULL;
}

static const char *lock_directory(struct history *history)
{
	history->lock = openat(history->directory, LOCK_NAME,
	                       O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, (mode_t)0600);
	if (history->lock < 0)
		return fail_errno(history, LOCK_NAME);
	if (counter_lock(history->lock, LOCK_EX, LOCK_WAIT_MS) != NULL)
		return fail(history, "%s: locked by another mayflyctl for a minute",
		            output_escaped(history->name));
	return NULL;
}

/* Opens the directory next to the counter file. */
static const char *find_directory(struct history *history, const char *counter_file,
                                  enum history_access access)
{
	struct safe_path place;
	const char *problem = NULL;
	/* Without its directory there is no counter file either, which the caller reports. */
	if (!safe_path_find(&place, counter_file, SAFE_PATH_FOLLOW_LINK))
		return errno == ENOENT ? NULL : fail_errno(history, "");
	int directory = open_directory(place.directory, "history", access);
	if (directory >= 0 && access != HISTORY_READ)
		problem = check_owner(history, directory);
	if (directory >= 0 && !is_main(place.name) && problem == NULL) {
		int parent = directory;
		directory = open_directory(parent, place.name, access);
		int error = errno;
		(void)close(parent);
		errno = error;
		if (directory >= 0 && access != HISTORY_READ)
			problem = check_owner(history, directory);
	}
	if (directory < 0 && errno != ENOENT)
		problem = fail_errno(history, "");
	(void)close(place.directory);
	history->directory = directory;
	return problem;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(left, right);
}

static const char *add_name(struct history *history, const char *name)
{
	struct history_entry entry;
	if (!history_entry_named(&entry, view_of(name)))
		return NULL;
	if (history->count == HISTORY_FILES_MAX)
		return fail(history, "%s: more than %d files", output_escaped(history->name),
		            HISTORY_FILES_MAX);
	if (history->count % NAMES_STEP == 0) {
		void *names = reallocarray(history->names, history->count + NAMES_STEP,
		                           sizeof *history->names);
		if (names == NULL)
			return fail(history, "out of memory");
		history->names = names;
	}
	memcpy(history->names[history->count++], entry.name, sizeof entry.name);
	return NULL;
}

/* Lists the entries. */
static const char *list_directory(struct history *history)
{
	const char *problem = NULL;
	const struct dirent *found;
	history->count = 0;
	int copy = openat(history->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;
	if (directory == NULL) {
		problem = fail_errno(history, "");
		if (copy >= 0)
			(void)close(copy);
		return problem;
	}
	while (problem == NULL && (errno = 0, found = readdir(directory)) != NULL)
		problem = add_name(history, found->d_name);
	if (problem == NULL && errno != 0)
		problem = fail_errno(history, "");
	(void)closedir(directory);
	if (history->count > 0)
		qsort(history->names, history->count, sizeof *history->names, compare_names);
	return problem;
}

const char *history_open(struct history *history, const char *counter_file,
                         enum history_access access)
{
	*history = (struct history){.directory = -1, .lock = -1};
	if (!history_name(counter_file, history->name))
		return fail(history, "%s: %s", output_escaped(counter_file),
		            strerror(ENAMETOOLONG));
	const char *problem = find_directory(history, counter_file, access);
	if (problem != NULL || history->directory < 0)
		return problem;
	if (access != HISTORY_READ)
		problem = lock_directory(history);
	return problem == NULL ? list_directory(history) : problem;
}

void history_close(struct history *history)
{
	if (history->lock >= 0)
		(void)close(history->lock);
	if (history->directory >= 0)
		(void)close(history->directory);
	free(history->names);
	history->names = NULL;
	history->count = 0;
	history->lock = history->directory = -1;
}

/* --- Reading. --- */

/* Opens an open file as a stream. On failure (errno) closes it and returns NULL. */
static FILE *open_stream(int file, const char *mode)
{
	FILE *stream = fdopen(file, mode);
	if (stream == NULL) {
		int error = errno;
		(void)close(file);
		errno = error;
	}
	return stream;
}

/* Returns false (errno) if an open file is not a regular file of the directory's owner. */
static bool check_entry(const struct history *history, int file)
{
	struct stat status, directory;
	if (fstat(file, &status) != 0 || fstat(history->directory, &directory) != 0)
		return false;
	if (S_ISREG(status.st_mode) && status.st_uid == directory.st_uid)
		return true;
	errno = S_ISREG(status.st_mode) ? EPERM : ENODEV;
	return false;
}

/*
 * Opens the file of an entry. Returns NULL on failure (errno): EPERM if it belongs to another user than
 * the directory, who could have put it there.
 */
static FILE *open_entry(const struct history *history, const char *name)
{
	int file = openat(history->directory, name,
	                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return NULL;
	if (check_entry(history, file))
		return open_stream(file, "r");
	int error = errno;
	(void)close(file);
	errno = error;
	return NULL;
}

/* Reads the entry of this name. If there is none, *entry is a new one and *exists false. */
static const char *read_entry(struct history *history, const char *name,
                              const struct history_sink *sink, struct history_entry *entry,
                              bool *exists)
{
	size_t line = 0;
	(void)history_entry_named(entry, view_of(name));
	FILE *file = open_entry(history, name);
	*exists = file != NULL;
	if (file == NULL && errno == EPERM)
		return fail(history, "%s/%s: belongs to another user than its directory",
		            output_escaped(history->name), name);
	if (file == NULL)
		return errno == ENOENT ? NULL : fail_errno(history, name);
	const char *problem = history_entry_read(file, entry, sink, &line);
	bool is_whole = problem != NULL || getc(file) == EOF;
	bool failed = ferror(file) != 0;
	(void)fclose(file);
	if (failed)
		return fail(history, "%s/%s: cannot be read", output_escaped(history->name), name);
	if (problem == NULL && !is_whole)
		problem = "data after the end marker";
	if (problem == NULL)
		return NULL;
	return fail(history, "%s/%s: line %zu: %s", output_escaped(history->name), name, line,
	            problem);
}

/* Whether a month contains the day `name`. */
static bool month_contains(const struct history_entry *month, const char *name)
{
	struct history_entry day;
	size_t length = strlen("2026-11");
	return history_entry_named(&day, view_of(name)) && history_entry_is_day(&day) &&
	       strncmp(month->name, name, length) == 0 &&
	       (month->folded & UINT32_C(1) << calendar_day_of_month(day.period.first)) != 0;
}

const char *history_read(struct history *history, const struct history_visitor *visitor)
{
	struct history_entry month = {.name = ""};
	for (size_t i = 0; i < history->count; i++) {
		struct history_entry entry;
		bool exists;
		if (month_contains(&month, history->names[i]))
			continue;
		const char *problem =
		    read_entry(history, history->names[i], &visitor->sink, &entry, &exists);
		if (problem != NULL)
			return problem;
		if (!exists) {
			history->has_changed = true;
			return fail(history, "%s: changes while it is read",
			            output_escaped(history->name));
		}
		if (history_entry_is_month(&entry))
			month = entry;
		if (visitor->done != NULL)
			visitor->done(visitor->context, &entry);
	}
	return NULL;
}

/* --- Writing. --- */

static const char *write_failed(struct history *history, const char *name, FILE *file)
{
	int error = errno;
	if (file != NULL)
		(void)fclose(file);
	(void)unlinkat(history->directory, NEW_NAME, 0);
	return fail(history, "%s/%s: cannot write: %s", output_escaped(history->name), name,
	            strerror(error));
}

/* Creates the file that will replace that of an entry, readable by the directory's group. */
static FILE *create_new(const struct history *history)
{
	if (unlinkat(history->directory, NEW_NAME, 0) != 0 && errno != ENOENT)
		return NULL;
	int file = openat(history->directory, NEW_NAME,
	                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)0600);
	if (file < 0)
		return NULL;
	if (share_with_group(file, history->directory, FILE_MODE))
		return open_stream(file, "w");
	int error = errno;
	(void)close(file);
	errno = error;
	return NULL;
}

/* Replaces the file of an entry, and waits until that is on disk. */
static const char *write_entry(struct history *history, const struct history_entry *entry,
                               struct counts *hits, struct counts *dropped)
{
	FILE *file = create_new(history);
	if (file == NULL)
		return write_failed(history, entry->name, NULL);
	history_entry_write(file, entry, hits, dropped);
	if (fflush(file) != 0 || ferror(file) || fsync(fileno(file)) != 0)
		return write_failed(history, entry->name, file);
	const char *problem = hits->problem != NULL ? hits->problem : dropped->problem;
	(void)fclose(file);
	if (problem != NULL) {
		(void)unlinkat(history->directory, NEW_NAME, 0);
		return fail(history, "%s/%s: %s", output_escaped(history->name), entry->name,
		            problem);
	}
	if (renameat(history->directory, NEW_NAME, history->directory, entry->name) != 0 ||
	    fsync(history->directory) != 0)
		return write_failed(history, entry->name, NULL);
	return NULL;
}

static struct history_sink sink_of(struct counts *hits, struct counts *dropped)
{
	return (struct history_sink){.hits = counts_add,
	                             .hits_context = hits,
	                             .dropped = counts_add,
	                             .dropped_context = dropped,
	                             .problem = &hits->problem};
}

static const char *combine(struct history *history, const char *name, struct counts *hits,
                           struct counts *dropped)
{
	const char *problem = counts_combine(hits);
	if (problem == NULL)
		problem = counts_combine(dropped);
	if (problem == NULL)
		return NULL;
	return fail(history, "%s/%s: %s", output_escaped(history->name), name, problem);
}

/* The name of the month that a date is in. */
static const char *month_of(int date, char name[static CALENDAR_NAME_SIZE])
{
	return calendar_name(date, CALENDAR_MONTH, name);
}

/* Copies the name of the entry that holds this one: its month's if it was folded. */
static const char *find_target(struct history *history, const struct history_entry *entry,
                               char name[static CALENDAR_NAME_SIZE])
{
	static const struct history_sink NOTHING = {.hits = NULL};
	struct history_entry named, month;
	bool exists;
	memcpy(name, entry->name, sizeof entry->name);
	if (!history_entry_is_day(entry))
		return NULL;
	(void)history_entry_named(&named, view_of(entry->name));
	(void)month_of(named.period.first, name);
	const char *problem = read_entry(history, name, &NOTHING, &month, &exists);
	if (problem == NULL && (!exists || !month_contains(&month, entry->name)))
		memcpy(name, entry->name, sizeof entry->name);
	return problem;
}

const char *history_add(struct history *history, const struct history_entry *entry,
                        struct counts *hits, struct counts *dropped)
{
	const struct history_sink sink = sink_of(hits, dropped);
	struct history_entry target;
	char name[CALENDAR_NAME_SIZE];
	bool exists = false;
	size_t added = hits->size + dropped->size;
	const char *problem = find_target(history, entry, name);
	if (problem == NULL)
		problem = read_entry(history, name, &sink, &target, &exists);
	bool had_counts = hits->size + dropped->size > added;
	if (problem == NULL)
		problem = combine(history, name, hits, dropped);
	if (problem != NULL)
		return problem;
	int64_t taken = entry->period.taken;
	/* Hits of unknown days: where there are none, there is no period. */
	bool is_dated = entry->period.first != HISTORY_UNKNOWN;
	if (!exists || (!is_dated && !had_counts))
		target.period = entry->period;
	else if (is_dated || added > 0)
		history_period_include(&target.period, &entry->period);
	/* Not the latest: a clock that was wrong may have been in the future. */
	if (taken != 0)
		target.period.taken = taken;
	return write_entry(history, &target, hits, dropped);
}

/* --- Folding. --- */

/* Removes days that months contain: an interrupted folding has left them. */
static const char *remove_folded(struct history *history)
{
	static const struct history_sink NOTHING = {.hits = NULL};
	struct history_entry month = {.name = ""}, entry;
	bool exists;
	const char *listed = list_directory(history);
	if (listed != NULL)
		return listed;
	for (size_t i = 0; i < history->count; i++) {
		const char *name = history->names[i];
		if (history_entry_named(&entry, view_of(name)) && history_entry_is_month(&entry)) {
			const char *problem = read_entry(history, name, &NOTHING, &month, &exists);
			if (problem != NULL)
				return problem;
		} else if (month_contains(&month, name) &&
		           unlinkat(history->directory, name, 0) != 0 && errno != ENOENT) {
			return fail_errno(history, name);
		}
	}
	return list_directory(history);
}

/* The number of days at the beginning of `names` that are to be folded, and the first of them. */
static size_t count_excess(const struct history *history, size_t *first)
{
	struct history_entry entry;
	size_t days = 0;
	*first = history->count;
	for (size_t i = 0; i < history->count; i++) {
		if (!history_entry_named(&entry, view_of(history->names[i])) ||
		    !history_entry_is_day(&entry))
			continue;
		*first = i < *first ? i : *first;
		days++;
	}
	return days > HISTORY_DAYS_MAX ? days - HISTORY_DAYS_MAX : 0;
}

/* Adds a day to a month that will be written. */
static const char *fold_day(struct history *history, const char *name, struct history_entry *month,
                            const struct history_sink *sink)
{
	struct history_entry day;
	bool exists;
	if (month_contains(month, name))
		return NULL;
	const char *problem = read_entry(history, name, sink, &day, &exists);
	if (problem != NULL || !exists)
		return problem;
	if (month->folded == 0 && month->period.taken == 0)
		month->period = day.period;
	history_period_include(&month->period, &day.period);
	(void)history_entry_named(&day, view_of(name));
	month->folded |= UINT32_C(1) << calendar_day_of_month(day.period.first);
	return NULL;
}

/*
 * Folds the first `excess` days from names[first] on, as far as they are in the same month. Names
 * of a month are neighbours.
 */
static const char *fold_month(struct history *history, size_t first, size_t excess)
{
	struct counts hits = {0}, dropped = {0};
	const struct history_sink sink = sink_of(&hits, &dropped);
	struct history_entry day, month;
	char name[CALENDAR_NAME_SIZE];
	bool exists;
	(void)history_entry_named(&day, view_of(history->names[first]));
	(void)month_of(day.period.first, name);
	const char *problem = read_entry(history, name, &sink, &month, &exists);
	for (size_t i = first; i < first + excess && problem == NULL; i++)
		if (strncmp(history->names[i], name, strlen(name)) == 0)
			problem = fold_day(history, history->names[i], &month, &sink);
	if (problem == NULL)
		problem = combine(history, name, &hits, &dropped);
	if (problem == NULL)
		problem = write_entry(history, &month, &hits, &dropped);
	counts_free(&hits);
	counts_free(&dropped);
	return problem;
}

const char *history_fold(struct history *history)
{
	size_t first;
	const char *problem = remove_folded(history);
	for (size_t excess; problem == NULL && (excess = count_excess(history, &first)) > 0;) {
		problem = fold_month(history, first, excess);
		if (problem == NULL)
			problem = remove_folded(history);
	}
	return problem;
}

/* --- Replacing all entries. --- */

/* Removes the entries of the list. */
static const char *remove_listed(struct history *history)
{
	for (size_t i = 0; i < history->count; i++)
		if (unlinkat(history->directory, history->names[i], 0) != 0 && errno != ENOENT)
			return fail_errno(history, history->names[i]);
	return NULL;
}

const char *history_stage(struct history *history, struct history *staged)
{
	*staged = (struct history){.directory = -1, .lock = -1};
	memcpy(staged->name, history->name, sizeof staged->name);
	staged->directory = create_directory(history->directory, STAGED_NAME);
	if (staged->directory < 0)
		return fail_errno(staged, STAGED_NAME);
	const char *problem = list_directory(staged); /* of an interrupted call */
	if (problem == NULL)
		problem = remove_listed(staged);
	return problem == NULL ? list_directory(staged) : problem;
}

void history_unstage(const struct history *history, struct history *staged)
{
	if (staged->directory >= 0 && list_directory(staged) == NULL)
		(void)remove_listed(staged);
	(void)unlinkat(history->directory, STAGED_NAME, AT_REMOVEDIR); /* if it is empty */
	history_close(staged);
}

static const char *move_staged(struct history *history, struct history *staged)
{
	for (size_t i = 0; i < staged->count; i++)
		if (renameat(staged->directory, staged->names[i], history->directory,
		             staged->names[i]) != 0)
			return fail_errno(history, staged->names[i]);
	return fsync(history->directory) == 0 ? NULL : fail_errno(history, "");
}

const char *history_replace(struct history *history, struct history *staged)
{
	const char *problem = list_directory(history);
	if (problem == NULL && list_directory(staged) != NULL)
		problem = fail(history, "%s", staged->problem);
	if (problem == NULL)
		problem = remove_listed(history);
	if (problem == NULL)
		problem = move_staged(history, staged);
	history_unstage(history, staged);
	return problem == NULL ? list_directory(history) : problem;
}
