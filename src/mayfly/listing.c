/* Reading a folder for its listing; see listing.h. */
#include "listing.h"
#include "base/buffer.h"
#include "beneath.h"
#include "counter/get.h"
#include "resource.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	ENTRIES_SIZE = 32768, /* bytes that the kernel is asked for at once */
};

/* What getdents64(2) writes, and no libc lets be read without memory of its own, is their dirent.
 */
_Static_assert(offsetof(struct dirent, d_reclen) == 16, "struct linux_dirent64");

static bool stat_beneath(int directory, const char *name, enum opening opening, struct stat *stat)
{
	int file = open_beneath(directory, name, opening);
	if (file < 0)
		return false;
	bool known = fstat(file, stat) == 0;
	close(file);
	return known && (S_ISREG(stat->st_mode) || S_ISDIR(stat->st_mode));
}

/*
 * Whether a visitor would be served this. Links are looked at before they are opened for reading:
 * opening a FIFO or a device is not without effect.
 */
static bool is_served(int directory, const char *name, unsigned char type, struct stat *stat)
{
	if (type != DT_UNKNOWN && type != DT_DIR && type != DT_REG && type != DT_LNK)
		return false;
	bool is_plain = type == DT_DIR || type == DT_REG;
	return (is_plain || stat_beneath(directory, name, OPENING_LOOK, stat)) &&
	       stat_beneath(directory, name, OPENING_FILE, stat);
}

/* The listing's copy of a name, or NULL where there is no room for it. */
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

/* Adds the entry, if it is for visitors. False where there is no room for it. */
static bool add_entry(struct listing *listing, const struct resource *folder,
                      const struct dirent *entry)
{
	char buffer[PATH_MAX];
	struct buffer whole = BUFFER(buffer);
	struct stat stat;
	struct view name = view_of(entry->d_name);
	buffer_add(&whole, view_from(folder->path, 1));
	buffer_add(&whole, (struct view){name.data, name.length + 1});
	if (name.data[0] == '.' || name.length > NAME_MAX || whole.truncated ||
	    !is_served(folder->folder, buffer, entry->d_type, &stat))
		return true;
	const char *kept = keep_name(listing, name);
	if (kept == NULL)
		return false;
	listing->rows[listing->count++] = (struct listing_row){
	    .name = {kept, name.length},
	    .is_folder = S_ISDIR(stat.st_mode),
	    .may_be_link = entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN,
	    .size = (uint64_t)stat.st_size,
	    .modified = stat.st_mtim,
	};
	return true;
}

const char *listing_read(struct listing *listing, const struct resource *folder)
{
	static _Alignas(struct dirent) char entries[ENTRIES_SIZE];
	for (;;) {
		long length = syscall(SYS_getdents64, folder->file, entries, sizeof entries);
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return length < 0 ? "file-unreadable" : NULL;
		for (long at = 0; at < length;) {
			const struct dirent *entry = (const struct dirent *)(entries + at);
			at += entry->d_reclen;
			if (!add_entry(listing, folder, entry)) {
				listing->is_cut = true;
				return NULL;
			}
		}
	}
}

/* Appends what hits on a row are counted under; false if that is not to be found now. */
static bool add_hit_path(const struct resource *folder, const struct listing_row *row,
                         struct buffer *hit_path)
{
	if (folder->through_links && row->may_be_link)
		return resource_add_hit_path(folder, row->name, hit_path);
	buffer_add(hit_path, folder->hit_path);
	buffer_add(hit_path, row->name);
	return !hit_path->truncated;
}

const char *listing_read_hits(struct listing *listing, int hits, const struct resource *folder)
{
	char buffer[sizeof folder->hit_buffer + NAME_MAX];
	struct buffer hit_path = BUFFER(buffer);
	for (size_t i = 0; i < listing->count; i++) {
		struct listing_row *row = &listing->rows[i];
		hit_path.length = 0;
		if (row->is_folder || !add_hit_path(folder, row, &hit_path))
			continue;
		struct counter_result result = counter_get(hits, hit_path.data, hit_path.length);
		if (result.error != NULL)
			return result.error;
		row->hits = result.count;
	}
	listing->shows_hits = true;
	return NULL;
}
