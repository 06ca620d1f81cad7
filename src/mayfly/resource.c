/* Opening the file of a path; see resource.h. */
#include "resource.h"
#include "base/beneath.h"
#include "base/real_path.h"
#include "http/host.h"
#include "http/rules.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RACES_MAX = 8 };

/*
 * Only a relative name costs the system call. It is made directly: getcwd(3) would link malloc. The kernel
 * returns a name that does not begin with a slash for a directory outside the root of the process.
 */
static const char *find_working_directory(const char *root)
{
	static char name[PATH_MAX];
	bool is_known =
	    root[0] != '/' && syscall(SYS_getcwd, name, sizeof name) > 0 && name[0] == '/';
	return is_known ? name : "";
}

bool site_open(struct site *site, const struct options *options)
{
	site->options = options;
	site->absolute = absolute_path_of(view_of(find_working_directory(options->root)),
	                                  view_of(options->root));
	do {
		site->root = openat(AT_FDCWD, options->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	} while (site->root < 0 && errno == EINTR);
	return site->root >= 0;
}

bool site_is_usable(const struct site *site)
{
	int root = open_beneath(site->root, ".", OPENING_DIRECTORY);
	if (root < 0)
		return false;
	close(root);
	return true;
}

/* Opens the directory of a host, and writes "//" and its name into the resource's buffer. */
static bool open_host(const struct site *site, struct resource *resource, struct view host)
{
	struct buffer name = BUFFER(resource->buffer);
	buffer_add(&name, VIEW("//"));
	errno = ENOENT;
	if (!host_add_directory(host, &name) || name.length - 2 > NAME_MAX)
		return false;
	resource->buffer[name.length] = '\0';
	resource->hit_path = buffer_view(&name);
	resource->site_directory = real_path_open(site->root, &resource->absolute,
	                                          resource->buffer + 2, OPENING_DIRECTORY);
	if (resource->site_directory < 0)
		return false;
	resource->absolute.host = view_from(buffer_view(&name), 1);
	return true;
}

/* The refusal of a path that could not be opened; 500 if the system failed, so that it may exist. */
static struct refusal refusal_of_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return refuse(404, "not-found");
	case EACCES:
	case EPERM:
		return refuse(403, "file-forbidden");
	case EXDEV:
		return refuse(404, "target-escapes-root");
	case ELOOP:
		return refuse(404, "symlink-loop");
	case ENAMETOOLONG:
		return refuse(404, "name-too-long");
	case ENXIO: /* a socket, or a device without a driver */
	case ENODEV:
		return refuse(404, "not-a-regular-file");
	default:
		return refuse(500, "file-open-failed");
	}
}

bool resource_may_exist(int error)
{
	return refusal_of_errno(error).status == 500;
}

/* Opens the site's directory, and begins the hit path with the name of the host. */
static bool open_site_directory(const struct site *site, struct resource *resource,
                                struct view host)
{
	if (site->options->vhosts)
		return open_host(site, resource, host) ||
		       (!resource_may_exist(errno) && open_host(site, resource, VIEW("default")));
	resource->site_directory = site->root;
	return true;
}

/* Writes the path after the host; after the path the name of an index file, or an extension. */
static void write_path(struct resource *resource, size_t host_length, struct view path,
                       const char *dot, const char *name)
{
	struct buffer whole = BUFFER(resource->buffer);
	whole.length = host_length;
	buffer_add(&whole, path);
	buffer_add_string(&whole, dot);
	buffer_add_string(&whole, name);
	resource->buffer[whole.length] = '\0';
	resource->hit_path = buffer_view(&whole);
	resource->path = view_from(resource->hit_path, host_length);
}

/* Opens for reading, and sets through_links. Tries without links first: one call for most files. */
static int open_to_read(struct resource *resource, const char *name)
{
	int file = open_beneath(resource->site_directory, name, OPENING_FILE_NO_LINKS);
	resource->through_links = file < 0 && errno == ELOOP;
	return resource->through_links ? resource_open_name(resource, name, OPENING_FILE) : file;
}

static int open_path(struct resource *resource)
{
	return open_to_read(resource, resource->path.data + 1);
}

/* Opens the first index file that exists. */
static int open_index(const struct site *site, struct resource *resource,
                      const struct target *target)
{
	const struct options *options = site->options;
	size_t host_length = resource->hit_path.length;
	int file = -1;
	for (size_t i = 0; i < options->index_name_count; i++) {
		write_path(resource, host_length, target_path(target), "", options->index_names[i]);
		file = open_path(resource);
		if (file >= 0 || errno != ENOENT)
			break;
	}
	return file;
}

/*
 * Opens the first regular file whose name is the path with an extension. Returns it, or -1 with errno: EACCES
 * if such a file cannot be read, ENOENT if there is none, or else what made the system fail.
 */
static int open_extended(const struct site *site, struct resource *resource, size_t host_length,
                         struct view path)
{
	struct stat stat;
	int error = ENOENT;
	for (size_t i = 0; i < site->options->extension_count; i++) {
		write_path(resource, host_length, path, ".", site->options->extensions[i]);
		int file = open_path(resource);
		bool is_known = file >= 0 && fstat(file, &stat) == 0;
		if (is_known && S_ISREG(stat.st_mode))
			return file;
		if (!is_known && (errno == EACCES || resource_may_exist(errno)))
			error = errno;
		if (file >= 0)
			close(file);
		if (resource_may_exist(error))
			break;
	}
	errno = error;
	return -1;
}

/* Opens the file whose name lacks only its extension, if the path without its slash names one. */
static int open_without_slash(const struct site *site, struct resource *resource,
                              size_t host_length, const struct target *target)
{
	int error = errno;
	struct view path = {target->path, target->path_length - 1};
	int file = path.length > 0 ? open_extended(site, resource, host_length, path) : -1;
	if (file < 0 && resource_may_exist(errno))
		error = errno;
	resource->has_slash_too_many = file >= 0;
	write_path(resource, host_length, target_path(target), "", "");
	errno = error;
	return file;
}

/* Opens the index file or, if there is none and listings are on, the directory itself. */
static int open_directory(const struct site *site, struct resource *resource,
                          const struct target *target)
{
	size_t host_length = resource->hit_path.length;
	int file = open_index(site, resource, target);
	if (file < 0 && errno == ENOENT && site->options->list) {
		write_path(resource, host_length, target_path(target), "", "");
		file = open_to_read(resource,
		                    resource->path.length > 1 ? resource->path.data + 1 : ".");
		resource->is_listing = file >= 0;
	}
	return file < 0 && (errno == ENOENT || errno == ENOTDIR) &&
	               site->options->extension_count > 0
	           ? open_without_slash(site, resource, host_length, target)
	           : file;
}

/* Whether to look for the name with an extension: there is nothing, or only a directory. */
static bool lacks_extension(const struct site *site, int file)
{
	struct stat stat;
	if (site->options->extension_count == 0)
		return false;
	return file < 0 ? errno == ENOENT : fstat(file, &stat) == 0 && S_ISDIR(stat.st_mode);
}

/* Opens what the path names. A directory that can be entered but not read still gets a redirection. */
static int open_given_name(struct resource *resource, size_t host_length,
                           const struct target *target)
{
	write_path(resource, host_length, target_path(target), "", "");
	int file = open_path(resource);
	if (file >= 0 || errno != EACCES)
		return file;
	file = resource_open_name(resource, resource->path.data + 1, OPENING_DIRECTORY);
	if (file < 0)
		errno = EACCES;
	return file;
}

static int open_name(const struct site *site, struct resource *resource,
                     const struct target *target)
{
	size_t host_length = resource->hit_path.length;
	int file = open_given_name(resource, host_length, target);
	if (!lacks_extension(site, file))
		return file;
	int extended = open_extended(site, resource, host_length, target_path(target));
	if (extended < 0) {
		int error = errno;
		write_path(resource, host_length, target_path(target), "", "");
		errno = error;
	}
	if (extended < 0 && !resource_may_exist(errno))
		return file;
	if (file >= 0)
		close(file);
	return extended;
}

/* Returns the refusal, or 503 if the root directory cannot be entered. */
static struct refusal refuse_or_unusable(const struct site *site, struct refusal refusal)
{
	return site_is_usable(site) ? refusal : refuse(503, "root-unusable");
}

static struct refusal refusal_of_error(const struct site *site, int error)
{
	struct refusal refusal = refusal_of_errno(error);
	return refusal.status == 403 ? refuse_or_unusable(site, refusal) : refusal;
}

/* Appends the path that hits are counted under: the given one, or the real one. */
static void add_hit_path(struct buffer *text, const struct resource *resource, struct view path,
                         const struct real_path *real)
{
	size_t host_length = (size_t)(resource->path.data - resource->buffer);
	buffer_add(text, (struct view){resource->buffer, host_length});
	buffer_add(text, VIEW("/"));
	buffer_add(text,
	           real_path_allows_given(real) ? path : (struct view){real->bytes, real->length});
}

/* Opens the file again by its real path: links may have changed since it was opened. */
static bool open_real_path(struct resource *resource, const struct real_path *real)
{
	struct stat stat;
	const char *name = real->length > 0 ? real->bytes : ".";
	int file = open_beneath(resource->site_directory, name, OPENING_FILE_NO_LINKS);
	if (file < 0)
		return false;
	if (fstat(file, &stat) != 0 ||
	    (stat.st_mode & S_IFMT) != (resource->stat.st_mode & S_IFMT)) {
		close(file);
		errno = EAGAIN;
		return false;
	}
	close(resource->file);
	resource->file = file;
	resource->stat = stat;
	return true;
}

static bool find_hit_path(struct resource *resource)
{
	struct real_path real;
	struct buffer text = BUFFER(resource->hit_buffer);
	struct view path = view_from(resource->path, 1);
	if (!real_path_find(&real, resource->site_directory, &resource->absolute, path))
		return false;
	if (!real_path_allows_given(&real) && !open_real_path(resource, &real))
		return false;
	resource->name_is_link = real.ends_in_link;
	resource->is_site_directory = real.length == 0;
	resource->is_rules_file =
	    resource->has_rules && rules_are_at((struct view){real.bytes, real.length});
	add_hit_path(&text, resource, path, &real);
	if (text.data[text.length - 1] != '/' && resource->is_listing)
		buffer_add(&text, VIEW("/"));
	resource->hit_path = buffer_view(&text);
	return true;
}

/* Sets the hit path of a file whose path has links in it. Tries again if the links change meanwhile. */
static struct refusal find_stable_hit_path(const struct site *site, struct resource *resource)
{
	int races = 0;
	while (!find_hit_path(resource))
		if (errno == ENAMETOOLONG || ++races == RACES_MAX)
			return refusal_of_error(site, errno);
	return ACCEPTED;
}

bool resource_add_hit_path(const struct resource *directory, struct view name,
                           struct buffer *hit_path)
{
	char buffer[PATH_MAX];
	struct buffer path = BUFFER(buffer);
	struct real_path real;
	buffer_add(&path, view_from(directory->path, 1));
	buffer_add(&path, name);
	if (!real_path_find(&real, directory->site_directory, &directory->absolute,
	                    buffer_view(&path)))
		return false;
	add_hit_path(hit_path, directory, buffer_view(&path), &real);
	return !hit_path->truncated;
}

struct refusal resource_open_site(const struct site *site, struct view host,
                                  struct resource *resource)
{
	resource->site_directory = -1;
	resource->absolute = site->absolute;
	resource->file = -1;
	resource->is_directory = false;
	resource->has_slash_too_many = false;
	resource->is_listing = false;
	resource->through_links = resource->name_is_link = false;
	resource->has_rules = !site->options->no_rules;
	resource->is_rules_file = resource->is_site_directory = false;
	resource->hit_path = VIEW("");
	if (open_site_directory(site, resource, host))
		return ACCEPTED;
	return resource_may_exist(errno) ? refusal_of_errno(errno)
	                                 : refuse_or_unusable(site, refuse(404, "host-unknown"));
}

struct refusal resource_open(const struct site *site, struct view host, const struct target *target,
                             struct resource *resource)
{
	bool names_directory = target->path[target->path_length - 1] == '/';
	struct refusal refusal = resource_open_site(site, host, resource);
	if (refusal.status != 0)
		return refusal;
	if (target_is_hidden(target_path(target)))
		return refuse(404, "hidden");
	if (resource->has_rules && rules_are_at(view_from(target_path(target), 1)))
		return refuse(404, "rules-file");
	resource->file = names_directory ? open_directory(site, resource, target)
	                                 : open_name(site, resource, target);
	if (resource->file < 0)
		return refusal_of_error(site, errno);
	if (fstat(resource->file, &resource->stat) != 0)
		return refuse(500, "file-open-failed");
	resource->is_directory = S_ISDIR(resource->stat.st_mode) && !names_directory;
	if (!S_ISREG(resource->stat.st_mode) && !resource->is_directory && !resource->is_listing)
		return refuse(404, "not-a-regular-file");
	/* A redirection names the given path, and is not counted. */
	if (resource->through_links && !resource->is_directory && !resource->has_slash_too_many)
		refusal = find_stable_hit_path(site, resource);
	return resource->is_rules_file ? refuse(404, "rules-file") : refusal;
}

struct refusal resource_open_final(const struct site *site, struct view host, struct target *target,
                                   struct resource *resource)
{
	struct refusal refusal = resource_open(site, host, target, resource);
	if (refusal.status == 0 && resource->is_directory &&
	    target->path_length < TARGET_PATH_MAX) {
		target->path[target->path_length++] = '/';
		target->path[target->path_length] = '\0';
		resource_close(site, resource);
		refusal = resource_open(site, host, target, resource);
	}
	/* The name with an extension, as for a request without the slash. */
	if (refusal.status == 0 && resource->has_slash_too_many) {
		target->path[--target->path_length] = '\0';
		resource_close(site, resource);
		refusal = resource_open(site, host, target, resource);
	}
	bool is_file = refusal.status == 0 && S_ISREG(resource->stat.st_mode);
	return refusal.status != 0 || is_file ? refusal : refuse(404, "not-found");
}

int resource_open_name(const struct resource *resource, const char *name, enum opening opening)
{
	return real_path_open(resource->site_directory, &resource->absolute, name, opening);
}

/* Closes a file that is not a regular one, and sets errno: EISDIR for a directory, else EINVAL or fstat's. */
static int keep_regular(int file, struct stat *stat)
{
	if (file < 0)
		return file;
	bool is_known = fstat(file, stat) == 0;
	if (is_known && S_ISREG(stat->st_mode))
		return file;
	int not_regular = is_known && S_ISDIR(stat->st_mode) ? EISDIR : EINVAL;
	int error = is_known ? not_regular : errno;
	close(file);
	errno = error;
	return -1;
}

int resource_open_rules(const struct resource *resource, const char *name)
{
	struct stat stat;
	errno = ENOENT;
	return resource->site_directory < 0
	           ? -1
	           : keep_regular(resource_open_name(resource, name, OPENING_FILE), &stat);
}

/*
 * Opens a file through links, unless they lead to a file of rules. Opens its real path, which cannot lead
 * elsewhere meanwhile. Not inlined: its frame of several pages is only for links.
 */
__attribute__((noinline)) static int open_through_links(const struct resource *resource,
                                                        const char *name)
{
	struct real_path real;
	int file = resource_open_name(resource, name, OPENING_FILE);
	if (file < 0)
		return -1;
	close(file);
	if (!real_path_find(&real, resource->site_directory, &resource->absolute, view_of(name)) ||
	    (resource->has_rules && rules_are_at((struct view){real.bytes, real.length})))
		return -1;
	return open_beneath(resource->site_directory, real.bytes, OPENING_FILE_NO_LINKS);
}

int resource_open_beside(const struct resource *resource, const char *name, struct stat *stat)
{
	if (resource->site_directory < 0)
		return -1;
	int file = -1;
	errno = ELOOP;
	if (!resource->through_links)
		file = open_beneath(resource->site_directory, name, OPENING_FILE_NO_LINKS);
	if (file < 0 && errno == ELOOP)
		file = open_through_links(resource, name);
	return keep_regular(file, stat);
}

void resource_close_file(struct resource *resource)
{
	if (resource->file >= 0)
		close(resource->file);
	resource->file = -1;
}

void resource_close(const struct site *site, struct resource *resource)
{
	resource_close_file(resource);
	if (resource->site_directory >= 0 && resource->site_directory != site->root)
		close(resource->site_directory);
	resource->site_directory = -1;
}
