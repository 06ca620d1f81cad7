/* What all that answer share: a response's beginning, and its sending. Internal to respond*.c. */
#ifndef MAYFLY_RESPOND_INTERNAL_H
#define MAYFLY_RESPOND_INTERNAL_H

#include "exchange.h"

/* Begins the head: the status line, the fields that every response has, the owner's. */
void begin_head(struct exchange *exchange, int status);

/* Sends the head as written so far, and empties it; a body may follow. Returns as connection_send.
 */
const char *send_head(struct exchange *exchange, bool more);

/*
 * The client gets no more than it got: so says the log, unless it has something to say already.
 * failure: a reason code, or NULL for none.
 */
void note_failure(struct exchange *exchange, const char *failure);

#endif
