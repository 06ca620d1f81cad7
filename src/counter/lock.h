/* The lock of the counter file. */
#ifndef MAYFLY_COUNTER_LOCK_H
#define MAYFLY_COUNTER_LOCK_H

/*
 * How long mayflyctl waits for the lock, in milliseconds. A handler waits less: the page waits with
 * it.
 */
enum { COUNTER_LOCK_WAIT_MS = 5000 };

/*
 * Takes the lock, LOCK_SH or LOCK_EX of flock(2), within about wait_ms milliseconds. Returns NULL,
 * or "hits-locked". While it waits it uses SIGALRM and ITIMER_REAL.
 */
const char *counter_lock(int file, int kind, unsigned wait_ms);
void counter_unlock(int file);

#endif
