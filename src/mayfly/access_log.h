/*
 * The access log: one line an exchange, `/name | address | port | count`, to standard error or,
 * with fields, to the journal; and the complaints of a handler that cannot start. Everything that a
 * client sent is escaped here.
 */
#ifndef MAYFLY_ACCESS_LOG_H
#define MAYFLY_ACCESS_LOG_H

#include "base/view.h"
#include "peer.h"
#include <stdint.h>

enum log_target { LOG_AUTO, LOG_JOURNAL, LOG_STDERR, LOG_OFF };

struct access_log {
	int journal; /* socket of the journal's native protocol, or -1 */
	bool to_stderr;
};

/* What is told of one exchange. Views that have nothing to tell are empty. */
struct log_entry {
	struct view path;   /* canonical path; empty where the target could not be read */
	struct view target; /* as it was sent */
	struct view method;
	struct view referer;
	struct view user_agent;
	int status;
	uint64_t hits;       /* the resource's own new count; 0: not counted */
	uint64_t body_bytes; /* of the response's body, sent */
	int64_t duration_us;
	const char *reason; /* reason code of a refusal, a lost hit or a failure; NULL: none */
};

/*
 * Opens what the target needs. LOG_AUTO is standard error, unless that is the client's own socket,
 * /dev/null or a stream of the journal: then it is the journal. A journal that cannot be reached is
 * replaced by standard error, and standard error that is the client's socket by nothing.
 */
void access_log_open(struct access_log *log, enum log_target target, bool stderr_is_client);

/* Tells of an exchange. */
void access_log_write(const struct access_log *log, const struct peer *peer,
                      const struct log_entry *entry);

/* Tells in one line, behind "mayfly: ", why the handler cannot serve. */
void access_log_complain(const struct access_log *log, struct view complaint);

#endif
