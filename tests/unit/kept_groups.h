/* For tests in which a command becomes another user in name only: the process keeps its groups. */
#ifndef MAYFLY_TESTS_UNIT_KEPT_GROUPS_H
#define MAYFLY_TESTS_UNIT_KEPT_GROUPS_H

#include <grp.h>
#include <unistd.h>

int setegid(gid_t group)
{
	(void)group;
	return 0;
}

int setgroups(size_t count, const gid_t *groups)
{
	(void)count;
	(void)groups;
	return 0;
}

#endif
