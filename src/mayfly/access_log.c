/* Writing the access log; see access_log.h. base/journald.h has the journal's protocol. */
#include "access_log.h"
#include "base/clock.h"
#include "base/journald.h"
#include "http/host.h"
#include "http/status.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/*
 * Maximum bytes of each field, after escaping: without them clients decide how fast the journal
 * grows. Useful methods, addresses and ports are shorter; browsers' user agents have 100 to 250 bytes.
 */
enum {
	METHOD_SHOWN_MAX = 32,
	NAME_SHOWN_MAX = 1024, /* in the line */
	TARGET_SHOWN_MAX = 1024,
	HOST_SHOWN_MAX = 255, /* as long as the name of a directory */
	REFERER_SHOWN_MAX = 512,
	USER_AGENT_SHOWN_MAX = 512,
	ADDRESS_SHOWN_MAX = 64,
	PORT_SHOWN_MAX = 16,
	ERROR_SHOWN_MAX = 512,
	OWN_BYTES_MAX = 512,    /* names of fields, numbers, reason */
	STATUS_SHOWN_MAX = 128, /* separators, status, reason */

	LINE_SIZE_MAX = METHOD_SHOWN_MAX + NAME_SHOWN_MAX + ADDRESS_SHOWN_MAX + PORT_SHOWN_MAX +
	                STATUS_SHOWN_MAX,
	ENTRY_SIZE_MAX = LINE_SIZE_MAX + METHOD_SHOWN_MAX + TARGET_SHOWN_MAX + HOST_SHOWN_MAX +
	                 REFERER_SHOWN_MAX + USER_AGENT_SHOWN_MAX + ADDRESS_SHOWN_MAX +
	                 PORT_SHOWN_MAX + OWN_BYTES_MAX,
	READER_WAIT_MS = 2000,
};

_Static_assert((int)LINE_SIZE_MAX <= PIPE_BUF, "a pipe takes a line whole or not at all");

static bool stderr_is_read(void)
{
	struct stat error;
	if (fstat(STDERR_FILENO, &error) != 0)
		return false;
	bool is_null = S_ISCHR(error.st_mode) && error.st_rdev == makedev(1, 3);
	return !is_null && !journald_has(STDERR_FILENO);
}

/* Falls back to the default journal: an entry there is better than none. */
static int connect_to_journal(struct view name_space)
{
	int journal = journald_connect(name_space);
	return journal < 0 && name_space.length > 0 ? journald_connect(VIEW("")) : journal;
}

void access_log_open(struct access_log *log, struct log_destination destination,
                     bool stderr_is_client)
{
	enum log_target target = destination.target;
	*log = (struct access_log){.journal = -1};
	if (target == LOG_OFF)
		return;
	if (target == LOG_AUTO)
		target = !stderr_is_client && stderr_is_read() ? LOG_STDERR : LOG_JOURNAL;
	if (target == LOG_JOURNAL)
		log->journal = connect_to_journal(destination.name_space);
	log->to_stderr = log->journal < 0 && !stderr_is_client;
}

/* Waits for a slow reader of the log. Returns false if it takes too long: the client waits, too. */
static bool wait_to_write(int log)
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
	if (journald_send(journal, entry))
		return;
	int64_t deadline = clock_now_us() + READER_WAIT_MS * INT64_C(1000);
	while (wait_to_write(journal) && !journald_send(journal, entry) &&
	       clock_now_us() < deadline)
		continue;
}

/* One write per line, so that lines of several processes do not mix; more only if a file takes a part of it. */
static void send_to_stderr(struct buffer *line)
{
	buffer_add(line, VIEW("\n"));
	struct view rest = buffer_view(line);
	if (!wait_to_write(STDERR_FILENO))
		return;
	while (rest.length > 0) {
		ssize_t written = write(STDERR_FILENO, rest.data, rest.length);
		if (written == 0 || (written < 0 && errno != EINTR))
			return;
		rest = view_from(rest, written > 0 ? (size_t)written : 0);
	}
}

/* The resource's path, written as in a URL; if it has none, the target as it was sent. */
static void add_name(struct buffer *line, const struct log_entry *entry)
{
	if (entry->path.length > 0)
		buffer_add_path_max(line, entry->path, NAME_SHOWN_MAX);
	else if (entry->target.length > 0)
		buffer_add_escaped_max(line, entry->target, NAME_SHOWN_MAX);
	else
		buffer_add(line, VIEW("-"));
}

/* A name contains no space, so the first space in the line ends a method. */
static void add_method(struct buffer *line, const struct log_entry *entry)
{
	if (entry->target.length == 0 || view_equal(entry->method, VIEW("GET")))
		return;
	buffer_add_escaped_max(line, entry->method, METHOD_SHOWN_MAX);
	buffer_add(line, VIEW(" "));
}

/* What happened to the request precedes what happened to the rules. */
static const char *reason_of(const struct log_entry *entry)
{
	return entry->reason != NULL ? entry->reason : entry->rules_error;
}

static void add_result(struct buffer *line, const struct log_entry *entry)
{
	const char *reason = reason_of(entry);
	const char *remark = reason != NULL ? reason : entry->remark;
	if (entry->hits > 0)
		buffer_add_number(line, entry->hits);
	else
		status_add(line, entry->status);
	if (remark == NULL)
		return;
	buffer_add(line, VIEW(" ("));
	buffer_add_string(line, remark);
	buffer_add(line, VIEW(")"));
}

/* The line of access_log.h. */
static void add_line(struct buffer *line, const struct access_log *log, const struct peer *peer,
                     const struct log_entry *entry)
{
	add_method(line, entry);
	add_name(line, entry);
	buffer_add(line, VIEW(" | "));
	buffer_add_escaped_max(line, peer->address, ADDRESS_SHOWN_MAX);
	buffer_add(line, VIEW(" | "));
	buffer_add_escaped_max(line, peer->port, PORT_SHOWN_MAX);
	buffer_add(line, VIEW(" | "));
	add_result(line, entry);
	if (log->is_https)
		buffer_add(line, VIEW(" | https"));
}

static bool begins_with(const char *reason, struct view prefix)
{
	return strncmp(reason, prefix.data, prefix.length) == 0;
}

/*
 * Returns a warning if the owner must act: an error of the server, a hit that was not counted, a file
 * that could not be read to its end, rules that could not be applied.
 */
static enum priority priority_of(const struct log_entry *entry)
{
	if (entry->rules_error != NULL)
		return PRIORITY_WARNING;
	if (entry->reason == NULL)
		return PRIORITY_NOTICE;
	bool is_server_error = entry->status >= 500 && entry->status != 501 && entry->status != 505;
	bool is_file_error = begins_with(entry->reason, VIEW("hits-")) ||
	                     begins_with(entry->reason, VIEW("redirects-")) ||
	                     (entry->status < 400 && begins_with(entry->reason, VIEW("file-")));
	return is_server_error || is_file_error ? PRIORITY_WARNING : PRIORITY_NOTICE;
}

/* Adds the host as its directory is named, so that a field has one value per host. */
static void add_host(struct buffer *datagram, struct view host)
{
	char buffer[HOST_SHOWN_MAX];
	struct buffer name = BUFFER(buffer);
	bool has_name = host_is_valid(host) && host_add_directory(host, &name);
	if (host.length > 0)
		journald_add_escaped(datagram, VIEW("HTTP_HOST="),
		                     has_name ? buffer_view(&name) : host, HOST_SHOWN_MAX);
}

static void write_to_journal(const struct access_log *log, const struct peer *peer,
                             const struct log_entry *entry, struct view line)
{
	static char buffer[ENTRY_SIZE_MAX];
	struct buffer datagram = BUFFER(buffer);
	journald_begin(&datagram, MESSAGE_ID_REQUEST, priority_of(entry));
	journald_add(&datagram, VIEW("MESSAGE="), line);
	journald_add_escaped(&datagram, VIEW("HTTP_METHOD="), entry->method, METHOD_SHOWN_MAX);
	journald_add_escaped(&datagram, VIEW("HTTP_TARGET="), entry->target, TARGET_SHOWN_MAX);
	add_host(&datagram, entry->host);
	journald_add_number(&datagram, VIEW("HTTP_STATUS="), (uint64_t)entry->status);
	journald_add_number(&datagram, VIEW("HTTP_BYTES="), entry->body_bytes);
	journald_add_escaped(&datagram, VIEW("HTTP_REFERER="), entry->referer, REFERER_SHOWN_MAX);
	journald_add_escaped(&datagram, VIEW("HTTP_USER_AGENT="), entry->user_agent,
	                     USER_AGENT_SHOWN_MAX);
	journald_add_escaped(&datagram, VIEW("REMOTE_ADDR="), peer->address, ADDRESS_SHOWN_MAX);
	journald_add_escaped(&datagram, VIEW("REMOTE_PORT="), peer->port, PORT_SHOWN_MAX);
	if (log->is_https)
		journald_add(&datagram, VIEW("HTTP_SCHEME="), VIEW("https"));
	if (entry->hits > 0)
		journald_add_number(&datagram, VIEW("HITS="), entry->hits);
	if (entry->is_robot)
		journald_add(&datagram, VIEW("ROBOT="), VIEW("1"));
	journald_add_number(&datagram, VIEW("DURATION_USEC="), (uint64_t)entry->duration_us);
	if (reason_of(entry) != NULL)
		journald_add(&datagram, VIEW("REASON="), view_of(reason_of(entry)));
	send_to_journal(log->journal, buffer_view(&datagram));
}

void access_log_write(const struct access_log *log, const struct peer *peer,
                      const struct log_entry *entry)
{
	if (log->journal < 0 && !log->to_stderr)
		return;
	char buffer[LINE_SIZE_MAX];
	struct buffer line = BUFFER(buffer);
	add_line(&line, log, peer, entry);
	if (log->journal >= 0)
		write_to_journal(log, peer, entry, buffer_view(&line));
	else
		send_to_stderr(&line);
}

void access_log_error(const struct access_log *log, struct view error)
{
	char buffer[ERROR_SHOWN_MAX + OWN_BYTES_MAX];
	struct buffer line = BUFFER(buffer);
	if (log->to_stderr) {
		buffer_add(&line, VIEW("mayfly: "));
		buffer_add(&line, error);
		send_to_stderr(&line);
	} else if (log->journal >= 0) {
		journald_begin(&line, MESSAGE_ID_ERROR, PRIORITY_ERROR);
		journald_add_escaped(&line, VIEW("MESSAGE="), error, ERROR_SHOWN_MAX);
		send_to_journal(log->journal, buffer_view(&line));
	}
}
