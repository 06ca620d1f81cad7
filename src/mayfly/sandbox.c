/* Confining the process; see sandbox.h. */
#include "sandbox.h"
#include "beneath.h"
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
	FILES_MORE = 16,             /* descriptors beside the root's */
	ADDRESS_SPACE_MAX = 1 << 26, /* bytes: some hundred times what a handler uses */
	GROWTH_MAX =
	    1 << 26, /* bytes: what others add to the counter file or the log meanwhile, too */
	/*
	 * Seconds of processor time. A response of 1 TiB takes 290 s on a socket and 590 s through
	 * a pipe (measured): a machine twelve times slower still sends it. After CPU_TIME_MAX the
	 * process gets SIGXCPU, by which the log names the cause; SIGKILL follows if it has blocked
	 * that.
	 */
	CPU_TIME_MAX = 7200,
	CPU_TIME_GRACE = 10,
};

/*
 * Lowers both limits of a resource, and never raises one. Most often they were higher, and one call
 * does it; a process without capabilities is refused to raise the hard limit, and what was raised
 * of the soft one is taken back.
 */
static bool limit_both(int resource, rlim_t soft, rlim_t hard)
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
	return limit_both(resource, max, max);
}

/* Of the counter file, and of the log where that is one. */
static bool limit_file_size(int hits, uint64_t log_size)
{
	struct stat file = {0};
	if (hits >= 0 && fstat(hits, &file) != 0)
		return false;
	uint64_t hits_size = (uint64_t)file.st_size;
	return limit(RLIMIT_FSIZE, (hits_size > log_size ? hits_size : log_size) + GROWTH_MAX);
}

static bool limit_resources(int root, int hits, uint64_t log_size, bool out_is_file)
{
	return limit(RLIMIT_NPROC, 0) && limit(RLIMIT_CORE, 0) &&
	       limit(RLIMIT_NOFILE, (rlim_t)root + FILES_MORE) &&
	       limit(RLIMIT_AS, ADDRESS_SPACE_MAX) &&
	       limit_both(RLIMIT_CPU, CPU_TIME_MAX, CPU_TIME_MAX + CPU_TIME_GRACE) &&
	       (out_is_file || limit_file_size(hits, log_size));
}

/* All sets of them: what is no longer permitted is not ambient either (capabilities(7)). */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	return syscall(SYS_capset, &header, none) == 0;
}

/* As kernels newer than the headers here know it (landlock(7)). */
struct ruleset {
	uint64_t file_system; /* rights that are denied but where a rule gives them */
	uint64_t network;
	uint64_t scoped;
};

enum {
	NETWORK_SINCE = 4,
	SCOPES_SINCE = 6,
	TCP_BIND_AND_CONNECT = 3,
	ABSTRACT_SOCKETS_AND_SIGNALS = 3
};

/* All that the kernel's version of Landlock can deny is denied. Returns the ruleset, or -1. */
static int make_ruleset(void)
{
	static const unsigned char RIGHTS[] = {0,  13, 14,
	                                       15, 15, 16}; /* so many, since version 1 */
	struct ruleset ruleset = {.network = TCP_BIND_AND_CONNECT,
	                          .scoped = ABSTRACT_SOCKETS_AND_SIGNALS};
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return -1;
	size_t newest = sizeof RIGHTS - 1;
	ruleset.file_system = (1U << RIGHTS[version < (long)newest ? (size_t)version : newest]) - 1;
	size_t size = sizeof ruleset;
	if (version < SCOPES_SINCE)
		size = offsetof(struct ruleset, scoped);
	if (version < NETWORK_SINCE)
		size = offsetof(struct ruleset, network);
	return (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
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
 * Allows nothing but reading under the root, and nothing at all without a root. The counter file is
 * open already and keeps its rights. The ruleset's descriptor stays open: seccomp makes it useless.
 */
static bool enter_landlock(int root)
{
	int ruleset = make_ruleset();
	return ruleset >= 0 && (root < 0 || allow_reading(ruleset, root)) &&
	       syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

/* The address of the pinned constants (beneath.h), and of what is at an offset of them. */
#define PINNED_HIGH ((uint32_t)((uintptr_t)&pinned >> 32))
#define PINNED_LOW(offset) ((uint32_t)(uintptr_t)&pinned + (offset))

static bool enter_seccomp(void)
{
	/* Not static: where the pinned constants are is known only now. */
	struct sock_filter filter[] = {
#include "mayfly/seccomp_filter.inc"
	};
	struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/*
 * glibc's own would call newfstatat(2), which takes a path and so is not in the filter. libc's struct
 * stat is the kernel's on the processors that there is a filter for.
 */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's have underscores */
int fstat(int file, struct stat *status)
{
	return (int)syscall(SYS_fstat, file, status);
}

const char *sandbox_enter(int root, int hits, uint64_t log_size, bool out_is_file)
{
	const char *lacking = NULL;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		lacking = "no_new_privs";
	if (!drop_capabilities())
		lacking = "dropping capabilities";
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		lacking = "PR_SET_DUMPABLE";
	if (!limit_resources(root, hits, log_size, out_is_file))
		lacking = "limits of resources";
	if (!enter_landlock(root))
		lacking = "Landlock";
	if (!enter_seccomp())
		lacking = "seccomp";
	return lacking;
}
