/*
 * Handlers that an earlier mayfly-accept started and that still run. They are no children of this
 * process, so that each is watched by a descriptor of its process (pidfd_open(2)).
 */
#ifndef MAYFLY_ACCEPT_INHERITED_H
#define MAYFLY_ACCEPT_INHERITED_H

#include "handler_record.h"
#include <poll.h>

struct inherited {
	struct handler_table *table;
	struct pollfd watched[HANDLER_TABLE_MAX]; /* at the same index as in the table */
};

/*
 * Adds a handler that the record does not have, because it was lost: systemd keeps no descriptors
 * of a service that has failed to start. Its time of start is unknown; `now_us` stands for it.
 * Call this before inherited_adopt.
 */
void inherited_add_unknown(struct handler_record *record, pid_t process, int64_t now_us);

/*
 * Moves the record's own handlers to the inherited ones, and watches all of them. Of those that
 * were inherited before, the oldest are ended if there are more than `max` together: the handlers
 * of the process that was just replaced always go on. Returns how many were ended.
 */
size_t inherited_adopt(struct inherited *inherited, struct handler_record *record, uint64_t max);

/*
 * Removes the handlers that have exited. Tries again to watch those that could not be watched, for lack of
 * descriptors or memory.
 */
void inherited_reap(struct inherited *inherited);

/*
 * Ends the handler at an index. Returns false if it cannot be watched now: then it goes on, and is not marked
 * as killed. It stays in the table until inherited_reap has seen its exit.
 */
bool inherited_kill(struct inherited *inherited, size_t index);

/* Ends all handlers that it has not ended before, except for those that cannot be watched now. */
void inherited_kill_all(struct inherited *inherited);

#endif
