/* Writing the access log; see access_log.h. How an entry reaches the journal is base/journald.h's.
 */
#include "access_log.h"
#include "base/journald.h"
#include "http/status.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
	SHOWN_IN_LINE = 1000,  /* bytes of a path: a line stays below PIPE_BUF and is never torn */
	SHOWN_IN_FIELD = 4096, /* bytes of a field's value */
	READER_WAIT_MS = 2000,
};

static bool stderr_is_read(void)
{
	struct stat error;
	if (fstat(STDERR_FILENO, &error) != 0)
		return false;
	bool is_null = S_ISCHR(error.st_mode) && error.st_rdev == makedev(1, 3);
	return !is_null && !journald_has(STDERR_FILENO);
}

void access_log_open(struct access_log *log, enum log_target target, bool stderr_is_client)
{
	*log = (struct access_log){.journal = -1};
	if (target == LOG_OFF)
		return;
	if (target == LOG_AUTO)
		target = !stderr_is_client && stderr_is_read() ? LOG_STDERR : LOG_JOURNAL;
	if (target == LOG_JOURNAL)
		log->journal = journald_connect();
	log->to_stderr = log->journal < 0 && !stderr_is_client;
}

/* Waits for a reader that is slow, but not for long: the client waits as well. */
static bool becomes_writable(int log)
{
	struct pollfd ready = {log, POLLOUT, 0};
	int events;
	do {
		events = poll(&ready, 1, READER_WAIT_MS);
	} while (events < 0 && errno == EINTR);
	return events > 0;
}

static void send_to_journal(int journal, struct view entry)
{
	while (!journald_send(journal, entry))
		if (!becomes_writable(journal))
			return;
}

/* One write per line, so that lines of several processes do not mix. */
static void send_to_stderr(struct buffer *line)
{
	buffer_add(line, VIEW("\n"));
	if (!becomes_writable(STDERR_FILENO))
		return;
	while (write(STDERR_FILENO, line->data, line->length) < 0 && errno == EINTR)
		continue;
}

static void add_shown_path(struct buffer *line, const struct log_entry *entry)
{
	struct view path = entry->path;
	if (path.length == 0 && entry->target.length == 0)
		buffer_add(line, VIEW("-"));
	else if (path.length == 0)
		buffer_add_escaped(line, entry->target, SHOWN_IN_LINE / 2);
	else if (path.length <= SHOWN_IN_LINE)
		buffer_add_path(line, path);
	else {
		buffer_add_path(line, (struct view){path.data, SHOWN_IN_LINE});
		buffer_add(line, VIEW("..."));
	}
}

/* `/name | address | port | count`, or the status in place of the count; the reason in brackets. */
static void add_line(struct buffer *line, const struct peer *peer, const struct log_entry *entry)
{
	add_shown_path(line, entry);
	buffer_add(line, VIEW(" | "));
	buffer_add_escaped(line, peer->address, 64);
	buffer_add(line, VIEW(" | "));
	buffer_add_escaped(line, peer->port, 16);
	buffer_add(line, VIEW(" | "));
	if (entry->hits > 0) {
		buffer_add_number(line, entry->hits);
	} else {
		buffer_add_number(line, (uint64_t)entry->status);
		buffer_add(line, VIEW(" "));
		buffer_add(line, status_phrase(entry->status));
	}
	if (entry->reason == NULL)
		return;
	buffer_add(line, VIEW(" ("));
	buffer_add_string(line, entry->reason);
	buffer_add(line, VIEW(")"));
}

/* A warning is for what the owner has to look at: an error of the server's own, a hit that was not
 * counted, a file that could not be read to its end. */
static enum priority priority_of(const struct log_entry *entry)
{
	if (entry->reason == NULL)
		return PRIORITY_NOTICE;
	bool is_server_error = entry->status >= 500 && entry->status != 501 && entry->status != 505;
	bool is_file_error = strncmp(entry->reason, "hits-", 5) == 0 ||
	                     (entry->status < 400 && strncmp(entry->reason, "file-", 5) == 0);
	return is_server_error || is_file_error ? PRIORITY_WARNING : PRIORITY_NOTICE;
}

static void write_to_journal(int journal, const struct peer *peer, const struct log_entry *entry,
                             struct view line)
{
	static char buffer[6 * 4 * SHOWN_IN_FIELD];
	struct buffer datagram = BUFFER(buffer);
	journald_begin(&datagram, MESSAGE_ID_REQUEST, priority_of(entry));
	journald_add(&datagram, "MESSAGE", line);
	journald_add_escaped(&datagram, "HTTP_METHOD", entry->method, SHOWN_IN_FIELD);
	journald_add_escaped(&datagram, "HTTP_TARGET", entry->target, SHOWN_IN_FIELD);
	journald_add_number(&datagram, "HTTP_STATUS", (uint64_t)entry->status);
	journald_add_number(&datagram, "HTTP_BYTES", entry->body_bytes);
	journald_add_escaped(&datagram, "HTTP_REFERER", entry->referer, SHOWN_IN_FIELD);
	journald_add_escaped(&datagram, "HTTP_USER_AGENT", entry->user_agent, SHOWN_IN_FIELD);
	journald_add_escaped(&datagram, "REMOTE_ADDR", peer->address, SHOWN_IN_FIELD);
	journald_add_escaped(&datagram, "REMOTE_PORT", peer->port, SHOWN_IN_FIELD);
	if (entry->hits > 0)
		journald_add_number(&datagram, "HITS", entry->hits);
	journald_add_number(&datagram, "DURATION_USEC", (uint64_t)entry->duration_us);
	if (entry->reason != NULL)
		journald_add(&datagram, "REASON", view_of(entry->reason));
	send_to_journal(journal, buffer_view(&datagram));
}

void access_log_write(const struct access_log *log, const struct peer *peer,
                      const struct log_entry *entry)
{
	if (log->journal < 0 && !log->to_stderr)
		return;
	char buffer[PIPE_BUF];
	struct buffer line = BUFFER(buffer);
	add_line(&line, peer, entry);
	if (log->journal >= 0)
		write_to_journal(log->journal, peer, entry, buffer_view(&line));
	else
		send_to_stderr(&line);
}

void access_log_error(const struct access_log *log, struct view error)
{
	char buffer[1024];
	struct buffer line = BUFFER(buffer);
	if (log->to_stderr) {
		buffer_add(&line, VIEW("mayfly: "));
		buffer_add(&line, error);
		send_to_stderr(&line);
	} else if (log->journal >= 0) {
		journald_begin(&line, MESSAGE_ID_ERROR, PRIORITY_ERROR);
		journald_add_escaped(&line, "MESSAGE", error, SHOWN_IN_FIELD);
		send_to_journal(log->journal, buffer_view(&line));
	}
}
