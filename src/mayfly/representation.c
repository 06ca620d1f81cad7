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

static bool is_older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
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
	    date_is_writable(representation->validators.last_modified);
}

/* Opens the sibling in a coding. Returns -1 if there is none, or it is older than the file. */
static int open_sibling(const struct resource *resource, enum coding coding, struct stat *stat)
{
	char buffer[PATH_MAX];
	struct buffer name = BUFFER(buffer);
	buffer_add(&name, view_from(resource->path, 1));
	buffer_add(&name, coding_suffix(coding));
	buffer_add(&name, (struct view){"", 1});
	if (name.truncated)
		return -1;
	int file = resource_open_beside(resource, buffer, stat);
	if (file >= 0 && is_older(&stat->st_mtim, &resource->stat.st_mtim)) {
		close(file);
		return -1;
	}
	return file;
}

void representation_choose(const struct resource *resource, const struct request *request,
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
