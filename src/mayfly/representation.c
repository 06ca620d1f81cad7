/* Choosing a representation; see representation.h. */
#include "representation.h"
#include "http/date.h"
#include "http/encoding.h"
#include "http/media_type.h"
#include <unistd.h>

static struct file_state state_of(const struct stat *stat)
{
	return (struct file_state){
	    .size = (uint64_t)stat->st_size,
	    .device = stat->st_dev,
	    .inode = stat->st_ino,
	    .modified = stat->st_mtim,
	    .changed = stat->st_ctim,
	};
}

/* A modification time in the future becomes the current time (RFC 9110 8.8.2.1). */
static int64_t last_modified(const struct stat *stat, struct timespec now)
{
	return stat->st_mtim.tv_sec < now.tv_sec ? stat->st_mtim.tv_sec : now.tv_sec;
}

/* Negative, zero or positive, as `a` is before, equal to or after `b`. */
static int compare_times(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec < b.tv_sec ? -1 : 1;
	return (a.tv_nsec > b.tv_nsec) - (a.tv_nsec < b.tv_nsec);
}

/*
 * Whether a sibling was made of the file as it is now; mayfly(8) has the table of cases. A sibling with the
 * file's own modification time was: precompress, brotli, zstd and gzip set it. A later time alone does not
 * show that, nor does an equal one that is no date: the file may have been replaced by an older release.
 * Its status change time, which no program can set, is then later than the sibling's. But neither time
 * shows that a symbolic link to the file has been replaced.
 */
static bool is_fresh(const struct stat *sibling, const struct resource *resource)
{
	const struct stat *file = &resource->stat;
	int order = compare_times(sibling->st_mtim, file->st_mtim);
	if (sibling->st_size == 0 || order < 0) /* no coding has zero bytes: the disk was full */
		return false;
	if (order == 0 && date_is_of_change(file->st_mtim))
		return true;
	return !resource->name_is_link && compare_times(file->st_ctim, sibling->st_ctim) <= 0;
}

static void representation_set(struct representation *representation, int file,
                               const struct stat *stat, struct view coding, struct timespec now)
{
	struct file_state state = state_of(stat);
	struct buffer tag = BUFFER(representation->tag);
	representation->file = file;
	representation->size = state.size;
	representation->coding = coding;
	entity_tag_add(&tag, &state, coding, now);
	representation->validators.tag = buffer_view(&tag);
	representation->validators.last_modified = last_modified(stat, now);
	representation->validators.has_last_modified =
	    date_is_of_change(stat->st_mtim) &&
	    date_is_writable(representation->validators.last_modified);
}

/* Opens the sibling in a coding. Returns -1 if there is none, or it does not belong to the file. */
static int open_sibling(const struct resource *resource, enum coding coding, struct stat *stat)
{
	char buffer[PATH_MAX];
	struct buffer name = BUFFER(buffer);
	buffer_add(&name, view_from(resource->path, 1));
	buffer_add(&name, coding_suffix(coding));
	buffer_add(&name, (struct view){"", 1});
	int file = resource_open_beside(resource, buffer, stat);
	if (file >= 0 && !is_fresh(stat, resource)) {
		close(file);
		return -1;
	}
	return file;
}

static void choose_among_siblings(const struct resource *resource, const struct request *request,
                                  struct timespec now, struct representation *representation)
{
	int files[CODING_COUNT] = {[CODING_IDENTITY] = resource->file};
	struct stat stats[CODING_COUNT] = {[CODING_IDENTITY] = resource->stat};
	unsigned available = 1 << CODING_IDENTITY;
	for (enum coding coding = CODING_IDENTITY + 1; coding < CODING_COUNT; coding++) {
		files[coding] = open_sibling(resource, coding, &stats[coding]);
		if (files[coding] >= 0)
			available |= 1U << coding;
	}
	enum coding chosen = coding_choose(request, available);
	representation->varies = available != 1 << CODING_IDENTITY;
	representation_set(representation, files[chosen], &stats[chosen], coding_name(chosen), now);
	representation->validators.date_is_shared = representation->varies;
	for (enum coding coding = CODING_IDENTITY + 1; coding < CODING_COUNT; coding++)
		if (coding != chosen && files[coding] >= 0)
			close(files[coding]);
}

void representation_choose(const struct resource *resource, const struct request *request,
                           struct timespec now, struct representation *representation)
{
	if (!media_type_is_of_gzip(resource->path)) {
		choose_among_siblings(resource, request, now, representation);
		return;
	}
	representation->varies = false;
	representation_set(representation, resource->file, &resource->stat,
	                   coding_name(CODING_GZIP), now);
	representation->validators.date_is_shared = false;
}

void representation_find_media_type(const struct resource *resource,
                                    struct representation *representation)
{
	char start[MEDIA_TYPE_BYTES];
	representation->media_type = media_type_of(resource->path);
	if (representation->media_type.length > 0)
		return;
	ssize_t length = pread(resource->file, start, sizeof start, 0);
	representation->media_type =
	    length < 0 ? VIEW("application/octet-stream")
	               : media_type_of_bytes((struct view){start, (size_t)length});
}

void representation_close(const struct resource *resource, struct representation *representation)
{
	if (representation->file != resource->file)
		close(representation->file);
}
