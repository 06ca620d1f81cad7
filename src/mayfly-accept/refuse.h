/* Turning a connection down, and telling the log. No client can make this wait. */
#ifndef MAYFLY_ACCEPT_REFUSE_H
#define MAYFLY_ACCEPT_REFUSE_H

#include "source.h"

/*
 * Answers 503 with Retry-After (RFC 9110 15.6.4, 10.2.3), as far as that can be sent at once, and
 * tells the log with a reason code. The connection is then to be closed.
 */
void refuse(int connection, const struct source *source, const char *reason);

/* Tells the log what is wrong with the server itself. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
