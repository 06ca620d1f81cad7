/* Opening beneath a directory; see beneath.h. */
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
};

_Static_assert(sizeof(struct pinned) <= PINNED_SIZE_MAX,
               "the filter tells its parts apart by 8 bits");

_Alignas(PINNED_SIZE_MAX) const struct pinned pinned = {
    .hows = {
        [OPENING_FILE] = {.flags = READ_FLAGS, .resolve = RESOLVE},
        [OPENING_LISTING] = {.flags = READ_FLAGS | O_DIRECTORY, .resolve = RESOLVE},
        [OPENING_DIRECTORY] = {.flags = LOOK_FLAGS | O_DIRECTORY, .resolve = RESOLVE},
        [OPENING_LOOK] = {.flags = LOOK_FLAGS, .resolve = RESOLVE},
    }};

int open_beneath(int directory, const char *name, enum opening opening)
{
	const struct open_how *how = &pinned.hows[opening];
	int file;
	int races = 0;
	do {
		file = (int)syscall(SYS_openat2, directory, name, how, sizeof *how);
		/* EAGAIN: a rename somewhere made "beneath" undecidable. */
	} while (file < 0 && (errno == EINTR || (errno == EAGAIN && ++races < RACES_MAX)));
	return file;
}
