/* Looking up a user; see user.h. */
#include "user.h"
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether this is how getpwnam(3) says that there is no such user. */
static bool is_missing(int error)
{
	return error == 0 || error == ESRCH || error == EBADF || error == EPERM;
}

const struct passwd *user_find(const char *name)
{
	errno = 0;
	const struct passwd *user = getpwnam(name);
	if (user == NULL && is_missing(errno))
		errno = ENOENT;
	return user;
}
