/* Entering the sandbox; see sandbox.h. */
#include "sandbox.h"
#include "base/beneath.h"
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	FILES_MORE = 16,             /* descriptors above the root's */
	ADDRESS_SPACE_MAX = 1 << 26, /* bytes: about 100 times what a handler uses */
	GROWTH_MAX =
	    1 << 26, /* bytes that all handlers may add to the counter file or log meanwhile */
	/*
	 * Seconds of processor time. A response of 1 TiB takes 290 s to a socket and 590 s to a pipe
	 * (measured): a machine twelve times slower can still send it. After CPU_TIME_MAX the process
	 * gets SIGXCPU, which systemd logs as the cause; then SIGKILL, if it has blocked that.
	 */
	CPU_TIME_MAX = 7200,
	CPU_TIME_GRACE = 10,
};

/*
 * Lowers the soft and the hard limit of a resource, and never raises one. One call is enough if both
 * were higher. If the hard limit was lower, a process without capabilities gets EPERM; if the soft
 * limit was lower, it is restored.
 */
static bool limit_soft_and_hard(int resource, rlim_t soft, rlim_t hard)
{
	struct rlimit lowered = {soft, hard};
	struct rlimit before;
	bool lowers = prlimit(0, resource, &lowered, &before) == 0;
	if (lowers && before.rlim_cur >= soft)
		return true;
	if (!lowers && prlimit(0, resource, NULL, &before) != 0)
		return false;
	if (before.rlim_max > hard)
		before.rlim_max = hard;
	return prlimit(0, resource, &before, NULL) == 0;
}

static bool limit(int resource, rlim_t max)
{
	return limit_soft_and_hard(resource, max, max);
}

/* Raises *max to the size of a counter file, if that is larger. `file`: -1 if there is none. */
static bool include_size(int file, uint64_t *max)
{
	struct stat stat;
	if (file < 0)
		return true;
	if (fstat(file, &stat) != 0)
		return false;
	if ((uint64_t)stat.st_size > *max)
		*max = (uint64_t)stat.st_size;
	return true;
}

/* Limits the size of the counter files, and of the log if that is a file. */
static bool limit_file_size(int hits, int robots, uint64_t log_size)
{
	uint64_t max = log_size;
	return include_size(hits, &max) && include_size(robots, &max) &&
	       limit(RLIMIT_FSIZE, max + GROWTH_MAX);
}

static bool limit_resources(int root, int hits, int robots, uint64_t log_size, bool out_is_file)
{
	return limit(RLIMIT_NPROC, 0) && limit(RLIMIT_CORE, 0) &&
	       limit(RLIMIT_NOFILE, (rlim_t)root + FILES_MORE) &&
	       limit(RLIMIT_AS, ADDRESS_SPACE_MAX) &&
	       limit_soft_and_hard(RLIMIT_CPU, CPU_TIME_MAX, CPU_TIME_MAX + CPU_TIME_GRACE) &&
	       (out_is_file || limit_file_size(hits, robots, log_size));
}

/* Drops all capabilities; those no longer permitted leave the ambient set, too (capabilities(7)). */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	return syscall(SYS_capset, &header, none) == 0;
}

/* struct landlock_ruleset_attr of kernels newer than the installed headers (landlock(7)). */
struct ruleset {
	uint64_t file_system; /* rights that are denied unless a rule grants them */
	uint64_t network;
	uint64_t scoped;
};

enum {
	NETWORK_SINCE = 4,
	SCOPES_SINCE = 6,
	ALL_FILE_SYSTEM_RIGHTS = 0xffff,
	TCP_BIND_AND_CONNECT = 3,
	ABSTRACT_SOCKETS_AND_SIGNALS = 3
};

static int create_ruleset(const struct ruleset *ruleset, size_t size)
{
	return (int)syscall(SYS_landlock_create_ruleset, ruleset, size, 0);
}

/* Denies all that this version of Landlock can deny. Returns the ruleset's descriptor, or -1. */
static int make_ruleset_of(long version, struct ruleset ruleset)
{
	/* Number of file system rights that each version knows. */
	static const unsigned char RIGHTS[] = {0, 13, 14, 15, 15, 16};
	size_t newest = sizeof RIGHTS - 1;
	ruleset.file_system = (1U << RIGHTS[version < (long)newest ? (size_t)version : newest]) - 1;
	size_t size = sizeof ruleset;
	if (version < SCOPES_SINCE)
		size = offsetof(struct ruleset, scoped);
	if (version < NETWORK_SINCE)
		size = offsetof(struct ruleset, network);
	return create_ruleset(&ruleset, size);
}

/*
 * Denies all that the kernel can deny. Asks for its version only if it does not know the newest
 * ruleset (Linux 6.12), which saves a system call. Returns the ruleset's descriptor, or -1.
 */
static int make_ruleset(void)
{
	const struct ruleset newest = {.file_system = ALL_FILE_SYSTEM_RIGHTS,
	                               .network = TCP_BIND_AND_CONNECT,
	                               .scoped = ABSTRACT_SOCKETS_AND_SIGNALS};
	int ruleset = create_ruleset(&newest, sizeof newest);
	if (ruleset >= 0)
		return ruleset;
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	return version < 1 ? -1 : make_ruleset_of(version, newest);
}

static bool allow_reading(int ruleset, int root)
{
	struct landlock_path_beneath_attr reading = {
	    .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	    .parent_fd = root,
	};
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &reading, 0) ==
	       0;
}

/*
 * Allows only reading under the root, or nothing without a root. The counter files are open already and
 * keep their rights. The ruleset's descriptor stays open: the seccomp filter makes it useless.
 */
static bool enter_landlock(int root)
{
	int ruleset = make_ruleset();
	return ruleset >= 0 && (root < 0 || allow_reading(ruleset, root)) &&
	       syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

/* The address of the pinned arguments (beneath.h), which the filter compares with. */
#define PINNED_HIGH ((uint32_t)((uintptr_t)&pinned >> 32))
#define PINNED_LOW(offset) ((uint32_t)(uintptr_t)&pinned + (offset))

static bool enter_seccomp(void)
{
	/* Not static: the address of the pinned arguments is known only at run time. */
	struct sock_filter filter[] = {
#include "mayfly/seccomp_filter.inc"
	};
	struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/*
 * Replaces libc's: glibc's calls newfstatat(2), which takes a path, so the filter forbids it. libc's
 * struct stat equals the kernel's on the processors that a filter exists for.
 */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's have underscores */
int fstat(int file, struct stat *status)
{
	return (int)syscall(SYS_fstat, file, status);
}

const char *sandbox_enter(int root, int hits, int robots, uint64_t log_size, bool out_is_file)
{
	const char *missing = NULL;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		missing = "no_new_privs";
	if (!drop_capabilities())
		missing = "capset";
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		missing = "PR_SET_DUMPABLE";
	if (!limit_resources(root, hits, robots, log_size, out_is_file))
		missing = "resource limits";
	if (!enter_landlock(root))
		missing = "Landlock";
	if (!enter_seccomp())
		missing = "seccomp";
	return missing;
}
