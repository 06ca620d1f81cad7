/* Opening beneath a directory; see beneath.h. */
#include "beneath.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RACES_MAX = 8 };

int open_beneath(int directory, const char *name, int flags)
{
	struct open_how how = {
	    .flags = (unsigned)flags | O_CLOEXEC,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int file;
	int races = 0;
	do {
		file = (int)syscall(SYS_openat2, directory, name, &how, sizeof how);
		/* EAGAIN: a rename somewhere made "beneath" undecidable. */
	} while (file < 0 && (errno == EINTR || (errno == EAGAIN && ++races < RACES_MAX)));
	return file;
}
