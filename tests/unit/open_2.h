/*
 * For tests with a function open(2) of their own: what glibc calls in its place if the flags are not constant and
 * _FORTIFY_SOURCE is defined, as it is when a Debian package is built.
 */
#ifndef MAYFLY_TESTS_UNIT_OPEN_2_H
#define MAYFLY_TESTS_UNIT_OPEN_2_H

#include <fcntl.h>

int __open_2(const char *name,
             int flags); /* NOLINT(bugprone-reserved-identifier): its name in glibc */

int __open_2(const char *name, int flags)
{
	return (open)(name, flags);
}

#endif
