/*
 * Linked into programs that count branches (`make COVERAGE=1`). libgcov would add the counts to files when the program
 * exits: a program that is killed or reaches a limit meanwhile would damage them. So a child process does that, in a
 * session of its own, which no test knows. What libgcov reports must not reach standard error, which may be
 * the client or what a test compares. The new name of the process makes inject.c let the following system calls succeed.
 */
#include <fcntl.h>
#include <gcov.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILE_SIZE = 1 << 20 }; /* bytes: more than the counts of an object take */

/* Raises the soft limit of the size of files. Returns false if the hard one is too low. */
static bool allow_file_size(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_max < FILE_SIZE)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

/* Without a child process, this one adds them. */
static void add_counts_at_exit(int status, void *unused)
{
	sigset_t all;
	(void)unused;
	(void)unsetenv("FAIL_PLACE"); /* of fail_calls.c */
	(void)prctl(PR_SET_NAME, "counts");
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)fflush(NULL); /* else both processes write what is buffered */
	pid_t child = fork();
	if (child > 0) {
		(void)waitpid(child, NULL, 0);
		_exit(status);
	}
	(void)setsid();
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0 && dup2(null, STDERR_FILENO) >= 0 && allow_file_size())
		__gcov_dump();
	_exit(status);
}

/* Adds the counts, which are of no use if this process becomes another program. inject.c knows the calls of prctl(2). */
static void add_counts(void)
{
	(void)unsetenv("FAIL_PLACE");
	(void)prctl(PR_GET_TIMERSLACK);
	__gcov_dump();
	(void)prctl(PR_GET_TIMERSLACK);
}

/* Whether this process is a copy of another one, by fork(2): vfork(2) shares the counts. */
static bool is_forked;

static void note_fork(void)
{
	is_forked = true;
}

__attribute__((constructor)) static void begin(void)
{
	(void)pthread_atfork(NULL, NULL, note_fork);
	(void)on_exit(add_counts_at_exit, NULL);
}

/* As in the C library. A unit test may have its own. */
__attribute__((weak)) int execve(const char *path, char *const *arguments, char *const *environment)
{
	if (is_forked)
		add_counts();
	int result = (int)syscall(SYS_execve, path, arguments, environment);
	if (is_forked)
		__gcov_reset();
	return result;
}

__attribute__((weak)) int execvp(const char *file, char *const arguments[])
{
	add_counts();
	int result = execvpe(file, arguments, environ);
	__gcov_reset();
	return result;
}

/* What a process of clone(2) runs. */
struct task {
	int (*run)(void *);
	void *argument;
};

/* As libc does, but the process adds its counts: libc ends it without the destructors. */
static int run_task(void *argument)
{
	const struct task *task = argument;
	exit(task->run(task->argument));
}

extern int __clone(int (*)(void *), void *, int, void *, ...);

/* As in the C library. Processes that share the memory share the counts. */
int clone(int (*run)(void *), void *stack, int flags, void *argument, ...)
{
	va_list more;
	struct task task = {run, argument};
	va_start(more, argument);
	pid_t *parent_id = va_arg(more, pid_t *);
	void *thread_area = va_arg(more, void *);
	pid_t *child_id = va_arg(more, pid_t *);
	va_end(more);
	bool shares_memory = (flags & CLONE_VM) != 0;
	return __clone(shares_memory ? run : run_task, stack, flags,
	               shares_memory ? argument : &task, parent_id, thread_area, child_id);
}
