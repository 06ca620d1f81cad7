/* Confining the process; see sandbox.h. */
#include "sandbox.h"
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	FILES_MORE = 16,              /* descriptors beside the root's */
	ADDRESS_SPACE_MOST = 1 << 26, /* bytes: some hundred times what a handler uses */
	GROWTH_MOST = 1 << 26, /* bytes: what others add to the counter file meanwhile, too */
};

/* Lowers a limit, and never raises one. */
static bool limit(int resource, rlim_t most)
{
	struct rlimit limits;
	if (getrlimit(resource, &limits) != 0)
		return false;
	if (limits.rlim_max > most)
		limits.rlim_max = most;
	if (limits.rlim_cur > limits.rlim_max)
		limits.rlim_cur = limits.rlim_max;
	return setrlimit(resource, &limits) == 0;
}

/* Of the counter file. A response that goes into a file may be as large as what is served. */
static bool limit_file_size(int hits)
{
	struct stat output;
	struct stat file = {0};
	if (fstat(STDOUT_FILENO, &output) == 0 && S_ISREG(output.st_mode))
		return true;
	if (hits >= 0 && fstat(hits, &file) != 0)
		return false;
	return limit(RLIMIT_FSIZE, (rlim_t)file.st_size + GROWTH_MOST);
}

static bool limit_resources(int root, int hits)
{
	return limit(RLIMIT_NPROC, 0) && limit(RLIMIT_CORE, 0) &&
	       limit(RLIMIT_NOFILE, (rlim_t)root + FILES_MORE) &&
	       limit(RLIMIT_AS, ADDRESS_SPACE_MOST) && limit_file_size(hits);
}

static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
	       syscall(SYS_capset, &header, none) == 0;
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

/* Nothing but reading beneath the root. The counter file is open, and its rights are its own. */
static bool enter_landlock(int root)
{
	struct landlock_path_beneath_attr reading = {
	    .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	    .parent_fd = root,
	};
	int ruleset = make_ruleset();
	if (ruleset < 0)
		return false;
	bool entered =
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &reading, 0) == 0 &&
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return entered;
}

static bool enter_seccomp(void)
{
	static struct sock_filter filter[] = {
#include "mayfly/seccomp_filter.inc"
	};
	struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

const char *sandbox_enter(int root, int hits)
{
	const char *lacking = NULL;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		lacking = "no_new_privs";
	if (!drop_capabilities())
		lacking = "dropping capabilities";
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		lacking = "PR_SET_DUMPABLE";
	if (!limit_resources(root, hits))
		lacking = "limits of resources";
	if (!enter_landlock(root))
		lacking = "Landlock";
	if (!enter_seccomp())
		lacking = "seccomp";
	return lacking;
}
