/*
 * Tries to escape from the handler's sandbox: `escape DIRECTORY`, as root, with an empty
 * directory. Each attempt is made by several children; a line has the results, `attempt | result
 * | ...`: "done", the name of an error, or the name of the signal that killed the child. The
 * children are confined as CONFINEMENTS lists: not at all, by sandbox_enter as it is, as on
 * kernels with an older Landlock, and as on a kernel that has Landlock only. The last two show
 * what each layer prevents. Linked with --wrap=syscall and --wrap=prctl, so that sandbox.c needs
 * no code for this.
 */
#include "base/beneath.h"
#include "mayfly/sandbox.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct confinement {
	bool confined;
	long landlock_abi_max;
	bool has_seccomp;
} CONFINEMENTS[] = {
    {.confined = false}, {true, LONG_MAX, true},  {true, 3, true},  {true, 2, true},
    {true, 1, true},     {true, LONG_MAX, false}, {true, 2, false},
};

/* The confinement of this child. */
static const struct confinement *confinement = &CONFINEMENTS[0];

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
int __real_prctl(int operation, ...);
int __wrap_prctl(int operation, ...);

/* Whether a ruleset has more than Landlock of ABI 1 to 3 knows: rights of files, or other members. */
static bool is_too_new(const uint64_t *ruleset, size_t size)
{
	long abi = confinement->landlock_abi_max;
	return ruleset != NULL && abi <= 3 &&
	       (size > sizeof *ruleset || *ruleset >> (12 + abi) != 0);
}

/* The kernel's, but Landlock has an older ABI. */
long __wrap_syscall(long number, ...)
{
	long arguments[6];
	va_list list;
	va_start(list, number);
	for (size_t i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_landlock_create_ruleset &&
	    is_too_new((const uint64_t *)arguments[0], (size_t)arguments[1])) {
		errno = E2BIG;
		return -1;
	}
	long result = __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
	                             arguments[4], arguments[5]);
	bool is_abi = number == SYS_landlock_create_ruleset &&
	              (unsigned)arguments[2] == LANDLOCK_CREATE_RULESET_VERSION;
	return is_abi && result > confinement->landlock_abi_max ? confinement->landlock_abi_max
	                                                        : result;
}

/* The kernel's, but a seccomp filter may be accepted and ignored. */
int __wrap_prctl(int operation, ...)
{
	long arguments[4];
	va_list list;
	va_start(list, operation);
	for (size_t i = 0; i < 4; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (operation == PR_SET_SECCOMP && !confinement->has_seccomp)
		return 0;
	return __real_prctl(operation, arguments[0], arguments[1], arguments[2], arguments[3]);
}

/* Descriptors of the children, as a handler has them. */
static int root, counter_file, outside, tcp, udp, elsewhere;
static struct sockaddr_in address;
static struct file_handle *handle;
static pid_t parent;
static char stack[65536] __attribute__((aligned(4096)));

static long at(int directory, const char *name, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {
	    .flags = flags, .mode = (flags & O_CREAT) != 0 ? 0600 : 0, .resolve = resolve};
	return syscall(SYS_openat2, directory, name, &how, sizeof how);
}

/* Opens as the handler does. */
static long handler_opens(int directory, const char *name, enum opening opening)
{
	return syscall(SYS_openat2, directory, name, &pinned.hows[opening], sizeof pinned.hows[0]);
}

static void *page_of_pinned(void)
{
	return (void *)((uintptr_t)&pinned & ~(uintptr_t)4095);
}

static long map_page(void *where, int protection, int flags)
{
	return mmap(where, 4096, protection, flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	               MAP_FAILED
	           ? -1
	           : 0;
}

static long move_over_pinned(void)
{
	return mremap(stack, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, page_of_pinned()) ==
	               MAP_FAILED
	           ? -1
	           : 0;
}

/* Ends a new process at once. */
static long end_if_child(long process)
{
	if (process == 0)
		_exit(0);
	return process;
}

static int wait_and_return(void *nothing)
{
	(void)nothing;
	return 0;
}

static long run_bpf(void)
{
	union bpf_attr map = {
	    .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
	return syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map);
}

static long take_capability(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	unsigned mask = 1U << CAP_DAC_OVERRIDE;
	struct __user_cap_data_struct one[2] = {{mask, mask, 0}};
	return syscall(SYS_capset, &header, one);
}

static long read_parent(void)
{
	char here[1] = "";
	struct iovec local = {here, 1}, remote = {stack, 1};
	return process_vm_readv(getppid(), &local, 1, &remote, 1, 0);
}

static long clone_new(void)
{
	struct clone_args arguments = {.exit_signal = SIGCHLD};
	return end_if_child(syscall(SYS_clone3, &arguments, sizeof arguments));
}

static long execute_memory(void)
{
	char *const none[] = {NULL};
	int file = (int)syscall(SYS_memfd_create, "x", 0);
	return file < 0                               ? -1
	       : write(file, "#!/bin/true\n", 12) < 0 ? -1
	                                              : fexecve(file, none, none);
}

static long ring(void)
{
	struct io_uring_params parameters = {0};
	return syscall(SYS_io_uring_setup, 1, &parameters);
}

static long run_true(void)
{
	char *const arguments[] = {"true", NULL}, *const none[] = {NULL};
	return execve("/bin/true", arguments, none);
}

static long raise_limit(void)
{
	struct rlimit limit = {512, 512};
	return setrlimit(RLIMIT_NOFILE, &limit);
}

/* Uses CPU time without a system call: outside the sandbox, a second; inside, more than the limit that await sets. */
static long spin(void)
{
	enum { SPIN_SECONDS = 6 }; /* a busy kernel checks the limits some seconds late */
	clock_t end = (confinement->confined ? SPIN_SECONDS : 1) * CLOCKS_PER_SEC;
	while (clock() < end)
		continue;
	return 0;
}

static long spin_with_xcpu_blocked(void)
{
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGXCPU);
	return sigprocmask(SIG_BLOCK, &signals, NULL) != 0 ? -1 : spin();
}

static long grow_counter_file(void)
{
	struct stat file;
	return fstat(counter_file, &file) != 0 ? -1
	                                       : ftruncate(counter_file, file.st_size + (1 << 30));
}

static const char *fd_name(int descriptor)
{
	static char name[64];
	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
	return name;
}

/*
 * Landlock before ABI 3 denies O_WRONLY and O_RDWR, but not an access mode without
 * reading and writing.
 */
#define TRUNCATIONS(X, what, directory, name)                                                      \
	X("openat2 to truncate " what ", O_WRONLY", at(directory, name, O_WRONLY | O_TRUNC, 0))    \
	X("openat2 to truncate " what ", O_RDWR", at(directory, name, O_RDWR | O_TRUNC, 0))        \
	X("openat2 to truncate " what ", O_RDONLY", at(directory, name, O_RDONLY | O_TRUNC, 0))    \
	X("openat2 to truncate " what ", O_ACCMODE", at(directory, name, O_ACCMODE | O_TRUNC, 0))

#define ATTEMPTS(X)                                                                                \
	X("openat2 /etc/passwd", at(AT_FDCWD, "/etc/passwd", O_RDONLY, 0))                         \
	X("openat2 ../sibling to read", at(root, "../sibling", O_RDONLY, 0))                       \
	X("openat2 ../sibling to write", at(root, "../sibling", O_WRONLY, 0))                      \
	X("openat2 the counter file by name", at(root, "../hits", O_RDWR, 0))                      \
	X("openat2 a directory outside", at(outside, ".", O_RDONLY | O_DIRECTORY, 0))              \
	X("openat2 a file of a directory outside",                                                 \
	  at(outside, "sibling", O_RDONLY, RESOLVE_BENEATH))                                       \
	X("openat2 a link out of the root", at(root, "leaving", O_RDONLY, 0))                      \
	X("openat2 below the root to write", at(root, "page", O_WRONLY, RESOLVE_BENEATH))          \
	X("openat2 below the root to create",                                                      \
	  at(root, "new", O_WRONLY | O_CREAT, RESOLVE_BENEATH))                                    \
	X("openat2 below the root to make a nameless file",                                        \
	  at(root, ".", O_WRONLY | O_TMPFILE, RESOLVE_BENEATH))                                    \
	TRUNCATIONS(X, "a file of this user", root, "../sibling")                                  \
	TRUNCATIONS(X, "a file of another user", root, "../other")                                 \
	TRUNCATIONS(X, "the counter file", root, "../hits")                                        \
	TRUNCATIONS(X, "a file below the root", root, "page")                                      \
	TRUNCATIONS(X, "a descriptor", AT_FDCWD, fd_name(counter_file))                            \
	X("openat2 as the handler, but from the current directory",                                \
	  handler_opens(AT_FDCWD, "sibling", OPENING_FILE))                                        \
	X("openat2 as the handler, but of a directory outside",                                    \
	  handler_opens(outside, "sibling", OPENING_FILE))                                         \
	X("mprotect of the handler's arguments",                                                   \
	  mprotect(page_of_pinned(), 4096, PROT_READ | PROT_WRITE))                                \
	X("mmap over the handler's arguments", map_page(page_of_pinned(), PROT_READ, MAP_FIXED))   \
	X("mremap over the handler's arguments", move_over_pinned())                               \
	X("look at ../sibling by O_PATH", at(root, "../sibling", O_PATH, 0))                       \
	X("look at a file elsewhere from the current directory",                                   \
	  handler_opens(AT_FDCWD, "sibling", OPENING_LOOK))                                        \
	X("newfstatat", fstatat(AT_FDCWD, "sibling", &(struct stat){0}, 0))                        \
	X("statx", statx(AT_FDCWD, "sibling", 0, STATX_BASIC_STATS, &(struct statx){0}))           \
	X("faccessat", faccessat(AT_FDCWD, "sibling", F_OK, 0))                                    \
	X("readlinkat", readlinkat(root, "leaving", stack, sizeof stack))                          \
	X("openat2 /proc/self/fd of the counter file",                                             \
	  at(AT_FDCWD, fd_name(counter_file), O_RDWR, 0))                                          \
	X("openat2 /proc/self/fd of a directory outside",                                          \
	  at(AT_FDCWD, fd_name(outside), O_RDONLY, 0))                                             \
	X("openat2 /proc/self/mem", at(AT_FDCWD, "/proc/self/mem", O_RDWR, 0))                     \
	X("openat2 /dev/null to write", at(AT_FDCWD, "/dev/null", O_WRONLY, 0))                    \
	X("openat below the root", openat(root, "page", O_RDONLY))                                 \
	X("open_by_handle_at", syscall(SYS_open_by_handle_at, outside, handle, O_RDONLY))          \
	X("mkdirat", mkdirat(root, "directory", 0700))                                             \
	X("linkat", linkat(root, "page", root, "linked", 0))                                       \
	X("renameat", renameat(root, "linked", root, "renamed"))                                   \
	X("symlinkat", symlinkat("/etc", root, "symbolic"))                                        \
	X("unlinkat", unlinkat(root, "renamed", 0))                                                \
	X("fchmodat", fchmodat(root, "page", 0777, 0))                                             \
	X("truncate", truncate("sibling", 0))                                                      \
	X("fchdir", fchdir(outside))                                                               \
	X("chroot", chroot("/"))                                                                   \
	X("socket AF_UNIX", socket(AF_UNIX, SOCK_STREAM, 0))                                       \
	X("socket AF_INET", socket(AF_INET, SOCK_STREAM, 0))                                       \
	X("socket AF_INET6", socket(AF_INET6, SOCK_STREAM, 0))                                     \
	X("socket AF_NETLINK", socket(AF_NETLINK, SOCK_RAW, 0))                                    \
	X("socket AF_PACKET", socket(AF_PACKET, SOCK_RAW, 0))                                      \
	X("connect", connect(tcp, (struct sockaddr *)&address, sizeof address))                    \
	X("bind", bind(udp, (struct sockaddr *)&address, sizeof address))                          \
	X("sendto an address", sendto(udp, "", 0, 0, (struct sockaddr *)&address, sizeof address)) \
	X("sendmsg", sendmsg(elsewhere, &(struct msghdr){0}, 0))                                   \
	X("execve", run_true())                                                                    \
	X("memfd_create and execve", execute_memory())                                             \
	X("fork", end_if_child(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)))                           \
	X("clone of a thread",                                                                     \
	  clone(wait_and_return, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL))                  \
	X("clone3", clone_new())                                                                   \
	X("kill of the parent", kill(parent, SIGCONT))                                             \
	X("ptrace of the parent", ptrace(PTRACE_SEIZE, parent, 0, 0))                              \
	X("process_vm_readv of the parent", read_parent())                                         \
	X("mount", mount("none", ".", "tmpfs", 0, NULL))                                           \
	X("unshare", unshare(CLONE_NEWNS))                                                         \
	X("setuid", setuid(65534))                                                                 \
	X("capset", take_capability())                                                             \
	X("prctl to be dumpable", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))                              \
	X("ftruncate of the counter file to a GiB more", grow_counter_file())                      \
	X("setrlimit", raise_limit())                                                              \
	X("spinning", spin())                                                                      \
	X("spinning with SIGXCPU blocked", spin_with_xcpu_blocked())                               \
	X("io_uring_setup", ring())                                                                \
	X("bpf", run_bpf())                                                                        \
	X("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1))       \
	X("mprotect to execute", mprotect(stack, 4096, PROT_READ | PROT_EXEC))                     \
	X("mmap to execute", map_page(NULL, PROT_EXEC, 0))                                         \
	X("rt_sigaction of SIGSYS", signal(SIGSYS, SIG_IGN) == SIG_ERR ? -1 : 0)

#define NAME(name, call) name,
static const char *const NAMES[] = {ATTEMPTS(NAME)};

static long attempt(size_t number)
{
	enum { BEFORE_THE_FIRST = __COUNTER__ };
#define TRY(name, call)                                                                            \
	case __COUNTER__ - BEFORE_THE_FIRST - 1:                                                   \
		return call;
	switch (number) {
		ATTEMPTS(TRY)
	default:
		abort();
	}
}

static _Noreturn void try_it(size_t number)
{
	if (confinement->confined && sandbox_enter(root, counter_file, -1, 0, false) != NULL)
		_exit(255);
	_exit(attempt(number) < 0 ? errno : 0);
}

/*
 * Waits for the child. If its CPU time is limited, lowers the limit to a second, because the test
 * cannot wait for hours; does not add a limit.
 */
static bool await(pid_t child, int *status)
{
	static const struct rlimit SHORT = {1, 2}; /* seconds */
	pid_t ended;
	while ((ended = waitpid(child, status, WNOHANG)) == 0) {
		struct rlimit limit;
		if (prlimit(child, RLIMIT_CPU, NULL, &limit) == 0 &&
		    limit.rlim_cur != RLIM_INFINITY)
			(void)prlimit(child, RLIMIT_CPU, &SHORT, NULL);
		(void)usleep(1000);
	}
	return ended == child;
}

static const char *result_of(size_t number)
{
	int status;
	pid_t child = fork();
	if (child == 0)
		try_it(number);
	if (!await(child, &status))
		return "lost";
	if (WIFSIGNALED(status))
		return sigabbrev_np(WTERMSIG(status));
	if (WEXITSTATUS(status) == 255)
		return "no sandbox";
	return WEXITSTATUS(status) == 0 ? "done" : strerrorname_np(WEXITSTATUS(status));
}

static int make(const char *name)
{
	return open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
}

static bool prepare(const char *directory)
{
	int mount_point;
	socklen_t length = sizeof address;
	parent = getpid();
	handle = calloc(1, sizeof *handle + MAX_HANDLE_SZ);
	if (handle == NULL || chdir(directory) != 0 || mkdir("root", 0755) != 0 ||
	    make("root/page") < 0 || symlink("../sibling", "root/leaving") != 0 ||
	    make("sibling") < 0 || make("other") < 0 || chown("other", 65534, 65534) != 0)
		return false;
	handle->handle_bytes = MAX_HANDLE_SZ;
	root = open("root", O_PATH | O_DIRECTORY);
	outside = open(".", O_RDONLY | O_DIRECTORY);
	counter_file = make("hits");
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	elsewhere = socket(AF_INET, SOCK_DGRAM, 0);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	address =
	    (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return name_to_handle_at(outside, "sibling", handle, &mount_point, 0) == 0 &&
	       listen(listener, 8) == 0 &&
	       getsockname(listener, (struct sockaddr *)&address, &length) == 0 &&
	       connect(elsewhere, (struct sockaddr *)&address, sizeof address) == 0;
}

int main(int argc, char **argv)
{
	if (argc != 2 || !prepare(argv[1])) {
		perror("escape DIRECTORY");
		return 1;
	}
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		printf("%s", NAMES[i]);
		for (size_t j = 0; j < sizeof CONFINEMENTS / sizeof CONFINEMENTS[0]; j++) {
			(void)fflush(stdout);
			confinement = &CONFINEMENTS[j];
			printf(" | %s", result_of(i));
		}
		putchar('\n');
		confinement = &CONFINEMENTS[0];
	}
	return 0;
}
