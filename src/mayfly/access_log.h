/*
 * The access log: one line per exchange, to standard error or, with fields, to the journal; and the
 * errors of a handler that cannot serve. All bytes that a client sent are escaped here, and cut to
 * so many that no client can make the log much larger than it makes its requests.
 *
 * A hit is `/name | address | port | count`. For all else the status stands in place of the count,
 * followed by the reason code or a remark in brackets if there is one, and any method but GET
 * stands before the name: `HEAD /name | address | port | 200 OK`.
 */
#ifndef MAYFLY_ACCESS_LOG_H
#define MAYFLY_ACCESS_LOG_H

#include "base/view.h"
#include "peer.h"
#include <stdint.h>

enum log_target { LOG_AUTO, LOG_JOURNAL, LOG_STDERR, LOG_OFF };

struct log_destination {
	enum log_target target;
	struct view name_space; /* of the journal; empty: the machine's own */
};

struct access_log {
	int journal; /* socket connected to journald, or -1 */
	bool to_stderr;
};

/* What is logged of one exchange. A view is empty if there is nothing to log. */
struct log_entry {
	struct view path;   /* canonical path; empty if the target could not be parsed */
	struct view target; /* as it was sent */
	struct view method;
	struct view referer;
	struct view user_agent;
	int status;
	uint64_t hits;       /* the resource's new count; 0: not counted */
	uint64_t body_bytes; /* of the response's body, sent */
	int64_t duration_us;
	const char *reason; /* reason code of a refusal or an error; NULL: none */
	const char *remark; /* for the line, if there is no reason: what was sent, if not a file */
};

/*
 * Opens the destination. LOG_AUTO means standard error, unless that is the client's own socket,
 * /dev/null or a stream of the journal: then it means the journal. If a namespace of the journal
 * cannot be reached, the log goes to the machine's journal; if that cannot be reached, to standard
 * error; and if that is the client's socket, nothing is logged.
 */
void access_log_open(struct access_log *log, struct log_destination destination,
                     bool stderr_is_client);

/* Logs an exchange. */
void access_log_write(const struct access_log *log, const struct peer *peer,
                      const struct log_entry *entry);

/* Logs why the handler cannot serve, or not as its owner wants: one line, after "mayfly: ". */
void access_log_error(const struct access_log *log, struct view error);

#endif
