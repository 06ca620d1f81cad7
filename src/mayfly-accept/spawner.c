/*
 * Starting handlers; see spawner.h.
 *
 * A child shares the memory of this process, including errno, while this process continues. So it makes its
 * system calls directly, uses nothing of libc and nothing but its launch, and runs on the launch's stack. The kernel clears `pending` once the child no longer uses that memory (CLONE_CHILD_CLEARTID).
 */
#include "spawner.h"
#include "refusal.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { KERNEL_SIGSET = 8, DISCARDED = 4096, DISCARDS = 4, NOT_EXECUTED = 127 };

/* Sets the environment of a launch, whose first two variables are its own. Returns what follows it. */
static char **launch_copy_environment(struct launch *launch, char **room)
{
	static const char NOTIFY[] = "NOTIFY_SOCKET=";
	launch->environment = room;
	*room++ = launch->address;
	*room++ = launch->port;
	for (size_t i = 0; environ[i] != NULL; i++)
		if (strncmp(environ[i], NOTIFY, sizeof NOTIFY - 1) != 0)
			*room++ = environ[i];
	*room++ = NULL;
	return room;
}

bool spawner_open(struct spawner *spawner, char **command)
{
	size_t count = 0;
	while (environ[count] != NULL)
		count++;
	spawner->command = command;
	spawner->environments = calloc(LAUNCHES_MAX * (count + 3), sizeof *environ);
	if (spawner->environments == NULL)
		return false;
	char **room = spawner->environments;
	for (size_t i = 0; i < LAUNCHES_MAX; i++)
		room = launch_copy_environment(&spawner->launches[i], room);
	return true;
}

/* A system call that does not set errno: returns its result, or a negative errno. */
static long call(long number, long first, long second, long third, long fourth)
{
#if defined __x86_64__
	register long r10 __asm__("r10") = fourth;
	register long r8 __asm__("r8") = 0;
	register long r9 __asm__("r9") = 0;
	long result;
	__asm__ volatile("syscall"
	                 : "=a"(result)
	                 : "a"(number), "D"(first), "S"(second), "d"(third), "r"(r10), "r"(r8),
	                   "r"(r9)
	                 : "rcx", "r11", "memory");
	return result;
#else /* AArch64; on other processors the compiler rejects the names of the registers */
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = first;
	register long x1 __asm__("x1") = second;
	register long x2 __asm__("x2") = third;
	register long x3 __asm__("x3") = fourth;
	register long x4 __asm__("x4") = 0;
	register long x5 __asm__("x5") = 0;
	__asm__ volatile("svc 0"
	                 : "+r"(x0)
	                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
	                 : "memory");
	return x0;
#endif
}

/* Returns only if the program cannot be executed: a negative errno. */
static long launch_execute(const struct launch *launch)
{
	static const unsigned char NO_SIGNALS[KERNEL_SIGSET];
	(void)call(SYS_rt_sigprocmask, SIG_SETMASK, (long)NO_SIGNALS, 0, KERNEL_SIGSET);
	for (long standard = STDIN_FILENO; standard <= STDOUT_FILENO; standard++) {
		long copy = call(SYS_dup3, launch->connection, standard, 0, 0);
		if (copy < 0)
			return copy;
	}
	return call(SYS_execve, (long)launch->program, (long)launch->command,
	            (long)launch->environment, 0);
}

/* As refusal_send does, in pieces that fit on the launch's stack. */
static void launch_refuse(const struct launch *launch)
{
	char discarded[DISCARDED];
	for (int i = 0; i < DISCARDS; i++)
		(void)call(SYS_recvfrom, launch->connection, (long)discarded, sizeof discarded,
		           MSG_DONTWAIT);
	(void)call(SYS_sendto, launch->connection, (long)REFUSAL_RESPONSE,
	           sizeof REFUSAL_RESPONSE - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)call(SYS_shutdown, launch->connection, SHUT_WR, 0, 0);
}

static int launch_run(void *argument)
{
	struct launch *launch = argument;
	long error = launch_execute(launch);
	launch_refuse(launch);
	launch->error = (int)-error;
	return (int)call(SYS_exit_group, NOT_EXECUTED, 0, 0, 0);
}

static bool launch_is_free(struct launch *launch)
{
	return atomic_load_explicit(&launch->pending, memory_order_acquire) == 0 &&
	       launch->error == 0;
}

/* Returns a free launch, or NULL; *is_last: no other is free. */
static struct launch *spawner_find_free(struct spawner *spawner, bool *is_last)
{
	struct launch *found = NULL;
	for (size_t i = 0; i < LAUNCHES_MAX; i++) {
		if (!launch_is_free(&spawner->launches[i]))
			continue;
		*is_last = found == NULL;
		found = &spawner->launches[i];
		if (!*is_last)
			break;
	}
	return found;
}

/* Not posix_spawn(3): it first queries every signal, and none is handled here. */
pid_t spawner_start(struct spawner *spawner, int connection, const struct client *client)
{
	bool is_last;
	struct launch *launch = spawner_find_free(spawner, &is_last);
	if (launch == NULL) {
		errno = EAGAIN;
		return -1;
	}
	launch->connection = connection;
	launch->client = *client;
	launch->program = spawner->command[0];
	launch->command = spawner->command;
	(void)snprintf(launch->address, sizeof launch->address, "REMOTE_ADDR=%s", client->address);
	(void)snprintf(launch->port, sizeof launch->port, "REMOTE_PORT=%s", client->port);
	atomic_store_explicit(&launch->pending, 1, memory_order_relaxed);
	/* If no other launch is free, wait until this one is free again, or has failed. */
	int flags = CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD | (is_last ? CLONE_VFORK : 0);
	launch->process = clone(launch_run, launch->stack + sizeof launch->stack, flags, launch,
	                        NULL, NULL, &launch->pending);
	if (launch->process < 0)
		atomic_store_explicit(&launch->pending, 0, memory_order_relaxed);
	return launch->process;
}

int spawner_failure(struct spawner *spawner, pid_t process, struct client *client)
{
	for (size_t i = 0; i < LAUNCHES_MAX; i++) {
		struct launch *launch = &spawner->launches[i];
		int error = launch->error;
		if (error == 0 || launch->process != process)
			continue;
		*client = launch->client;
		launch->error = 0;
		return error;
	}
	return 0;
}
