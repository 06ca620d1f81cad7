/*
 * Makes system calls of a command fail: `inject [-1] FILE [NAME:N:ERROR]... -- COMMAND [ARGUMENT]...`. The Nth call of
 * that name, counted from 1, is not made, and returns the error (EIO) or the number (0). With N+ the later calls fail,
 * too. `short` instead of an error makes the call with a length of 1 byte, `short=280` with 280 bytes.
 *
 * Calls of the dynamic loader and before the command's last execve(2) do not count; with -1 only those of the
 * first program count, until it executes another. Writes one line per call to FILE: `NAME N OBJECT`, followed
 * by the fault if one was injected. OBJECT is the file name without its directory, stdin, stdout, stderr, socket, pipe
 * or [eventpoll], a number that selects an operation, or "-".
 *
 * Exits with the command's status, 128 plus the number of the signal that killed it, or 142 after INJECT_SECONDS.
 * Unlike strace it can shorten a call, and works inside the seccomp filter: it puts restart_syscall(2), which
 * is allowed and has no effect, in place of the call. Child processes are not traced. x86-64 and AArch64 only.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum { FAULTS_MAX = 8, CALLS_MAX = 512, STOPPED_AT_CALL = SIGTRAP | 0x80, INJECT_SECONDS = 20 };

/* How the arguments name the object of a call. */
enum object {
	NONE,
	DESCRIPTOR, /* the first argument */
	PATH,       /* the first argument */
	PATH_AT,    /* the second argument */
	POLLED,     /* the first descriptor in the array that is the first argument */
	MAPPED,     /* the fifth argument, a descriptor, if there is one */
	NUMBER,     /* the first argument */
	NUMBER_2,   /* the second argument */
};

/* A call that the table knows. `length`: the argument with the number of bytes, counted from 0; 0 if there is none. */
static const struct call {
	long number;
	const char *name;
	enum object object;
	unsigned length;
} CALLS[] = {
#define CALL(name, object, length)                                                                 \
	{                                                                                          \
		SYS_##name, #name, object, length                                                  \
	}
    CALL(accept4, DESCRIPTOR, 0),
    CALL(bind, DESCRIPTOR, 0),
    CALL(brk, NONE, 0),
    CALL(capset, NONE, 0),
    CALL(clock_gettime, NUMBER, 0),
    CALL(clock_nanosleep, NONE, 0),
    CALL(clone, NONE, 0),
    CALL(clone3, NONE, 0),
    CALL(close, DESCRIPTOR, 0),
    CALL(connect, DESCRIPTOR, 0),
    CALL(dup3, DESCRIPTOR, 0),
    CALL(epoll_create1, NONE, 0),
    CALL(epoll_ctl, DESCRIPTOR, 0),
    CALL(epoll_pwait, DESCRIPTOR, 0),
    CALL(execve, PATH, 0),
    CALL(exit_group, NONE, 0),
    CALL(faccessat, PATH_AT, 0),
    CALL(faccessat2, PATH_AT, 0),
    CALL(fadvise64, DESCRIPTOR, 0),
    CALL(fallocate, DESCRIPTOR, 0),
    CALL(fchdir, DESCRIPTOR, 0),
    CALL(fchmod, DESCRIPTOR, 0),
    CALL(fchmodat, PATH_AT, 0),
    CALL(fchown, DESCRIPTOR, 0),
    CALL(fchownat, PATH_AT, 0),
    CALL(fcntl, DESCRIPTOR, 0),
    CALL(fdatasync, DESCRIPTOR, 0),
    CALL(flock, DESCRIPTOR, 0),
    CALL(fstat, DESCRIPTOR, 0),
    CALL(fstatfs, DESCRIPTOR, 0),
    CALL(fsync, DESCRIPTOR, 0),
    CALL(ftruncate, DESCRIPTOR, 0),
    CALL(futex, NONE, 0),
    CALL(getcwd, NONE, 0),
    CALL(getdents64, DESCRIPTOR, 2),
    CALL(getegid, NONE, 0),
    CALL(geteuid, NONE, 0),
    CALL(getgid, NONE, 0),
    CALL(getgroups, NONE, 0),
    CALL(getpeername, DESCRIPTOR, 0),
    CALL(getpid, NONE, 0),
    CALL(getppid, NONE, 0),
    CALL(getrandom, NONE, 1),
    CALL(getrusage, NONE, 0),
    CALL(getsockname, DESCRIPTOR, 0),
    CALL(getsockopt, DESCRIPTOR, 0),
    CALL(gettid, NONE, 0),
    CALL(getuid, NONE, 0),
    CALL(ioctl, DESCRIPTOR, 0),
    CALL(kill, NONE, 0),
    CALL(landlock_add_rule, NONE, 0),
    CALL(landlock_create_ruleset, NONE, 0),
    CALL(landlock_restrict_self, NONE, 0),
    CALL(linkat, PATH_AT, 0),
    CALL(listen, DESCRIPTOR, 0),
    CALL(lseek, DESCRIPTOR, 0),
    CALL(madvise, NONE, 0),
    CALL(memfd_create, PATH, 0),
    CALL(mkdirat, PATH_AT, 0),
    CALL(mmap, MAPPED, 0),
    CALL(mprotect, NONE, 0),
    CALL(mremap, NONE, 0),
    CALL(munmap, NONE, 0),
    CALL(newfstatat, PATH_AT, 0),
    CALL(openat, PATH_AT, 0),
    CALL(openat2, PATH_AT, 0),
    CALL(pidfd_open, NONE, 0),
    CALL(pidfd_send_signal, NONE, 0),
    CALL(pipe2, NONE, 0),
    CALL(ppoll, POLLED, 0),
    CALL(prctl, NUMBER, 0),
    CALL(pread64, DESCRIPTOR, 2),
    CALL(prlimit64, NUMBER_2, 0),
    CALL(pselect6, NONE, 0),
    CALL(pwrite64, DESCRIPTOR, 2),
    CALL(read, DESCRIPTOR, 2),
    CALL(readlinkat, PATH_AT, 0),
    CALL(readv, DESCRIPTOR, 0),
    CALL(recvfrom, DESCRIPTOR, 2),
    CALL(recvmsg, DESCRIPTOR, 0),
    CALL(renameat, PATH_AT, 0),
    CALL(renameat2, PATH_AT, 0),
    CALL(restart_syscall, NONE, 0),
    CALL(rseq, NONE, 0),
    CALL(rt_sigaction, NUMBER, 0),
    CALL(rt_sigprocmask, NUMBER, 0),
    CALL(rt_sigreturn, NONE, 0),
    CALL(sched_getaffinity, NONE, 0),
    CALL(seccomp, NONE, 0),
    CALL(sendfile, DESCRIPTOR, 3),
    CALL(sendmsg, DESCRIPTOR, 0),
    CALL(sendto, DESCRIPTOR, 2),
    CALL(set_robust_list, NONE, 0),
    CALL(set_tid_address, NONE, 0),
    CALL(setgroups, NONE, 0),
    CALL(setitimer, NUMBER, 0),
    CALL(setresgid, NUMBER_2, 0),
    CALL(setresuid, NUMBER_2, 0),
    CALL(setsockopt, DESCRIPTOR, 0),
    CALL(shutdown, DESCRIPTOR, 0),
    CALL(signalfd4, NONE, 0),
    CALL(socket, NUMBER, 0),
    CALL(socketpair, NUMBER, 0),
    CALL(statx, PATH_AT, 0),
    CALL(symlinkat, NONE, 0),
    CALL(sysinfo, NONE, 0),
    CALL(timerfd_create, NONE, 0),
    CALL(timerfd_settime, DESCRIPTOR, 0),
    CALL(umask, NONE, 0),
    CALL(uname, NONE, 0),
    CALL(unlinkat, PATH_AT, 0),
    CALL(utimensat, PATH_AT, 0),
    CALL(wait4, NONE, 0),
    CALL(waitid, NONE, 0),
    CALL(write, DESCRIPTOR, 2),
    CALL(writev, DESCRIPTOR, 0),
#ifdef __x86_64__ /* AArch64 has only the newer calls. */
    CALL(access, PATH, 0),
    CALL(arch_prctl, NUMBER, 0),
    CALL(chmod, PATH, 0),
    CALL(dup2, DESCRIPTOR, 0),
    CALL(epoll_wait, DESCRIPTOR, 0),
    CALL(fork, NONE, 0),
    CALL(getpgrp, NONE, 0),
    CALL(mkdir, PATH, 0),
    CALL(open, PATH, 0),
    CALL(pipe, NONE, 0),
    CALL(poll, POLLED, 0),
    CALL(readlink, PATH, 0),
    CALL(rename, PATH, 0),
    CALL(rmdir, PATH, 0),
    CALL(stat, PATH, 0),
    CALL(unlink, PATH, 0),
    CALL(vfork, NONE, 0),
#endif
};

enum { CALL_COUNT = sizeof CALLS / sizeof CALLS[0] };

enum kind { NO_FAULT, RESULT, SHORT };

static struct fault {
	const char *text, *name;
	unsigned long first;
	bool also_later;
	enum kind kind;
	long value; /* the result, or the length */
} faults[FAULTS_MAX];

static unsigned fault_count;
static FILE *record;
static pid_t command;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(125);
}

static _Noreturn void die_of_usage(const char *argument)
{
	fprintf(stderr, "inject: cannot use \"%s\"\n", argument);
	exit(125);
}

static bool parse_error(const char *name, long *value)
{
	for (int error = 1; error < 134; error++) {
		const char *known = strerrorname_np(error);
		if (known != NULL && strcmp(known, name) == 0) {
			*value = -error;
			return true;
		}
	}
	char *end;
	*value = strtol(name, &end, 10);
	return *name != '\0' && *end == '\0';
}

static void parse_fault(char *text)
{
	struct fault *fault = &faults[fault_count++];
	fault->text = strdup(text);
	fault->name = strtok(text, ":");
	const char *number = strtok(NULL, ":"), *what = strtok(NULL, "");
	if (fault_count == FAULTS_MAX || number == NULL || what == NULL)
		die_of_usage(fault->text);
	fault->first = strtoul(number, NULL, 10);
	fault->also_later = strchr(number, '+') != NULL;
	fault->kind = strncmp(what, "short", 5) == 0 ? SHORT : RESULT;
	fault->value = 1;
	if (fault->kind == SHORT && what[5] == '=')
		fault->value = strtol(what + 6, NULL, 10);
	if (fault->first == 0 || (fault->kind == RESULT && !parse_error(what, &fault->value)))
		die_of_usage(fault->text);
}

typedef struct user_regs_struct registers;

#ifdef __x86_64__

/* Replaces the number of the call that is about to be made. */
static void set_call(registers *r, long number)
{
	r->orig_rax = (unsigned long)number;
}

static void set_result(registers *r, long result)
{
	r->rax = (unsigned long)result;
}

/* The registers of the arguments that can be a length. */
static unsigned long long *argument(registers *r, unsigned index)
{
	return index == 1 ? &r->rsi : index == 2 ? &r->rdx : &r->r10;
}

static void commit_call(long number)
{
	(void)number; /* a register */
}

enum { BREAKPOINT = 0xcc, BREAKPOINT_MASK = 0xff, AFTER_BREAKPOINT = 1 };

static unsigned long long *program_counter(registers *r)
{
	return &r->rip;
}

#else

static void set_call(registers *r, long number)
{
	r->regs[8] = (unsigned long)number;
}

static void set_result(registers *r, long result)
{
	r->regs[0] = (unsigned long)result;
}

static unsigned long long *argument(registers *r, unsigned index)
{
	return &r->regs[index];
}

static void commit_call(long number)
{
	int call = (int)number;
	struct iovec part = {&call, sizeof call};
	if (ptrace(PTRACE_SETREGSET, command, (void *)NT_ARM_SYSTEM_CALL, &part) != 0)
		die("PTRACE_SETREGSET");
}

enum { BREAKPOINT = 0xd4200000, BREAKPOINT_MASK = 0xffffffff, AFTER_BREAKPOINT = 0 };

static unsigned long long *program_counter(registers *r)
{
	return &r->pc;
}

#endif

static void get_registers(registers *r)
{
	struct iovec all = {r, sizeof *r};
	if (ptrace(PTRACE_GETREGSET, command, (void *)NT_PRSTATUS, &all) != 0)
		die("PTRACE_GETREGSET");
}

static void put_registers(registers *r)
{
	struct iovec all = {r, sizeof *r};
	if (ptrace(PTRACE_SETREGSET, command, (void *)NT_PRSTATUS, &all) != 0)
		die("PTRACE_SETREGSET");
}

/* Reads up to `size` bytes of the command's memory. */
static void read_memory(uint64_t address, void *bytes, size_t size)
{
	size_t page_rest = 4096 - address % 4096;
	struct iovec here = {bytes, size < page_rest ? size : page_rest},
	             there = {(void *)address, here.iov_len};
	memset(bytes, 0, size);
	ssize_t got = process_vm_readv(command, &here, 1, &there, 1, 0);
	if (got != (ssize_t)here.iov_len || got == (ssize_t)size)
		return;
	here = (struct iovec){(char *)bytes + got, size - (size_t)got};
	there = (struct iovec){(void *)(address + (uint64_t)got), here.iov_len};
	(void)process_vm_readv(command, &here, 1, &there, 1, 0);
}

/* Prints the last component of a name, without spaces. */
static void print_name(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *last = slash != NULL && slash[1] != '\0' ? slash + 1 : name;
	if (*last == '\0')
		putc('-', record);
	for (; *last != '\0' && *last != ' '; last++)
		putc(*last, record);
}

static void print_descriptor(int descriptor)
{
	static const char *const STANDARD[] = {"stdin", "stdout", "stderr"};
	char link[64], name[PATH_MAX];
	snprintf(link, sizeof link, "/proc/%d/fd/%d", command, descriptor);
	ssize_t length = descriptor > 2 ? readlink(link, name, sizeof name - 1) : -1;
	if (descriptor >= 0 && descriptor <= 2) {
		fputs(STANDARD[descriptor], record);
		return;
	}
	name[length > 0 ? length : 0] = '\0';
	if (strncmp(name, "anon_inode:", 11) == 0)
		memmove(name, name + 11, strlen(name + 11) + 1);
	char *colon = strchr(name, ':');
	if (name[0] != '/' && colon != NULL)
		*colon = '\0';
	print_name(name);
}

/* An empty path names the directory's descriptor itself. */
static void print_path(int directory, uint64_t address)
{
	char name[512];
	read_memory(address, name, sizeof name - 1);
	name[sizeof name - 1] = '\0';
	if (*name == '\0')
		print_descriptor(directory);
	else
		print_name(name);
}

static void print_object(const struct call *call, const uint64_t *arguments)
{
	struct pollfd polled;
	switch (call->object) {
	case NONE:
		putc('-', record);
		break;
	case DESCRIPTOR:
		print_descriptor((int)arguments[0]);
		break;
	case PATH:
		print_path(-1, arguments[0]);
		break;
	case PATH_AT:
		print_path((int)arguments[0], arguments[1]);
		break;
	case POLLED:
		read_memory(arguments[0], &polled, sizeof polled);
		print_descriptor(arguments[1] > 0 ? polled.fd : -1);
		break;
	case MAPPED:
		print_descriptor((int)arguments[4]);
		break;
	case NUMBER:
		fprintf(record, "%d", (int)arguments[0]);
		break;
	case NUMBER_2:
		fprintf(record, "%d", (int)arguments[1]);
		break;
	}
}

static const struct call *find_call(long number)
{
	static struct call unknown;
	static char name[32];
	for (unsigned i = 0; i < CALL_COUNT; i++)
		if (CALLS[i].number == number)
			return &CALLS[i];
	snprintf(name, sizeof name, "syscall_%ld", number);
	unknown = (struct call){number, name, NONE, 0};
	return &unknown;
}

static const struct fault *find_fault(const char *name, unsigned long occurrence)
{
	for (unsigned i = 0; i < fault_count; i++) {
		const struct fault *fault = &faults[i];
		if (strcmp(fault->name, name) == 0 &&
		    (fault->first == occurrence ||
		     (fault->also_later && fault->first < occurrence)))
			return fault;
	}
	return NULL;
}

/* What must be undone when the call returns. */
static struct {
	const struct fault *fault;
	registers before;
	unsigned length;
} pending;

static void replace_call(const struct fault *fault, const struct call *call)
{
	registers r = {0};
	get_registers(&r);
	pending.fault = fault;
	pending.before = r;
	pending.length = call->length;
	if (fault->kind == RESULT) {
		set_call(&r, SYS_restart_syscall);
		put_registers(&r);
		commit_call(SYS_restart_syscall);
	} else if (*argument(&r, call->length) > (unsigned long long)fault->value) {
		*argument(&r, call->length) = (unsigned long long)fault->value;
		put_registers(&r);
	} else {
		pending.fault = NULL;
	}
}

/* How often each call, by its number, has been made. */
static unsigned long seen[CALLS_MAX];

/* Where the program begins, when the dynamic loader is done; 0 if it has begun. */
static uint64_t entry;
static long entry_code;

/*
 * Whether the program only adds its counts of branches to files (see counts_at_exit.c), or, with -1, has executed
 * another one. It is then left alone.
 */
static bool has_ended;

/* Whether it does that before it executes another program: until the next prctl(PR_GET_TIMERSLACK), as at its start. */
static bool is_counting;

static bool follows_first; /* -1 */

static void begin_call(const struct __ptrace_syscall_info *info)
{
	long number = (long)info->entry.nr;
	has_ended = number == SYS_prctl && info->entry.args[0] == PR_SET_NAME;
	bool is_mark = number == SYS_prctl && info->entry.args[0] == PR_GET_TIMERSLACK;
	is_counting ^= is_mark;
	if (has_ended || is_counting || is_mark)
		return;
	const struct call *call = find_call(number);
	unsigned long occurrence = ++seen[number < CALLS_MAX ? number : 0];
	const struct fault *fault = entry == 0 ? find_fault(call->name, occurrence) : NULL;
	fprintf(record, "%s %lu ", call->name, occurrence);
	print_object(call, (const uint64_t *)info->entry.args);
	if (fault != NULL && (fault->kind == RESULT || call->length > 0))
		replace_call(fault, call);
	if (pending.fault != NULL)
		fprintf(record, " %s", fault->text);
	putc('\n', record);
}

static void end_call(void)
{
	registers r = {0};
	if (pending.fault == NULL)
		return;
	get_registers(&r);
	if (pending.fault->kind == RESULT)
		set_result(&r, pending.fault->value);
	else
		*argument(&r, pending.length) = *argument(&pending.before, pending.length);
	put_registers(&r);
	pending.fault = NULL;
}

/* Begins to count again: the dynamic loader, or env(1) before the command, make calls of their own. */
static void forget_calls(void)
{
	memset(seen, 0, sizeof seen);
	if (fflush(record) != 0 || ftruncate(fileno(record), 0) != 0)
		die("record");
	rewind(record);
}

static void stop_at_call(void)
{
	struct __ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, command, sizeof info, &info) <= 0)
		die("PTRACE_GET_SYSCALL_INFO");
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		begin_call(&info);
	else
		end_call();
}

/* Stops the command there. Returns if that cannot be found. */
static void set_breakpoint(void)
{
	char name[64];
	uint64_t pair[2] = {0, 0};
	snprintf(name, sizeof name, "/proc/%d/auxv", command);
	FILE *file = fopen(name, "re");
	while (file != NULL && fread(pair, sizeof pair, 1, file) == 1 && pair[0] != AT_ENTRY)
		continue;
	if (file == NULL || pair[0] != AT_ENTRY)
		die(name);
	fclose(file);
	entry = pair[1];
	entry_code = ptrace(PTRACE_PEEKTEXT, command, (void *)entry, NULL);
	long code = (entry_code & ~(long)BREAKPOINT_MASK) | BREAKPOINT;
	if (ptrace(PTRACE_POKETEXT, command, (void *)entry, (void *)code) != 0)
		die("PTRACE_POKETEXT");
}

/* Whether the command is stopped where the program begins. If so, it can continue. */
static bool is_at_entry(void)
{
	registers r = {0};
	get_registers(&r);
	if (entry == 0 || *program_counter(&r) != entry + AFTER_BREAKPOINT)
		return false;
	*program_counter(&r) = entry;
	put_registers(&r);
	if (ptrace(PTRACE_POKETEXT, command, (void *)entry, (void *)entry_code) != 0)
		die("PTRACE_POKETEXT");
	entry = 0;
	return true;
}

/* Follows the command to its end. Returns its status. */
static int follow(void)
{
	int status;
	bool started = false;
	for (;;) {
		if (waitpid(command, &status, 0) != command)
			die("waitpid");
		if (!WIFSTOPPED(status))
			return status;
		int signal = WSTOPSIG(status);
		if (!started &&
		    ptrace(PTRACE_SETOPTIONS, command, NULL,
		           PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) != 0)
			die("PTRACE_SETOPTIONS");
		bool is_exec = !started || status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8);
		bool is_entry = !is_exec && signal == SIGTRAP && is_at_entry();
		has_ended = has_ended || (is_exec && started && follows_first);
		if (signal == STOPPED_AT_CALL)
			stop_at_call();
		else if (is_exec && !has_ended)
			set_breakpoint();
		else if (is_entry)
			forget_calls();
		if (signal == STOPPED_AT_CALL || is_exec || is_entry)
			signal = 0;
		if (ptrace(has_ended ? PTRACE_DETACH : PTRACE_SYSCALL, command, NULL, signal) !=
		        0 &&
		    errno != ESRCH)
			die("PTRACE_SYSCALL");
		started = true;
	}
}

int main(int argc, char **argv)
{
	follows_first = argc > 1 && strcmp(argv[1], "-1") == 0;
	argv += follows_first;
	argc -= follows_first;
	int next = 2;
	while (next < argc && strcmp(argv[next], "--") != 0)
		parse_fault(argv[next++]);
	if (next + 1 >= argc) {
		fputs("usage: inject [-1] FILE [NAME:N:ERROR]... -- COMMAND [ARGUMENT]...\n",
		      stderr);
		return 125;
	}
	record = fopen(argv[1], "we");
	if (record == NULL)
		die(argv[1]);
	command = fork();
	if (command == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			execvp(argv[next + 1], argv + next + 1);
		die(argv[next + 1]);
	}
	if (command < 0)
		die("fork");
	alarm(INJECT_SECONDS);
	/* The command alone has the connection: its client must see when the command closes it. */
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	int status = follow();
	if (fclose(record) != 0)
		die(argv[1]);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
