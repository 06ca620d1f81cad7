/* Taking the lock of the counter file; see lock.h. */
#include "lock.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/time.h>

/*
 * Alarms within the time that a process waits for the lock. Each sends it to the end of the queue,
 * so with many alarms a crowd spends its time on waking up: 1,000 writers that wait one second
 * each, with 50 alarms, lost every third hit on 2 cores; with 4, none of 500,000.
 */
enum { LOCK_ALARMS = 4 };

static void ignore_alarm(int signal)
{
	(void)signal;
}

/* Starts an alarm every `us` microseconds, whatever the parent left; with 0, ends them. */
static void set_alarms(long us)
{
	struct timeval interval = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
	struct sigaction interrupt = {.sa_handler = ignore_alarm};
	sigset_t alarm;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigaction(SIGALRM, &interrupt, NULL);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){interval, interval}, NULL);
}

/*
 * Block in flock(): polling with LOCK_NB can starve. Alarms are counted, not time: while the machine
 * stood still, so did the process that holds the lock.
 */
const char *counter_lock(int file, int kind, unsigned wait_ms)
{
	int result = flock(file, kind | LOCK_NB);
	if (result == 0)
		return NULL;
	if (wait_ms == 0 || (errno != EWOULDBLOCK && errno != EINTR))
		return "hits-locked";
	set_alarms((long)wait_ms * 1000 / LOCK_ALARMS);
	for (int alarms = 0; alarms < LOCK_ALARMS; alarms++) {
		result = flock(file, kind);
		if (result == 0 || errno != EINTR)
			break;
	}
	set_alarms(0);
	return result == 0 ? NULL : "hits-locked";
}

void counter_unlock(int file)
{
	flock(file, LOCK_UN);
}
