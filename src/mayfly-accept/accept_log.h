/*
 * What mayfly-accept logs: to the journal if standard error is connected to it, otherwise to
 * standard error. Entries have the form of the handler's (src/mayfly/access_log.h), so that
 * mayflyctl shows both together. Never waits.
 */
#ifndef MAYFLY_ACCEPT_LOG_H
#define MAYFLY_ACCEPT_LOG_H

#include "client.h"

/* Logs an error of mayfly-accept or of a handler. printf(3) makes the message. */
void accept_log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Logs that a connection was answered with 503, and the reason code. */
void accept_log_refusal(const struct client *client, const char *reason);

#endif
