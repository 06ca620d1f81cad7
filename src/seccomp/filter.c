/*
 * Generates the handler's filter of system calls when Mayfly is built: `filter ARCHITECTURE` (x86_64
 * or aarch64) prints it as a table in C, which src/mayfly/sandbox.c includes. A call that is not
 * listed here kills the process. The list has exactly the calls that the handler makes after
 * sandbox_enter, linked with musl or glibc.
 *
 * The kernel translates the filter into machine code for each handler, which takes about 0.2 us per
 * instruction and is most of the filter's cost. So there is no search tree, and each word of an argument
 * is loaded once: libseccomp's filter of the same calls has 132 instructions instead of 86, and takes
 * 10 us more. libseccomp knows the numbers of the calls.
 *
 * The filter begins with an instruction that has no effect, BPF_TAX. Without it the kernel would
 * evaluate a new filter for each system call number, to cache those that are always allowed, which
 * costs more than it saves in a process that makes 20 calls. The kernel's evaluation gives up at
 * BPF_TAX.
 */
#include "base/beneath.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { INSTRUCTIONS_MAX = 256, COMPARISONS_MAX = 3, VALUES_MAX = 8 };

enum kind {
	NO_COMPARISON,
	IS_LONG,      /* one of the values, in 64 bits */
	IS_INT,       /* one of the values, in the 32 bits that the kernel takes of an int */
	IS_DESCRIPTOR /* an int that is not negative, and so not AT_FDCWD */
};

/* A comparison of an argument, counted from 0. */
struct comparison {
	enum kind kind;
	unsigned argument;
	size_t count;
	uint64_t values[VALUES_MAX];
};

/*
 * An allowed call: with any arguments, or only with those that meet all comparisons. A call that is listed
 * more than once, in succession, is allowed if it meets those of one entry.
 */
struct allowed {
	const char *name;
	struct comparison comparisons[COMPARISONS_MAX];
};

#define ANY                                                                                        \
	{                                                                                          \
		{                                                                                  \
			NO_COMPARISON, 0, 0,                                                       \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}
#define VALUES(...)                                                                                \
	sizeof(uint64_t[]){__VA_ARGS__} / sizeof(uint64_t),                                        \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define LONG(argument, ...)                                                                        \
	{                                                                                          \
		IS_LONG, argument, VALUES(__VA_ARGS__)                                             \
	}
#define INT(argument, ...)                                                                         \
	{                                                                                          \
		IS_INT, argument, VALUES(__VA_ARGS__)                                              \
	}
#define DESCRIPTOR(argument)                                                                       \
	{                                                                                          \
		IS_DESCRIPTOR, argument, 0,                                                        \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

/*
 * The address of a member of `pinned` (src/base/beneath.h): a placeholder, because it is known only in the
 * running handler. The table has PINNED_HIGH and PINNED_LOW(offset) instead, which sandbox.c defines.
 */
#define PINNED_AT UINT64_C(0xb0a0b0a0c0d0c000)
#define PINNED(member) (PINNED_AT + offsetof(struct pinned, member))

static const struct allowed ALLOWED[] = {
    /* The connection. */
    {"read", ANY},
    {"recvfrom", ANY},
    {"write", ANY},
    {"sendto", {LONG(4, 0)}}, /* to the address that the socket is connected to, and no other */
    {"sendfile", ANY},
    {"poll", ANY},
    {"ppoll", ANY},
    {"ioctl", {INT(1, SIOCOUTQ, FIONREAD)}},
    {"ioctl", {INT(0, STDOUT_FILENO), INT(1, FIONBIO)}},
    {"setsockopt", {INT(0, STDOUT_FILENO), INT(1, IPPROTO_TCP), INT(2, TCP_CORK)}},
    {"shutdown", {INT(1, SHUT_WR)}},

    /* The site. Only the ways of opening of src/base/beneath.h, and only below a directory that is
     * open. No call here takes a path anywhere else. */
    {"openat2",
     {DESCRIPTOR(0),
      LONG(2, PINNED(hows[OPENING_FILE]), PINNED(hows[OPENING_FILE_NO_LINKS]),
           PINNED(hows[OPENING_DIRECTORY]), PINNED(hows[OPENING_LOOK]), PINNED(hows[OPENING_LINK])),
      LONG(3, sizeof(struct open_how))}},
    {"readlinkat", {DESCRIPTOR(0), LONG(1, PINNED(empty_path))}},
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
    {"rt_sigaction", {INT(0, SIGALRM)}},
    {"rt_sigprocmask", ANY},
    {"rt_sigreturn", ANY},
    {"setitimer", {INT(0, ITIMER_REAL)}},

    /* The clock, if the vDSO does not have it; and the end of the process. */
    {"clock_gettime", ANY},
    {"restart_syscall", ANY},
    {"exit_group", ANY},
};

/* Where a jump leads, unless to the instruction of an index. set_target replaces all but NEXT by an index. */
enum { NEXT = -1, ALLOW = -2, DENY = -3, MATCH = -4, ALTERNATIVE = -5, CALL = -6 };

struct instruction {
	int code;
	uint32_t value;
	int then;
	int otherwise;
};

static struct instruction program[INSTRUCTIONS_MAX];
static int length;

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "filter: %s\n", what);
	exit(1);
}

static void emit(int code, uint32_t value, int then, int otherwise)
{
	if (length == INSTRUCTIONS_MAX)
		fail("the filter is too long");
	program[length++] = (struct instruction){code, value, then, otherwise};
}

static void emit_load(size_t offset)
{
	emit(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, NEXT, NEXT);
}

static void emit_jump(int comparison, uint32_t value, int then, int otherwise)
{
	emit(BPF_JMP | comparison | BPF_K, value, then, otherwise);
}

/* Replaces a target in all instructions from an index on. */
static void set_target(int first, int target, int replacement)
{
	for (int i = first; i < length; i++) {
		if (program[i].then == target)
			program[i].then = replacement;
		if (program[i].otherwise == target)
			program[i].otherwise = replacement;
	}
}

static void emit_upper_half(const struct comparison *comparison)
{
	uint32_t upper = (uint32_t)(comparison->values[0] >> 32);
	for (size_t i = 1; i < comparison->count; i++)
		if (comparison->values[i] >> 32 != upper)
			fail("the upper halves of the values differ");
	emit_jump(BPF_JEQ, upper, NEXT, ALTERNATIVE);
}

static void emit_lower_halves(const struct comparison *comparison)
{
	int first = length;
	size_t last = comparison->count - 1;
	for (size_t i = 0; i <= last; i++)
		emit_jump(BPF_JEQ, (uint32_t)comparison->values[i], MATCH,
		          i < last ? NEXT : ALTERNATIVE);
	set_target(first, MATCH, length);
}

/* Little-endian: the lower half of an argument comes first. */
static void emit_comparison(const struct comparison *comparison)
{
	size_t lower = offsetof(struct seccomp_data, args[comparison->argument]);
	switch (comparison->kind) {
	case NO_COMPARISON:
		return;
	case IS_DESCRIPTOR:
		emit_load(lower);
		emit_jump(BPF_JSET, 0x80000000, ALTERNATIVE, NEXT);
		return;
	case IS_LONG:
		emit_load(lower + sizeof(uint32_t));
		emit_upper_half(comparison);
		break;
	case IS_INT:
		break;
	}
	emit_load(lower);
	emit_lower_halves(comparison);
}

static bool has_entry(size_t entry, const char *name)
{
	return entry < sizeof ALLOWED / sizeof ALLOWED[0] && strcmp(ALLOWED[entry].name, name) == 0;
}

/* Emits one entry: allows the call, or jumps to the next entry of the same call. */
static void emit_alternative(size_t entry)
{
	int first = length;
	bool is_last = !has_entry(entry + 1, ALLOWED[entry].name);
	for (size_t i = 0; i < COMPARISONS_MAX; i++)
		emit_comparison(&ALLOWED[entry].comparisons[i]);
	emit(BPF_JMP | BPF_JA, 0, ALLOW, ALLOW);
	set_target(first, ALTERNATIVE, is_last ? DENY : length);
}

/* Emits all entries of a call. Returns the index of the next call's first. */
static size_t emit_call(size_t entry, int number)
{
	const char *name = ALLOWED[entry].name;
	int first = length;
	if (ALLOWED[entry].comparisons[0].kind == NO_COMPARISON) {
		emit_jump(BPF_JEQ, (uint32_t)number, ALLOW, NEXT);
		return entry + 1;
	}
	emit_jump(BPF_JEQ, (uint32_t)number, NEXT, CALL);
	while (has_entry(entry, name))
		emit_alternative(entry++);
	set_target(first, CALL, length);
	for (size_t i = entry; i < sizeof ALLOWED / sizeof ALLOWED[0]; i++)
		if (has_entry(i, name))
			fail("the entries of a call do not follow each other");
	return entry;
}

/* Returns the number of a call, negative if the processor does not have it. */
static int number_of(const char *name, uint32_t architecture)
{
	int number = seccomp_syscall_resolve_name_arch(architecture, name);
	if (number == __NR_SCMP_ERROR)
		fail(name);
	return number;
}

/* The numbers of x32 have a bit more than those of x86_64, so that the filter denies them. */
static void emit_filter(uint32_t architecture)
{
	size_t entry = 0;
	emit(BPF_MISC | BPF_TAX, 0, NEXT, NEXT);
	emit_load(offsetof(struct seccomp_data, arch));
	emit_jump(BPF_JEQ, architecture, NEXT, DENY);
	emit_load(offsetof(struct seccomp_data, nr));
	while (entry < sizeof ALLOWED / sizeof ALLOWED[0]) {
		int number = number_of(ALLOWED[entry].name, architecture);
		entry = number < 0 ? entry + 1 : emit_call(entry, number);
	}
	set_target(0, DENY, length);
	emit(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, NEXT, NEXT);
	set_target(0, ALLOW, length);
	emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, NEXT, NEXT);
}

/* Returns how many instructions a jump skips. */
static unsigned distance(int index, int target)
{
	int skipped = target == NEXT ? 0 : target - index - 1;
	if (skipped < 0 || skipped > UINT8_MAX)
		fail("a jump is too long");
	return (unsigned)skipped;
}

/* Prints the value that an instruction loads from or compares with. */
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

static void print_instruction(int index)
{
	const struct instruction *instruction = &program[index];
	unsigned then = distance(index, instruction->then);
	if (instruction->code == (BPF_JMP | BPF_JA)) {
		printf("{0x%02x, 0, 0, 0x%08x},\n", (unsigned)instruction->code, then);
		return;
	}
	printf("{0x%02x, %u, %u, ", (unsigned)instruction->code, then,
	       distance(index, instruction->otherwise));
	print_value(instruction->value);
	printf("},\n");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		fail("usage: filter ARCHITECTURE");
	uint32_t architecture = seccomp_arch_resolve_name(argv[1]);
	if ((architecture & __AUDIT_ARCH_64BIT) == 0 || (architecture & __AUDIT_ARCH_LE) == 0)
		fail("no filter for this architecture");
	emit_filter(architecture);
	printf("/* Generated by src/seccomp/filter.c for %s: {code, jt, jf, k}. */\n", argv[1]);
	for (int i = 0; i < length; i++)
		print_instruction(i);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
