/* Refusing, and the log; see refuse.h. Entries are made as the handler's are
 * (src/mayfly/access_log.h), so that mayflyctl shows them among those. */
#include "refuse.h"
#include "base/journald.h"
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIELD_MAX = 1000, ENTRY_MAX = 2048 };

/* Unlike sd_journal_send(3), this does not wait if the journal's queue is full. */
static void send_entry(struct view message, struct view entry)
{
	int journal = journald_has(STDERR_FILENO) ? journald_connect() : -1;
	if (journal < 0) {
		(void)fprintf(stderr, "mayfly-accept: %.*s\n", (int)message.length, message.data);
		return;
	}
	(void)journald_send(journal, entry);
	(void)close(journal);
}

void complain(const char *format, ...)
{
	char message[1024];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	char buffer[ENTRY_MAX];
	struct buffer entry = BUFFER(buffer);
	journald_begin(&entry, MESSAGE_ID_ERROR, PRIORITY_ERROR);
	journald_add_escaped(&entry, "MESSAGE", view_of(message), FIELD_MAX);
	send_entry(view_of(message), buffer_view(&entry));
}

static void log_refusal(const struct source *source, const char *reason)
{
	char text[256], buffer[ENTRY_MAX];
	struct buffer message = BUFFER(text), entry = BUFFER(buffer);
	buffer_add(&message, VIEW("- | "));
	buffer_add_string(&message, source->address);
	buffer_add(&message, VIEW(" | "));
	buffer_add_string(&message, source->port);
	buffer_add(&message, VIEW(" | 503 Service Unavailable ("));
	buffer_add_string(&message, reason);
	buffer_add(&message, VIEW(")"));
	journald_begin(&entry, MESSAGE_ID_REQUEST, PRIORITY_WARNING);
	journald_add(&entry, "MESSAGE", buffer_view(&message));
	journald_add_number(&entry, "HTTP_STATUS", 503);
	journald_add(&entry, "REMOTE_ADDR", view_of(source->address));
	journald_add(&entry, "REMOTE_PORT", view_of(source->port));
	journald_add(&entry, "REASON", view_of(reason));
	send_entry(buffer_view(&message), buffer_view(&entry));
}

/* Without content, the answer is right whatever the method was. What the client has sent is taken
 * first: a connection that is closed with bytes unread is reset, and the answer lost with it. */
void refuse(int connection, const struct source *source, const char *reason)
{
	static const char ANSWER[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
	                             "Content-Length: 0\r\nConnection: close\r\n\r\n";
	static char nowhere[16384];
	(void)recv(connection, nowhere, sizeof nowhere, MSG_DONTWAIT);
	(void)send(connection, ANSWER, sizeof ANSWER - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(connection, SHUT_WR);
	log_refusal(source, reason);
}
