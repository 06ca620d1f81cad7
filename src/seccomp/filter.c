/*
 * Generates the handler's filter of system calls when Mayfly is built: `filter ARCHITECTURE` (x86_64
 * or aarch64) prints it as a table in C, which src/mayfly/sandbox.c includes. A call that is not
 * listed here kills the process. The list has exactly the calls that the handler makes after
 * sandbox_enter, linked with musl or glibc.
 *
 * The filter begins with an instruction that has no effect, BPF_TAX. Without it the kernel would
 * evaluate a new filter for each system call number, to cache those that are always allowed, which
 * costs more than it saves in a process that makes 20 calls. The kernel's evaluation gives up at
 * BPF_TAX.
 */
#include "base/beneath.h"
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { INSTRUCTIONS_MAX = 4096, TREE = 2, COMPARISONS_MAX = 3 };

/* An allowed call: with any arguments, or only with those that meet all comparisons. */
struct allowed {
	const char *name;
	unsigned count;
	struct scmp_arg_cmp comparisons[COMPARISONS_MAX];
};

#define ANY                                                                                        \
	0,                                                                                         \
	{                                                                                          \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

/*
 * Comparisons of an argument, counted from 0. ONLY: it equals a value. DESCRIPTOR: it is not negative,
 * and so not AT_FDCWD. PINNED: it is the address of a member of `pinned` (src/base/beneath.h).
 */
#define ONLY(argument, value)                                                                      \
	{                                                                                          \
		argument, SCMP_CMP_EQ, value, 0                                                    \
	}
#define DESCRIPTOR(argument)                                                                       \
	{                                                                                          \
		argument, SCMP_CMP_MASKED_EQ, 0x80000000, 0                                        \
	}
#define PINNED(argument, member) ONLY(argument, PINNED_AT + offsetof(struct pinned, member))

/*
 * A placeholder for the address of `pinned`, which is known only in the running handler. The table
 * has PINNED_HIGH and PINNED_LOW(offset) instead, which sandbox.c defines.
 */
#define PINNED_AT UINT64_C(0xb0a0b0a0c0d0c000)

#define OPENAT2(opening)                                                                           \
	{                                                                                          \
		"openat2", 3,                                                                      \
		{                                                                                  \
			DESCRIPTOR(0), PINNED(2, hows[opening]), ONLY(3, 24)                       \
		}                                                                                  \
	}

static const struct allowed ALLOWED[] = {
    /* The connection. */
    {"read", ANY},
    {"recvfrom", ANY},
    {"write", ANY},
    {"sendto", 1, {ONLY(4, 0)}}, /* to the address that the socket is connected to, and no other */
    {"sendfile", ANY},
    {"poll", ANY},
    {"ppoll", ANY},
    {"ioctl", 2, {ONLY(0, STDOUT_FILENO), ONLY(1, FIONBIO)}},
    {"setsockopt", 3, {ONLY(0, STDOUT_FILENO), ONLY(1, IPPROTO_TCP), ONLY(2, TCP_CORK)}},
    {"ioctl", 1, {ONLY(1, SIOCOUTQ)}},
    {"ioctl", 1, {ONLY(1, FIONREAD)}},
    {"shutdown", 1, {ONLY(1, SHUT_WR)}},

    /* The site. Only the ways of opening of src/base/beneath.h, and only below a directory that is
     * open. No call here takes a path anywhere else. */
    OPENAT2(OPENING_FILE),
    OPENAT2(OPENING_FILE_NO_LINKS),
    OPENAT2(OPENING_DIRECTORY),
    OPENAT2(OPENING_LOOK),
    OPENAT2(OPENING_LINK),
    {"readlinkat", 2, {DESCRIPTOR(0), PINNED(1, empty_path)}},
    {"fstat", ANY},
    {"close", ANY},
    {"getdents64", ANY}, /* listings */
    {"getrandom", ANY},

    /* The counter file, which is open. */
    {"flock", ANY},
    {"pread64", ANY},
    {"pwrite64", ANY},
    {"fdatasync", ANY},
    {"ftruncate", ANY},
    {"rt_sigaction", 1, {ONLY(0, SIGALRM)}},
    {"rt_sigprocmask", ANY},
    {"rt_sigreturn", ANY},
    {"setitimer", 1, {ONLY(0, ITIMER_REAL)}},

    /* The clock, if the vDSO does not have it; and the end of the process. */
    {"clock_gettime", ANY},
    {"restart_syscall", ANY},
    {"exit_group", ANY},
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
	if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, call->count,
	                           call->comparisons) != 0)
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

/* Prints the value that an instruction compares with. */
static void print_value(uint32_t value)
{
	uint32_t offset = value - (uint32_t)PINNED_AT;
	if (value == PINNED_AT >> 32)
		printf("PINNED_HIGH");
	else if (offset < sizeof(struct pinned))
		printf("PINNED_LOW(%u)", offset);
	else
		printf("0x%08x", value);
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
	printf("/* Generated by src/seccomp/filter.c for %s: {code, jt, jf, k}. */\n", argv[1]);
	for (size_t i = 0; i < count; i++) {
		printf("{0x%02x, %u, %u, ", (unsigned)instructions[i].code,
		       (unsigned)instructions[i].jt, (unsigned)instructions[i].jf);
		print_value(instructions[i].k);
		printf("},\n");
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
