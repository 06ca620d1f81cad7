/*
 * The record of all handlers, in memory that outlives this process: a memory file, which systemd
 * keeps in the service's file descriptor store (systemd.service(5), FileDescriptorStoreMax=) and
 * passes to the next mayfly-accept after a restart or a crash, and not after a stop. Without
 * systemd the record ends with the process.
 */
#ifndef MAYFLY_ACCEPT_HANDLER_RECORD_H
#define MAYFLY_ACCEPT_HANDLER_RECORD_H

#include "handler_table.h"

/* The name in the descriptor store. */
#define HANDLER_RECORD_NAME "mayfly-handlers"

/* A record of another layout, which another version of mayfly-accept has made, is not read. */
enum { HANDLER_RECORD_LAYOUT = 1 };

struct handler_record {
	uint64_t layout;
	struct handler_table own;       /* children of the mayfly-accept that runs */
	struct handler_table inherited; /* started by an earlier one; PID 1 is their parent */
};

/*
 * Opens the record: the one in `kept`, a descriptor that systemd passed, or a new one if that is -1
 * or holds no record of this layout. Call it while NOTIFY_SOCKET is set. Returns NULL with errno if there is no
 * memory.
 */
struct handler_record *handler_record_open(int kept);

#endif
