/* Writing the log; see accept_log.h. */
#include "accept_log.h"
#include "base/journald.h"
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1000, ENTRY_MAX = 2048 };

static void accept_log_send(struct view message, struct view entry)
{
	int journal = journald_has(STDERR_FILENO) ? journald_connect(VIEW("")) : -1;
	if (journal < 0) {
		(void)fprintf(stderr, "mayfly-accept: %.*s\n", (int)message.length, message.data);
		return;
	}
	(void)journald_send(journal, entry);
	(void)close(journal);
}

void accept_log_error(const char *format, ...)
{
	char message[MESSAGE_MAX], array[ENTRY_MAX];
	struct buffer entry = BUFFER(array);
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	journald_begin(&entry, MESSAGE_ID_ERROR, PRIORITY_ERROR);
	journald_add_escaped(&entry, VIEW("MESSAGE="), view_of(message), MESSAGE_MAX);
	accept_log_send(view_of(message), buffer_view(&entry));
}

void accept_log_refusal(const struct client *client, const char *reason)
{
	char text[256], array[ENTRY_MAX];
	struct buffer message = BUFFER(text), entry = BUFFER(array);
	buffer_add(&message, VIEW("- | "));
	buffer_add_string(&message, client->address);
	buffer_add(&message, VIEW(" | "));
	buffer_add_string(&message, client->port);
	buffer_add(&message, VIEW(" | 503 Service Unavailable ("));
	buffer_add_string(&message, reason);
	buffer_add(&message, VIEW(")"));
	journald_begin(&entry, MESSAGE_ID_REQUEST, PRIORITY_WARNING);
	journald_add(&entry, VIEW("MESSAGE="), buffer_view(&message));
	journald_add_number(&entry, VIEW("HTTP_STATUS="), 503);
	journald_add(&entry, VIEW("REMOTE_ADDR="), view_of(client->address));
	journald_add(&entry, VIEW("REMOTE_PORT="), view_of(client->port));
	journald_add(&entry, VIEW("REASON="), view_of(reason));
	accept_log_send(buffer_view(&message), buffer_view(&entry));
}
