/* Doing as the handler's user does. */
#ifndef MAYFLY_MAYFLYCTL_USER_H
#define MAYFLY_MAYFLYCTL_USER_H

#include <stdbool.h>

/* Whether this process can: as root, or as that user already. */
bool user_can_become(const char *name);

/*
 * From here on the process opens files as that user: its effective user, group and groups are. For
 * who is not root nothing changes. False where there is no such user.
 */
bool user_become(const char *name);

/* The same for good: there is no way back. For a child that is about to run another program. */
bool user_stay(const char *name);

/* Back to who the process was. */
void user_return(void);

#endif
