/* Reading a directory for its listing; see listing.h. */
#include "listing.h"
#include "base/buffer.h"
#include "counter/get.h"
#include "http/rules.h"
#include "resource.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ENTRIES_SIZE = 32768 }; /* bytes that one call of getdents64(2) may return */

/* getdents64(2) is called directly: opendir(3) allocates memory. It returns libc's dirents. */
_Static_assert(offsetof(struct dirent, d_reclen) == 16, "struct linux_dirent64");

static bool stat_name(struct listing *listing, const struct resource *directory, const char *name,
                      enum opening opening, struct stat *stat)
{
	int file = resource_open_name(directory, name, opening);
	bool is_known = file >= 0 && fstat(file, stat) == 0;
	if (!is_known && resource_may_exist(errno))
		listing->lacks_some = true;
	if (file >= 0)
		close(file);
	return is_known && (S_ISREG(stat->st_mode) || S_ISDIR(stat->st_mode));
}

/*
 * Whether the name would be served. A link is opened for fstat(2) only before it is opened for
 * reading: opening a FIFO or a device for reading has side effects.
 */
static bool is_served(struct listing *listing, const struct resource *directory, const char *name,
                      unsigned char type, struct stat *stat)
{
	if (type != DT_UNKNOWN && type != DT_DIR && type != DT_REG && type != DT_LNK)
		return false;
	bool is_plain = type == DT_DIR || type == DT_REG;
	return (is_plain || stat_name(listing, directory, name, OPENING_LOOK, stat)) &&
	       stat_name(listing, directory, name, OPENING_FILE, stat);
}

/* Returns the listing's copy of a name, or NULL if there is no room for it. */
static const char *keep_name(struct listing *listing, struct view name)
{
	if (listing->count == LISTING_ROWS_MAX ||
	    name.length >= LISTING_NAMES_MAX - listing->names_length)
		return NULL;
	char *copy = listing->names + listing->names_length;
	memcpy(copy, name.data, name.length);
	copy[name.length] = '\0';
	listing->names_length += name.length + 1;
	return copy;
}

static bool is_rules_file(const struct resource *directory, struct view name)
{
	return directory->has_rules &&
	       (directory->path.length == 1 || directory->is_site_directory) && rules_are_at(name);
}

/* Adds a row for the entry if it would be served. Returns false if there is no room for it. */
static bool add_entry(struct listing *listing, const struct resource *directory,
                      const struct dirent *entry)
{
	char buffer[PATH_MAX];
	struct buffer whole = BUFFER(buffer);
	struct stat stat;
	struct view name = view_of(entry->d_name);
	if (name.length > NAME_MAX) /* GCOVR_EXCL_BR_LINE: only some file systems have such names */
		return true;
	buffer_add(&whole, view_from(directory->path, 1));
	buffer_add(&whole, (struct view){name.data, name.length + 1});
	if (name.data[0] == '.' || is_rules_file(directory, name) ||
	    !is_served(listing, directory, buffer, entry->d_type, &stat))
		return true;
	const char *kept = keep_name(listing, name);
	if (kept == NULL)
		return false;
	listing->rows[listing->count++] = (struct listing_row){
	    .name = {kept, name.length},
	    .is_directory = S_ISDIR(stat.st_mode),
	    .may_be_link = entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN,
	    .size = (uint64_t)stat.st_size,
	    .modified = stat.st_mtim,
	};
	return true;
}

const char *listing_read(struct listing *listing, const struct resource *directory)
{
	static _Alignas(struct dirent) char entries[ENTRIES_SIZE];
	for (;;) {
		long length = syscall(SYS_getdents64, directory->file, entries, sizeof entries);
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return length < 0 ? "file-unreadable" : NULL;
		for (long pos = 0; pos < length;) {
			const struct dirent *entry = (const struct dirent *)(entries + pos);
			pos += entry->d_reclen;
			if (!add_entry(listing, directory, entry)) {
				listing->is_cut = true;
				return NULL;
			}
		}
	}
}

/* Appends the path that the row's hits are counted under. Returns false if it cannot be found. */
static bool add_hit_path(const struct resource *directory, const struct listing_row *row,
                         struct buffer *hit_path)
{
	if (directory->through_links && row->may_be_link)
		return resource_add_hit_path(directory, row->name, hit_path);
	buffer_add(hit_path, directory->hit_path);
	buffer_add(hit_path, row->name);
	return !hit_path->truncated;
}

const char *listing_read_hits(struct listing *listing, int hits, const struct resource *directory)
{
	char buffer[sizeof directory->hit_buffer + NAME_MAX];
	struct buffer hit_path = BUFFER(buffer);
	for (size_t i = 0; i < listing->count; i++) {
		struct listing_row *row = &listing->rows[i];
		hit_path.length = 0;
		if (row->is_directory)
			continue;
		if (!add_hit_path(directory, row, &hit_path)) {
			listing->lacks_some = true;
			continue;
		}
		struct counter_result result = counter_get(hits, hit_path.data, hit_path.length);
		if (result.error != NULL)
			return result.error;
		row->hits = result.count;
	}
	listing->shows_hits = true;
	return NULL;
}
