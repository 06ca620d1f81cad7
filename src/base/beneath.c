/* Opening files inside a directory; see beneath.h. */
#include "beneath.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	RACES_MAX = 8,
	READ_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	LOOK_FLAGS = O_PATH | O_CLOEXEC,
	RESOLVE = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	RESOLVE_PLAIN = RESOLVE | RESOLVE_NO_SYMLINKS,
};

_Static_assert(sizeof(struct pinned) <= PINNED_SIZE_MAX, "8 bits of an address identify a member");

_Alignas(PINNED_SIZE_MAX) const struct pinned pinned = {
    .hows = {
        [OPENING_FILE] = {.flags = READ_FLAGS, .resolve = RESOLVE},
        [OPENING_FILE_NO_LINKS] = {.flags = READ_FLAGS, .resolve = RESOLVE_PLAIN},
        [OPENING_DIRECTORY] = {.flags = LOOK_FLAGS | O_DIRECTORY, .resolve = RESOLVE},
        [OPENING_LOOK] = {.flags = LOOK_FLAGS, .resolve = RESOLVE},
        [OPENING_LINK] = {.flags = LOOK_FLAGS | O_NOFOLLOW, .resolve = RESOLVE_PLAIN},
    }};

int open_beneath(int directory, const char *name, enum opening opening)
{
	const struct open_how *how = &pinned.hows[opening];
	int file;
	int races = 0;
	do {
		file = (int)syscall(SYS_openat2, directory, name, how, sizeof *how);
		/* EAGAIN: a rename or mount elsewhere interfered with RESOLVE_BENEATH. */
	} while (file < 0 && (errno == EINTR || (errno == EAGAIN && ++races < RACES_MAX)));
	return file;
}

ssize_t read_link_beneath(int directory, const char *name, char *buffer, size_t size)
{
	int file = open_beneath(directory, name, OPENING_LINK);
	if (file < 0)
		return -1;
	ssize_t length = readlinkat(file, pinned.empty_path, buffer, size);
	int error = errno;
	close(file);
	if (length < 0 && error == ENOENT) /* an empty name of a file that is not a link */
		return 0;
	errno = error;
	return length;
}
