/* Looking up a user, so that a failure of the system differs from a user that does not exist. */
#ifndef MAYFLY_MAYFLYCTL_USER_H
#define MAYFLY_MAYFLYCTL_USER_H

#include <pwd.h>

/*
 * Returns the user of this name, valid until the next call; or NULL (errno): ENOENT if there is none, another error
 * if the system failed.
 */
const struct passwd *user_find(const char *name);

#endif
