/*
 * The access log: one line per exchange, to standard error or, with fields, to the journal; and the
 * errors of a handler that cannot serve. Bytes that a client sent are escaped, and shortened so that
 * the log does not grow much faster than clients send.
 *
 * The line of a hit is `/name | address | port | count`; with --robots, a robot's hit has the count of
 * the robots' counter file, and "(robot)" follows. Any other line has the status in place of
 * the count, and the method before the name if it is not GET: `HEAD /name | address | port | 200 OK`.
 * The reason code or a remark in brackets follows if there is one. With HTTPS the line ends with
 * ` | https`.
 */
#ifndef MAYFLY_ACCESS_LOG_H
#define MAYFLY_ACCESS_LOG_H

#include "base/view.h"
#include "peer.h"
#include <stdint.h>

enum log_target { LOG_AUTO, LOG_JOURNAL, LOG_STDERR, LOG_OFF };

struct log_destination {
	enum log_target target;
	struct view name_space; /* namespace of the journal; empty: the default one */
};

struct access_log {
	int journal; /* socket connected to journald, or -1 */
	bool to_stderr;
	bool is_https; /* log exchanges as HTTPS; the caller sets it after access_log_open */
};

/* The entry of one exchange. A view is empty if the client sent no such field. */
struct log_entry {
	struct view path;   /* canonical path; empty if the target could not be parsed */
	struct view target; /* as it was sent */
	struct view host;   /* as it was sent; empty without --vhosts */
	struct view method;
	struct view referer;
	struct view user_agent;
	int status;
	uint64_t hits;       /* the resource's new count; 0: not counted */
	bool is_robot;       /* --robots is in use, and the client is a robot */
	uint64_t body_bytes; /* of the response's body, sent */
	int64_t duration_us;
	const char *reason;      /* reason code of a refusal or an error; NULL: none */
	const char *rules_error; /* reason code if _headers could not be applied; NULL: none */
	const char *remark; /* shown if there is no reason: what was sent, or why it is no hit */
};

/*
 * Opens the destination. LOG_AUTO is standard error unless that is the client's socket, /dev/null or a
 * stream of the journal; then it is the journal. If a journal namespace is unavailable, the default
 * journal replaces it; if that is unavailable, standard error, unless it is the client's socket.
 */
void access_log_open(struct access_log *log, struct log_destination destination,
                     bool stderr_is_client);

/* Logs an exchange. Waits for a slow reader of standard error or the journal, up to two seconds. */
void access_log_write(const struct access_log *log, const struct peer *peer,
                      const struct log_entry *entry);

/* Logs an error of the configuration or the system, as one line; on standard error after "mayfly: ". */
void access_log_error(const struct access_log *log, struct view error);

#endif
