/* Whether a file is a counter file: its first bytes show it. */
#ifndef MAYFLY_COUNTER_STATE_H
#define MAYFLY_COUNTER_STATE_H

#include <stdint.h>

enum counter_state {
	COUNTER_STATE_READY,      /* the header is valid, and there is more than the header */
	COUNTER_STATE_NEW,        /* empty, or its creation was interrupted: no records */
	COUNTER_STATE_FOREIGN,    /* another header */
	COUNTER_STATE_UNREADABLE, /* see errno */
};

/* Reads the first bytes of a file, without the lock. */
enum counter_state counter_state(int file);

/*
 * Sets *end to the offset at which the records end, 0 if there are none yet. Returns NULL, or
 * "hits-foreign", "hits-not-a-file" or "hits-damaged".
 */
const char *counter_records_end(int file, uint64_t *end);

/*
 * Whether hits can be added to a file, as far as it can be seen without the lock and without
 * reading a record. Returns NULL, "hits-not-a-file", "hits-foreign" or "hits-damaged".
 */
const char *counter_check(int file);

#endif
