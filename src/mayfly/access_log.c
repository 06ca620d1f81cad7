/* Writing the access log; see access_log.h. The journal is spoken to in its native protocol
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL), a datagram of FIELD=value lines. */
#include "access_log.h"
#include "base/buffer.h"
#include "http/status.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

/* 128-bit identifiers of journal entries (systemd.journal-fields(7)); made once, never to change.
 */
#define MESSAGE_ID_EXCHANGE "a953feb0b6e6401aa442ff005fa26bbf"
#define MESSAGE_ID_COMPLAINT "f6aa8d4055ca453aaa89000f7370d71c"

enum {
	SHOWN_IN_LINE = 1000,  /* bytes of a path: a line stays below PIPE_BUF and is never torn */
	SHOWN_IN_FIELD = 4096, /* bytes of a field's value */
	PRIORITY_ERROR = 3,
	PRIORITY_WARNING = 4,
	PRIORITY_NOTICE = 5,
	READER_PATIENCE_MS = 2000,
};

static int open_journal(void)
{
	static const struct sockaddr_un JOURNAL = {AF_UNIX, "/run/systemd/journal/socket"};
	int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal < 0)
		return -1;
	if (connect(journal, (const struct sockaddr *)&JOURNAL, sizeof JOURNAL) == 0)
		return journal;
	close(journal);
	return -1;
}

/* Whether JOURNAL_STREAM names standard error: "device:inode" (systemd.exec(5)). */
static bool is_journal_stream(const struct stat *error)
{
	const char *stream = getenv("JOURNAL_STREAM");
	if (stream == NULL)
		return false;
	char name[48];
	struct buffer text = BUFFER(name);
	buffer_add_number(&text, error->st_dev);
	buffer_add(&text, VIEW(":"));
	buffer_add_number(&text, error->st_ino);
	return view_equal(buffer_view(&text), view_of(stream));
}

static bool stderr_is_read(void)
{
	struct stat error;
	if (fstat(STDERR_FILENO, &error) != 0)
		return false;
	bool is_null = S_ISCHR(error.st_mode) && error.st_rdev == makedev(1, 3);
	return !is_null && !is_journal_stream(&error);
}

void access_log_open(struct access_log *log, enum log_target target, bool stderr_is_client)
{
	*log = (struct access_log){.journal = -1};
	if (target == LOG_OFF)
		return;
	if (target == LOG_AUTO)
		target = !stderr_is_client && stderr_is_read() ? LOG_STDERR : LOG_JOURNAL;
	if (target == LOG_JOURNAL)
		log->journal = open_journal();
	log->to_stderr = log->journal < 0 && !stderr_is_client;
}

static void add_field(struct buffer *datagram, const char *name, struct view value)
{
	if (value.length == 0)
		return;
	buffer_add_string(datagram, name);
	buffer_add_escaped(datagram, value, SHOWN_IN_FIELD);
	buffer_add(datagram, VIEW("\n"));
}

static void add_number_field(struct buffer *datagram, const char *name, uint64_t value)
{
	buffer_add_string(datagram, name);
	buffer_add_number(datagram, value);
	buffer_add(datagram, VIEW("\n"));
}

/* Whoever reads the log and is late is waited for, but not for ever: the client waits with us. */
static bool takes_more(int log)
{
	struct pollfd ready = {log, POLLOUT, 0};
	int events;
	do {
		events = poll(&ready, 1, READER_PATIENCE_MS);
	} while (events < 0 && errno == EINTR);
	return events > 0;
}

static void send_to_journal(int journal, const struct buffer *datagram)
{
	while (send(journal, datagram->data, datagram->length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno != EINTR && errno != EAGAIN)
			return;
		if (errno == EAGAIN && !takes_more(journal))
			return;
	}
}

/* One write a line, so that lines of many processes do not mix. */
static void send_to_stderr(struct buffer *line)
{
	buffer_add(line, VIEW("\n"));
	if (!takes_more(STDERR_FILENO))
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

/* What the owner has to look at: the server's own failures, a hit that was lost, a file that
 * failed. */
static int priority_of(const struct log_entry *entry)
{
	if (entry->reason == NULL)
		return PRIORITY_NOTICE;
	bool failed = entry->status >= 500 && entry->status != 501 && entry->status != 505;
	bool lost = strncmp(entry->reason, "hits-", 5) == 0 ||
	            (entry->status < 400 && strncmp(entry->reason, "file-", 5) == 0);
	return failed || lost ? PRIORITY_WARNING : PRIORITY_NOTICE;
}

static void write_to_journal(int journal, const struct peer *peer, const struct log_entry *entry,
                             struct view line)
{
	static char buffer[6 * 4 * SHOWN_IN_FIELD];
	struct buffer datagram = BUFFER(buffer);
	buffer_add(&datagram, VIEW("MESSAGE="));
	buffer_add(&datagram, line);
	buffer_add(&datagram,
	           VIEW("\nMESSAGE_ID=" MESSAGE_ID_EXCHANGE "\nSYSLOG_IDENTIFIER=mayfly\n"));
	add_number_field(&datagram, "PRIORITY=", (uint64_t)priority_of(entry));
	add_field(&datagram, "HTTP_METHOD=", entry->method);
	add_field(&datagram, "HTTP_TARGET=", entry->target);
	add_number_field(&datagram, "HTTP_STATUS=", (uint64_t)entry->status);
	add_number_field(&datagram, "HTTP_BYTES=", entry->body_bytes);
	add_field(&datagram, "HTTP_REFERER=", entry->referer);
	add_field(&datagram, "HTTP_USER_AGENT=", entry->user_agent);
	add_field(&datagram, "REMOTE_ADDR=", peer->address);
	add_field(&datagram, "REMOTE_PORT=", peer->port);
	if (entry->hits > 0)
		add_number_field(&datagram, "HITS=", entry->hits);
	add_number_field(&datagram, "DURATION_USEC=", (uint64_t)entry->duration_us);
	if (entry->reason != NULL)
		add_field(&datagram, "REASON=", view_of(entry->reason));
	send_to_journal(journal, &datagram);
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

void access_log_complain(const struct access_log *log, struct view complaint)
{
	char buffer[1024];
	struct buffer line = BUFFER(buffer);
	if (log->to_stderr) {
		buffer_add(&line, VIEW("mayfly: "));
		buffer_add(&line, complaint);
		send_to_stderr(&line);
	} else if (log->journal >= 0) {
		buffer_add(&line,
		           VIEW("MESSAGE_ID=" MESSAGE_ID_COMPLAINT "\nSYSLOG_IDENTIFIER=mayfly\n"));
		add_number_field(&line, "PRIORITY=", PRIORITY_ERROR);
		add_field(&line, "MESSAGE=", complaint);
		send_to_journal(log->journal, &line);
	}
}
