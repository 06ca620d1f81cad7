/*
 * Writes the handler's filter of system calls, for another processor too, as a table of C that the
 * handler is compiled with: `filter ARCHITECTURE` (x86_64 or aarch64). What is not listed here ends
 * the process. The list is what the handler calls behind sandbox_enter (src/mayfly/sandbox.h),
 * against musl or glibc, and no more.
 *
 * In front of what libseccomp makes of it stands an instruction that does nothing. The kernel tries
 * a new filter on each number that a system call can have, to keep those that it always allows; a
 * process that makes two dozen calls never gets that back. A transfer to the index register, which
 * that trial does not follow, ends it at once.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { INSTRUCTIONS_MAX = 4096, TREE = 2 };

/* A call that may be made, with any argument or with one value of one argument. */
struct allowed {
	const char *name;
	unsigned argument; /* counted from 0 */
	enum { ANY, ONLY } which;
	uint64_t value;
};

static const struct allowed ALLOWED[] = {
    /* The connection. */
    {"read", 0, ANY, 0},
    {"recvfrom", 0, ANY, 0},
    {"write", 0, ANY, 0},
    {"sendto", 4, ONLY, 0}, /* to whom the socket is connected, and nobody else */
    {"sendfile", 0, ANY, 0},
    {"poll", 0, ANY, 0},
    {"ppoll", 0, ANY, 0},
    {"ioctl", 1, ONLY, SIOCOUTQ},
    {"ioctl", 1, ONLY, FIONREAD},
    {"shutdown", 1, ONLY, SHUT_WR},

    /* The site. A filter does not see what struct open_how points to: Landlock keeps what is opened
     * beneath the root, and to reading. */
    {"openat2", 3, ONLY, 24},
    {"fstat", 0, ANY, 0},
    {"newfstatat", 3, ONLY, AT_EMPTY_PATH}, /* glibc's fstat */
    {"close", 0, ANY, 0},
    {"getdents64", 0, ANY, 0}, /* listings */
    {"getrandom", 0, ANY, 0},

    /* The counter file, which is open. */
    {"flock", 0, ANY, 0},
    {"pread64", 0, ANY, 0},
    {"pwrite64", 0, ANY, 0},
    {"fdatasync", 0, ANY, 0},
    {"ftruncate", 0, ANY, 0},
    {"rt_sigaction", 0, ONLY, SIGALRM},
    {"rt_sigprocmask", 0, ANY, 0},
    {"rt_sigreturn", 0, ANY, 0},
    {"setitimer", 0, ONLY, ITIMER_REAL},

    /* Where the kernel's clock is not to be had without a call; and the end. */
    {"clock_gettime", 0, ANY, 0},
    {"restart_syscall", 0, ANY, 0},
    {"exit_group", 0, ANY, 0},
};

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "filter: %s\n", what);
	exit(1);
}

static void allow(scmp_filter_ctx filter, const struct allowed *call)
{
	int number = seccomp_syscall_resolve_name(call->name);
	if (number == __NR_SCMP_ERROR)
		fail(call->name);
	int error = call->which == ANY
	                ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0)
	                : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
	                                   SCMP_CMP(call->argument, SCMP_CMP_EQ, call->value));
	if (error != 0)
		fail(call->name);
}

static scmp_filter_ctx make_filter(const char *architecture)
{
	uint32_t token = seccomp_arch_resolve_name(architecture);
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (token == 0 || filter == NULL)
		fail("no such architecture");
	if (token != seccomp_arch_native() &&
	    (seccomp_arch_add(filter, token) != 0 ||
	     seccomp_arch_remove(filter, seccomp_arch_native()) != 0))
		fail("no filter for this architecture");
	if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0 ||
	    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, TREE) != 0)
		fail("libseccomp is too old");
	for (size_t i = 0; i < sizeof ALLOWED / sizeof ALLOWED[0]; i++)
		allow(filter, &ALLOWED[i]);
	return filter;
}

static size_t read_instructions(int file, struct sock_filter *instructions)
{
	ssize_t length =
	    pread(file, instructions, (INSTRUCTIONS_MAX - 1) * sizeof *instructions, 0);
	if (length <= 0)
		fail("the filter cannot be read");
	return (size_t)length / sizeof *instructions;
}

int main(int argc, char **argv)
{
	static struct sock_filter instructions[INSTRUCTIONS_MAX];
	if (argc != 2)
		fail("usage: filter ARCHITECTURE");
	FILE *file = tmpfile();
	scmp_filter_ctx filter = make_filter(argv[1]);
	if (file == NULL || seccomp_export_bpf(filter, fileno(file)) != 0)
		fail("the filter cannot be written");
	instructions[0] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	size_t count = 1 + read_instructions(fileno(file), instructions + 1);
	printf("/* Of src/seccomp/filter.c, for %s: {operation, if true, if not, value}. */\n",
	       argv[1]);
	for (size_t i = 0; i < count; i++)
		printf("{0x%02x, %u, %u, 0x%08x},\n", (unsigned)instructions[i].code,
		       (unsigned)instructions[i].jt, (unsigned)instructions[i].jf,
		       (unsigned)instructions[i].k);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
