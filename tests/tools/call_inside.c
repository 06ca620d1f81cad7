/*
 * Makes a system call in another process, so with the rights and the confinement of that process: `call_inside PROCESS
 * CALL ARGUMENT...`. Prints the result: a number, the name of an error, or SIGSYS if a seccomp filter kills the
 * process for it. The process must be waiting in a system call, which then returns EINTR. Needs the right to trace it.
 *
 * CALL is a name of the table below. An ARGUMENT is a number; a path, which begins with a slash; `at:ADDRESS`, a
 * pointer to an iovec of 8 bytes at this address, in hexadecimal digits; `here`, one of unused memory of the process;
 * or `zeros`, a pointer to 24 zero bytes, such as the open_how of openat2(2). x86-64 and AArch64 only.
 */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	STOPPED_AT_CALL = SIGTRAP | 0x80,
	ARGUMENTS_MAX = 6,
	SCRATCH_SIZE = 1024,
	SCRATCH_DISTANCE =
	    2048, /* below the stack pointer: beyond the red zone, and on a page that was in use */
	SECONDS_MAX = 20,
};

static const struct call {
	const char *name;
	long number;
} CALLS[] = {
    {"faccessat", SYS_faccessat}, {"openat", SYS_openat},
    {"openat2", SYS_openat2},     {"process_vm_readv", SYS_process_vm_readv},
    {"ptrace", SYS_ptrace},
};

static pid_t process;

/* What is written to the process: paths and iovecs. */
static struct {
	_Alignas(16) char bytes[SCRATCH_SIZE];
	size_t used;
	uint64_t address;
} scratch;

static void die(const char *what)
{
	perror(what);
	exit(125);
}

#if defined __x86_64__

typedef struct user_regs_struct registers;
enum { INSTRUCTION_SIZE = 2 };
static const unsigned char INSTRUCTION[INSTRUCTION_SIZE] = {0x0f, 0x05};

static uint64_t stack_pointer(const registers *r)
{
	return r->rsp;
}

static uint64_t next_instruction(const registers *r)
{
	return r->rip;
}

static int64_t result_of(const registers *r)
{
	return (int64_t)r->rax;
}

static void set_result(registers *r, int64_t result)
{
	r->orig_rax = UINT64_MAX;
	r->rax = (uint64_t)result;
}

static void set_call(registers *r, long number, const uint64_t *arguments)
{
	r->rip -= INSTRUCTION_SIZE;
	set_result(r, number);
	r->rdi = arguments[0];
	r->rsi = arguments[1];
	r->rdx = arguments[2];
	r->r10 = arguments[3];
	r->r8 = arguments[4];
	r->r9 = arguments[5];
}

/* Prevents that the kernel makes the interrupted call again. */
static void forget_call(void)
{
	/* orig_rax does */
}

#else

typedef struct user_regs_struct registers;
enum { INSTRUCTION_SIZE = 4 };
static const unsigned char INSTRUCTION[INSTRUCTION_SIZE] = {0x01, 0x00, 0x00, 0xd4};

static uint64_t stack_pointer(const registers *r)
{
	return r->sp;
}

static uint64_t next_instruction(const registers *r)
{
	return r->pc;
}

static int64_t result_of(const registers *r)
{
	return (int64_t)r->regs[0];
}

static void set_result(registers *r, int64_t result)
{
	r->regs[0] = (uint64_t)result;
}

static void set_call(registers *r, long number, const uint64_t *arguments)
{
	r->pc -= INSTRUCTION_SIZE;
	r->regs[8] = (uint64_t)number;
	for (unsigned i = 0; i < ARGUMENTS_MAX; i++)
		r->regs[i] = arguments[i];
}

static void forget_call(void)
{
	int none = -1;
	struct iovec part = {&none, sizeof none};
	if (ptrace(PTRACE_SETREGSET, process, (void *)NT_ARM_SYSTEM_CALL, &part) != 0)
		die("PTRACE_SETREGSET");
}

#endif

static void get_registers(registers *r)
{
	struct iovec all = {r, sizeof *r};
	if (ptrace(PTRACE_GETREGSET, process, (void *)NT_PRSTATUS, &all) != 0)
		die("PTRACE_GETREGSET");
}

static void put_registers(registers *r)
{
	struct iovec all = {r, sizeof *r};
	if (ptrace(PTRACE_SETREGSET, process, (void *)NT_PRSTATUS, &all) != 0)
		die("PTRACE_SETREGSET");
}

/* Copies bytes to the memory of the process when write_scratch is called. Returns their address there. */
static uint64_t add_scratch(const void *bytes, size_t size)
{
	size_t start = scratch.used;
	if (size > SCRATCH_SIZE - start)
		die("scratch memory");
	memcpy(scratch.bytes + start, bytes, size);
	scratch.used = (start + size + 15) / 16 * 16;
	return scratch.address + start;
}

static uint64_t add_iovec(uint64_t address)
{
	struct iovec part = {(void *)address, 8};
	return add_scratch(&part, sizeof part);
}

static void write_scratch(void)
{
	struct iovec here = {scratch.bytes, SCRATCH_SIZE},
	             there = {(void *)scratch.address, SCRATCH_SIZE};
	if (process_vm_writev(process, &here, 1, &there, 1, 0) != SCRATCH_SIZE)
		die("process_vm_writev");
}

static uint64_t parse_argument(const char *text)
{
	if (text[0] == '/')
		return add_scratch(text, strlen(text) + 1);
	if (strncmp(text, "at:", 3) == 0)
		return add_iovec(strtoull(text + 3, NULL, 16));
	if (strcmp(text, "here") == 0)
		return add_iovec(add_scratch("12345678", 8));
	if (strcmp(text, "zeros") == 0)
		return add_scratch((char[24]){0}, 24);
	return (uint64_t)strtoll(text, NULL, 0);
}

static long find_call(const char *name)
{
	for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++)
		if (strcmp(CALLS[i].name, name) == 0)
			return CALLS[i].number;
	fprintf(stderr, "call_inside: %s is not in the table\n", name);
	exit(125);
}

/* Returns the status of the process when it has stopped, or has ended. */
static int await(void)
{
	int status;
	if (waitpid(process, &status, 0) != process)
		die("waitpid");
	return status;
}

/* Stops the process in the call in which it waits. */
static void stop_process(registers *r)
{
	unsigned char instruction[INSTRUCTION_SIZE];
	if (ptrace(PTRACE_SEIZE, process, NULL, PTRACE_O_TRACESYSGOOD) != 0)
		die("PTRACE_SEIZE");
	if (ptrace(PTRACE_INTERRUPT, process, NULL, NULL) != 0)
		die("PTRACE_INTERRUPT");
	(void)await();
	get_registers(r);
	struct iovec here = {instruction, sizeof instruction},
	             there = {(void *)(next_instruction(r) - INSTRUCTION_SIZE), sizeof instruction};
	if (process_vm_readv(process, &here, 1, &there, 1, 0) != INSTRUCTION_SIZE ||
	    memcmp(instruction, INSTRUCTION, sizeof instruction) != 0) {
		fputs("call_inside: the process is not waiting in a system call\n", stderr);
		exit(125);
	}
}

/* Continues to the beginning or the end of a call. */
static void continue_process(void)
{
	int status;
	do {
		if (ptrace(PTRACE_SYSCALL, process, NULL, NULL) != 0)
			die("PTRACE_SYSCALL");
		status = await();
		if (!WIFSTOPPED(status)) {
			fputs("call_inside: the process has ended\n", stderr);
			exit(125);
		}
	} while (WSTOPSIG(status) != STOPPED_AT_CALL);
}

/* Whether the seccomp filter has refused the call, so that a signal is about to kill the process. */
static bool is_doomed(void)
{
	siginfo_t pending[8];
	struct __ptrace_peeksiginfo_args wanted = {.nr = 8};
	long count = ptrace(PTRACE_PEEKSIGINFO, process, &wanted, pending);
	for (long i = 0; i < count; i++)
		if (pending[i].si_signo == SIGSYS)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	registers before = {0}, r;
	uint64_t arguments[ARGUMENTS_MAX] = {0};
	if (argc < 3 || argc > 3 + ARGUMENTS_MAX) {
		fputs("usage: call_inside PROCESS CALL [ARGUMENT]...\n", stderr);
		return 125;
	}
	alarm(SECONDS_MAX);
	long number = find_call(argv[2]);
	process = (pid_t)strtol(argv[1], NULL, 10);
	stop_process(&before);
	scratch.address = (stack_pointer(&before) - SCRATCH_DISTANCE) / 16 * 16;
	for (int i = 3; i < argc; i++)
		arguments[i - 3] = parse_argument(argv[i]);
	write_scratch();

	r = before;
	set_call(&r, number, arguments);
	put_registers(&r);
	forget_call();
	continue_process();
	continue_process();
	get_registers(&r);
	int64_t result = result_of(&r);
	if (is_doomed())
		puts("SIGSYS");
	else if (result < 0)
		puts(strerrorname_np((int)-result));
	else
		printf("%lld\n", (long long)result);

	set_result(&before, -EINTR);
	put_registers(&before);
	if (ptrace(PTRACE_DETACH, process, NULL, NULL) != 0)
		die("PTRACE_DETACH");
	return EXIT_SUCCESS;
}
