/* Doing as another user; see user.h. */
#include "user.h"
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

bool user_can_become(const char *name)
{
	const struct passwd *user = getpwnam(name);
	return getuid() == 0 || (user != NULL && user->pw_uid == getuid());
}

bool user_become(const char *name)
{
	const struct passwd *user = getpwnam(name);
	if (user == NULL)
		return false;
	if (getuid() != 0)
		return true;
	return initgroups(name, user->pw_gid) == 0 && setegid(user->pw_gid) == 0 &&
	       seteuid(user->pw_uid) == 0;
}

bool user_stay(const char *name)
{
	const struct passwd *user = getpwnam(name);
	if (getuid() != 0)
		return true;
	return user != NULL && initgroups(name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
	       setuid(user->pw_uid) == 0;
}

void user_return(void)
{
	if (getuid() != 0)
		return;
	/* They cannot fail for root; were they to, later checks would only see less. */
	if (seteuid(0) != 0 || setegid(0) != 0 || setgroups(0, NULL) != 0)
		return;
}
