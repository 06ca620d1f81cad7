/* Checking the kernel; see checks.h. */
#include "checks.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * What Landlock can deny since a later ABI than its first, and since which Linux (landlock(7)). ABI
 * 2 is not here: it made deniable what the first always denied.
 */
static const struct right {
	long abi;
	const char *name;
	const char *linux_version;
} RIGHTS[] = {
    {3, "truncating files", "6.2"},
    {4, "TCP", "6.7"},
    {5, "ioctl on devices", "6.10"},
    {6, "abstract Unix sockets and signals", "6.12"},
};

/* No finding: the handler's seccomp filter denies the same on every kernel (mayfly(8), Sandbox). */
static void note_missing_rights(long abi, struct findings *findings)
{
	char list[512] = "";
	size_t length = 0;
	for (size_t i = 0; i < sizeof RIGHTS / sizeof RIGHTS[0]; i++)
		if (RIGHTS[i].abi > abi)
			length += (size_t)snprintf(list + length, sizeof list - length,
			                           "%s%s (Linux %s)", length > 0 ? ", " : "",
			                           RIGHTS[i].name, RIGHTS[i].linux_version);
	if (length > 0)
		noted(findings, "This kernel has Landlock ABI %ld, so that only seccomp denies %s",
		      abi, list);
}

static void check_landlock(struct findings *findings)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		found(findings,
		      "boot with landlock among those that lsm= lists (Linux 5.13 or newer)",
		      "Landlock is not available");
	else
		note_missing_rights(abi, findings);
}

void check_kernel(struct findings *findings)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
	int here = (int)syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how);
	if (here >= 0)
		close(here);
	else if (errno == ENOSYS)
		found(findings, "run Linux 5.6 or newer",
		      "the kernel has no openat2(2): every request is answered 500");
	check_landlock(findings);
	if (prctl(PR_GET_SECCOMP) < 0)
		found(findings, "run a kernel that was built with CONFIG_SECCOMP_FILTER",
		      "seccomp is not available");
}
