/* Checking the kernel; see checks.h. */
#include "checks.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void check_kernel(struct findings *findings)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
	int here = (int)syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how);
	if (here >= 0)
		close(here);
	else if (errno == ENOSYS)
		found(findings, "run Linux 5.6 or newer",
		      "the kernel has no openat2(2): every request is answered 500");
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
		found(findings,
		      "boot with landlock among those that lsm= lists (Linux 5.13 or newer)",
		      "Landlock is not available");
	if (prctl(PR_GET_SECCOMP) < 0)
		found(findings, "run a kernel that was built with CONFIG_SECCOMP_FILTER",
		      "seccomp is not available");
}
